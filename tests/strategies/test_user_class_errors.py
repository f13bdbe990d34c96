"""Errors in code of the user's own lead to its line."""

import json
import re

import pytest
from typer.testing import CliRunner

from tests.strategies.test_user_class import DOCUMENT
from tokenrace.cli.app import app

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


BACKGROUND = """\
import asyncio
from contextlib import suppress
from pathlib import Path


class Refreshes:
    '''A task of its own keeps the token fresh.'''

    def __init__(self, fetch):
        self.fetch, self.token, self.task = fetch, None, None

    async def refresh(self):
        while True:
            self.token = (await self.fetch())["access_token"]
            await asyncio.sleep(600)

    async def get_token(self):
        if self.task is None:
            self.task = asyncio.ensure_future(self.refresh())
        while self.token is None:
            await asyncio.sleep(0.05)
        return self.token


class Breaks(Refreshes):
    async def refresh(self):
        self.token = (await self.fetch())["access_token"]
        raise RuntimeError("the refresher broke")  # line 28


class Closes(Refreshes):
    async def aclose(self):
        self.task.cancel()
        with suppress(asyncio.CancelledError):
            await self.task
        with Path("closed").open("a") as file:
            file.write("closed\\n")


class NeverCloses(Refreshes):
    async def aclose(self):
        await asyncio.get_running_loop().create_future()
"""


@pytest.fixture
def background(run, tmp_path):
    """Run a class that keeps its token fresh in a task of its own."""
    (tmp_path / "background.py").write_text(BACKGROUND)
    return run


def test_an_error_in_a_task_that_nobody_awaits_fails_the_run(background):
    """The callers have their token and see nothing; the token is never renewed again."""
    code, said = background("background:Breaks")
    assert code == 1
    assert 'background.py", line 28, in refresh' in said
    assert "RuntimeError: the refresher broke A task that the class had started raised it" in said


def test_an_answer_that_a_task_did_not_catch_fails_no_run(background):
    """The provider refuses: that is what a run is about, and its figures tell."""
    burst = "faults: [{at: 0s, burst: {endpoint: token, answer: 503, for: 1h}}]\n"
    code, said = background("background:Refreshes", faults=burst)
    assert code == 3
    assert "the API was never called" in said
    assert "raised it" not in said


def test_a_task_that_goes_on_is_no_error(background, capfd):
    """It ends with its process, and nothing of asyncio's is printed."""
    code, said = background("background:Refreshes")
    assert code == 0, said
    assert "Task" not in capfd.readouterr().err + said


def test_what_can_be_closed_is_closed_when_its_process_ends(background, tmp_path):
    """Once in each of two processes, after the run has counted; a class is run twice."""
    code, said = background("background:Closes")
    assert code == 0, said
    assert (tmp_path / "closed").read_text() == "closed\n" * 4


def test_a_class_that_does_not_close_in_time_fails_its_run(background):
    """Nobody waits for it for ever."""
    code, said = background("background:NeverCloses")
    assert code == 1
    assert "aclose() of the class did not return within 5 s" in said


@pytest.mark.parametrize(
    ("target", "told"),
    [("Breaks", "RuntimeError: the refresher broke"), ("Closes", "")],
)
def test_real_processes_do_the_same(background, tmp_path, target, told):
    """On the wire the error comes with the line too, and every process closes its own."""
    text = SCENARIO.format(target=f"background:{target}", options="")
    text = text.replace("think: 10s", "think: 200ms").replace("30m", "2s")
    (tmp_path / "wire.yaml").write_text(text.replace("virtual", "wire"))
    ended = CliRunner().invoke(app, ["run", "wire.yaml", "--out", "out"])
    assert ended.exit_code == (1 if told else 0), ended.output
    assert told in ended.output
    if not told:
        assert (tmp_path / "closed").read_text() == "closed\n" * 2
