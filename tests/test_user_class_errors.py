"""Errors in code of the user's own lead to its line."""

import json
import re

import pytest
from typer.testing import CliRunner

from simulator.cli.app import app
from tests.test_user_class import DOCUMENT

CLIENTS = """\
import time
import httpx


class Auth(httpx.Auth):
    def auth_flow(self, request):
        time.sleep(0.1)  # line 7
        yield request


class AwaitingAuth(httpx.Auth):
    async def async_auth_flow(self, request):
        time.sleep(0.1)  # line 13
        yield request


class Blocks:
    def __init__(self, auth, **app):
        self.auth = {"Auth": Auth, "AwaitingAuth": AwaitingAuth}[auth]()

    def client(self):
        return httpx.AsyncClient(auth=self.auth)


class Elsewhere(httpx.AsyncClient):
    async def request(self, *args, **options):
        raise httpx.ConnectError("no such host")  # line 27


class NeverCalls:
    def __init__(self, **app):
        pass

    def client(self):
        return Elsewhere()
"""
SCENARIO = """\
name: errors
provider: {{live_tokens: 2, lifetime: 1h}}
fleet: {{processes: 2, workers: 2}}
workload: {{arrivals: {{process: closed, think: 10s}}, operations: {{get_user: 1}}}}
network: {{token: 200ms, api: 80ms, store: 2ms}}
strategies: [{{name: ours, python: "{target}"{options}}}]
run: {{duration: 30m, seeds: 1, engine: virtual}}
"""


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run a class of the user's; return the exit code and what was printed, in one line."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "clients.py").write_text(CLIENTS)

    def ran(target, *, options="", faults=""):
        text = SCENARIO.format(target=target, options=options) + faults
        (tmp_path / "errors.yaml").write_text(text)
        ended = CliRunner().invoke(app, ["run", "errors.yaml", "--out", "out"])
        return ended.exit_code, " ".join(ended.output.split())

    return ran


@pytest.mark.parametrize(("auth", "place"), [("Auth", "auth_flow"), ("AwaitingAuth", "async")])
def test_a_call_that_blocks_is_named_where_the_users_code_makes_it(run, auth, place):
    """httpx drives the generator of an ``Auth``, so the innermost coroutine is httpx's own; the
    line that sleeps is the user's, whatever has called it."""
    code, said = run("clients:Blocks", options=f", options: {{auth: {auth}}}")
    assert code == 1
    assert re.search(rf"time\.sleep in {auth}\.{place}\w* \(clients\.py:(7|13)\) would block", said)


def test_an_api_that_nobody_called_comes_with_the_first_exception(run):
    """Every operation was lost, and the reason is in the client."""
    code, said = run("clients:NeverCalls")
    assert code == 3
    first = "The first error was ConnectError: no such host (clients.py:27)"
    assert f"ours, seed 1: the API was never called. {first}" in said


def test_the_documents_class_survives_a_store_that_is_silent(run, tmp_path):
    """``StoreUnavailable`` ends operations, and not the run: a minute of thirty, one operation of
    each of four workers in about five seconds (the store's patience) and ten of thinking."""
    code = next(
        code
        for name, code in re.findall(
            r"```python\n# (\S+)\n(.*?)```", DOCUMENT.read_text(), re.DOTALL
        )
        if name == "shop/shared.py"
    )
    (tmp_path / "shared.py").write_text(code)
    exit_code, said = run("shared:SharedToken", faults="faults: [{at: 10m, store_down: {for: 1m}}]")
    assert exit_code == 0, said
    figures = json.loads((tmp_path / "out/errors/summary.json").read_text())["strategies"]["ours"]
    assert 4 <= figures["operations_by_outcome"]["refused"] <= 40
