"""Clients of the user's own, httpx's by way of Authlib and aiohttp's: the documented ones run."""

import os
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from tests.simulation.virtual_runs import Kept
from tokenrace.errors import RunError, SimulatorError, UserCodeError
from tokenrace.scenario import parse
from tokenrace.simulation.planning import plan_run
from tokenrace.simulation.virtual.engine import VirtualEngine
from tokenrace.simulation.wire.engine import WireEngine
from tokenrace.strategies.catalogue import CATALOGUE
from tokenrace.strategies.user_class import load
from tokenrace.trace.events import CallRefused, TokenAdopted, TokenIssued
from tokenrace.user_code.python_class import PythonClass

DOCUMENT = Path(__file__).parents[2] / "docs" / "bring-your-own.md"
CLIENTS = ["shop.authlib_client:Ours", "shop.aiohttp_client:Ours"]
SCENARIO = """\
name: own
provider: {{live_tokens: {cap}, lifetime: 1h}}
fleet: {{processes: 2, workers: 3}}
workload:
  arrivals: {{process: closed, think: {think}}}
  timeout: 5s
  operations: {{create_meeting: 1, get_meeting: 1, delete_meeting: 1}}
network: {{token: {token}, api: {api}, loss: {loss}}}
strategies: [{{name: ours, python: "{target}"}}]
run: {{duration: {duration}, seeds: 1}}
faults: {faults}
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working folder with the document's modules, of which nothing stays imported."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [path for path in sys.path if path])
    for name, code in re.findall(r"```python\n# (\S+)\n(.*?)```", DOCUMENT.read_text(), re.DOTALL):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(code)
    yield tmp_path
    for module in [name for name in sys.modules if name.partition(".")[0] in ("shop", "bad")]:
        del sys.modules[module]


USUAL = {
    "cap": 2,
    "duration": "70m",
    "think": "2m",
    "api": "80ms",
    "token": "200ms",
    "loss": "{}",
    "faults": "[]",
}


def a_text(target, **other):
    """A scenario of two processes of three workers."""
    return SCENARIO.format(target=target, **{**USUAL, **other})


def a_plan(target, **other):
    """The plan of its one run."""
    scenario = parse(a_text(target, **other).encode(), CATALOGUE, Path("own.yaml"))
    return plan_run(scenario, scenario.strategies[0], seed=1, time_scale=1)


def a_run(plan, engine=None):
    """Run ``plan``; return its events and what was counted."""
    sink = Kept()
    counted = (engine or VirtualEngine()).run(plan, sink, lambda _: None)
    return sink.events, counted


@pytest.mark.parametrize("target", CLIENTS)
def test_each_process_has_a_token_a_minute_before_the_last_ones_end(folder, target):
    """Both want the first at 2 min and the second 59 to 60 min after it; a cap of two has room."""
    events, counted = a_run(a_plan(target))

    issued = [event for event in events if isinstance(event, TokenIssued)]
    assert sorted(event.asked_by for event in issued) == ["p0", "p0", "p1", "p1"]
    assert sum(counted.provider.causes().values()) == 0
    assert sum(counted.clients.operations["ok"]) == 6 * 34


@pytest.mark.parametrize("target", CLIENTS)
def test_on_a_cap_of_one_two_clients_evict_each_other_for_good(folder, target):
    """Whoever is refused fetches, and so evicts the other's: who calls next is refused. Each 401
    has its cause, and the token adopted next is the one that the client fetched."""
    events, counted = a_run(a_plan(target, cap=1, duration="30m"))

    refused = [event for event in events if isinstance(event, CallRefused)]
    adopted = [event for event in events if isinstance(event, TokenAdopted)]
    assert len(refused) > 10
    assert {event.cause for event in refused} == {"evicted"}
    assert sum(counted.provider.causes().values()) == len(refused)
    assert {event.asked_by.partition(".")[0] for event in refused} == {"p0", "p1"}
    assert {event.process for event in adopted} == {0, 1}
    assert all(before.token < after.token for before, after in pairwise(adopted))


@pytest.mark.parametrize("target", CLIENTS)
def test_the_same_seed_gives_the_same_bytes_whatever_the_hash_seed(folder, target):
    """Refused calls, lost messages and all: two interpreters tell the same story of one run."""
    faults = "[{at: 5m, crash: {process: 0}}, {at: 6m, pause: {process: 1, for: 30s}}]"
    (folder / "own.yaml").write_text(
        a_text(target, cap=1, duration="10m", loss="{api: 2%}", faults=faults)
    )
    command = [sys.executable, "-m", "tokenrace", "replay", "own.yaml"]
    told = [
        subprocess.run(
            [*command, "--strategy", "ours", "--seed", "1"],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]

    assert told[0] == told[1]
    assert told[0].count(b"evicted") > 10


@pytest.mark.parametrize("target", CLIENTS)
def test_both_engines_count_the_same(folder, target):
    """Two processes fetch when they begin and again when everything is revoked at six seconds:
    four tokens, at least a 401 each, and no operation that fails. Calls of 20 ms after thoughts of
    80 ms: six workers make 600 in ten seconds, and real ones fewer, which import their client
    first."""
    plan = a_plan(
        target,
        duration="10s",
        think="80ms",
        api="20ms",
        token="30ms",
        faults="[{at: 6s, revoke: all}]",
    )
    _, simulated = a_run(plan)
    _, real = a_run(plan, WireEngine(port=0))

    for counted in (simulated, real):
        assert counted.provider.tokens_issued == 4
        assert 2 <= counted.provider.causes()["revoked"] <= 6
        assert counted.provider.causes()["revoked"] == sum(counted.provider.causes().values())
        assert sum(counted.clients.operations["refused"]) == counted.clients.unknown == 0
    done = sum(simulated.clients.operations["ok"])
    assert 0.5 * done < sum(real.clients.operations["ok"]) <= 1.05 * done


@pytest.mark.parametrize("target", CLIENTS)
def test_a_partition_makes_operations_unknown_after_their_timeout(folder, target):
    """From minute 2 to 4 nothing of one process comes through: each of its three workers gives up
    after 5 s, thinks 30 s, and tries again: three or four times."""
    faults = "[{at: 2m, partition: {process: 0, link: api, for: 2m}}]"
    _, counted = a_run(a_plan(target, duration="6m", think="30s", faults=faults))

    assert counted.clients.unknown in range(3 * 3, 3 * 4 + 1)
    assert sum(counted.clients.operations["unknown"]) == counted.clients.unknown
    assert counted.provider.tokens_issued == 2


@pytest.mark.parametrize("target", CLIENTS)
def test_a_process_that_crashes_leaves_its_requests_and_fetches_anew(folder, target):
    """Its second life has a client of its own."""
    faults = "[{at: 5m, crash: {process: 0, restart: 1s}}]"
    _, counted = a_run(a_plan(target, duration="10m", think="10s", faults=faults))

    assert counted.provider.tokens_issued == 3


BAD = """\
import asyncio, time, httpx
class X:
    def __init__(self, {taken}):
        pass
    def client(self):
        {body}
class Client(httpx.AsyncClient):
    async def request(self, *args, **more):
        {request}
"""


@pytest.mark.parametrize(
    ("flaw", "message"),
    [
        (
            {"body": "return 3"},
            r"the class at .*bad\.py:2: client\(\) must return an httpx\.AsyncClient .* got 3",
        ),
        ({"request": "time.sleep(1)"}, r"time\.sleep in Client\.request \(bad\.py:9\) would block"),
    ],
)
def test_what_goes_wrong_in_a_run_names_class_file_and_line(folder, flaw, message):
    """What is returned wrongly, and what blocks."""
    body = {"taken": "**site", "body": "return Client()", "request": "pass"} | flaw
    (folder / "bad.py").write_text(BAD.format(**body))

    with pytest.raises(SimulatorError, match=message):
        a_run(a_plan("bad:X", duration="10m"))


def test_a_client_that_never_returns_is_a_deadlock(folder):
    """Nobody ever called the API: the run fails, with the line at which each caller waits."""
    body = {"taken": "**site", "body": "return Client()", "request": "await asyncio.Event().wait()"}
    (folder / "bad.py").write_text(BAD.format(**body))

    with pytest.raises(RunError, match=r"p0 call waits in Client\.request \(bad\.py:9\)"):
        a_run(a_plan("bad:X", duration="10m"))


def test_a_class_that_takes_too_little_is_told_what_it_is_called_with(folder):
    """Before the first run."""
    (folder / "bad.py").write_text(BAD.format(taken="url", body="pass", request="pass"))

    with pytest.raises(
        UserCodeError,
        match=r"bad\.py:2: it is called with token_url, api_url, account_id, client_id, "
        r"client_secret: missing a required argument: 'url'",
    ):
        load(PythonClass(target="bad:X"))
