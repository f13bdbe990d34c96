"""Operations that wait for a token in vain: counted as unknown, with the place where they wait."""

import re
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from tests.hand_written_runs import a_header
from tokenrace.errors import RunError
from tokenrace.scenario import parse
from tokenrace.simulation.planning import plan_run
from tokenrace.simulation.virtual.engine import VirtualEngine
from tokenrace.simulation.wire.engine import WireEngine
from tokenrace.strategies.catalogue import CATALOGUE
from tokenrace.trace.files import TraceWriter

SCENARIO = """\
name: hangs
provider: {{live_tokens: 2, lifetime: {lifetime}}}
fleet: {{processes: 1, workers: {workers}}}
workload: {{arrivals: {arrivals}, operations: {{get_user: 1}}, timeout: {timeout}}}
network: {{token: 100ms, api: 100ms}}
store: memory
strategies: [{strategy}]
run: {{duration: {duration}, seeds: 1, engine: virtual}}
"""
CODE = """
    import asyncio

    class Forgets:
        '''The third caller in a row is forgotten.'''
        def __init__(self, fetch):
            self._fetch, self._calls = fetch, 0
        async def get_token(self):
            self._calls += 1
            if self._calls % 3 == 0:
                await asyncio.get_running_loop().create_future()  # forgotten
            return (await self._fetch())["access_token"]

    class ForgetsTheFirst(Forgets):
        async def get_token(self):
            self._calls += 1
            if self._calls == 1:
                await asyncio.Event().wait()
            return (await self._fetch())["access_token"]

    class ForgetsAll(Forgets):
        async def get_token(self):
            await asyncio.Event().wait()

    class KeepsItsLock:
        '''The first caller fails with the lock in its hands; the rest stand in line for good.'''
        def __init__(self, fetch):
            self._fetch, self._lock, self._kept = fetch, asyncio.Lock(), None
        async def get_token(self):
            await self._lock.acquire()  # in line
            self._kept = (await self._fetch())["access_token"]
            return self._kept

    class OfPorts:
        def __init__(self, ports):
            self._endpoint, self._calls = ports.endpoint, 0
        async def token(self):
            self._calls += 1
            if self._calls % 3 == 0:
                await asyncio.Event().wait()  # forgotten as well
            return await self._endpoint.issue()
        async def rejected(self, token, attempt):
            return False

    class Deaf(Forgets):
        '''Pays no heed when it is cancelled.'''
        async def get_token(self):
            try:
                return await super().get_token()
            except asyncio.CancelledError:
                return (await self._fetch())["access_token"]

    class InVain(Forgets):
        '''Waits for a refresh of its own that waits for nobody.'''
        async def get_token(self):
            self._calls += 1
            if self._calls % 3 == 0:
                await asyncio.create_task(self.refresh())
            return (await self._fetch())["access_token"]
        async def refresh(self):
            await asyncio.Event().wait()  # the refresh
"""
CLIENT = """
    import asyncio
    from base64 import b64encode

    import httpx

    def basic(site):
        pair = f"{site['client_id']}:{site['client_secret']}"
        return "Basic " + b64encode(pair.encode()).decode()

    class Auth(httpx.Auth):
        def __init__(self, site):
            self._site, self._calls = site, 0
        async def async_auth_flow(self, request):
            self._calls += 1
            if self._calls % 3 == 0:
                await asyncio.Event().wait()  # forgotten
            site = self._site
            ask = httpx.Request(
                "POST",
                site["token_url"],
                data={"grant_type": "account_credentials", "account_id": site["account_id"]},
                headers={"Authorization": basic(site)},
            )
            answer = yield ask
            await answer.aread()
            request.headers["Authorization"] = "Bearer " + answer.json()["access_token"]
            yield request

    class Client:
        def __init__(self, **site):
            self._site = site
        def client(self):
            return httpx.AsyncClient(auth=Auth(self._site))
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working folder with the classes above, of which nothing stays imported."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [path for path in sys.path if path])
    (tmp_path / "forgetful.py").write_text(dedent(CODE))
    (tmp_path / "forgetful_client.py").write_text(dedent(CLIENT))
    yield tmp_path
    for module in ("forgetful", "forgetful_client"):
        sys.modules.pop(module, None)


def a_plan(
    strategy,
    *,
    arrivals="{process: constant, rate: 6/min}",
    duration="10m",
    lifetime="1h",
    timeout="10s",
    workers=30,
):
    """A plan; ``strategy`` is a preset, or a class of the folder's."""
    own = f'{{name: ours, python: "{strategy}"}}' if ":" in strategy else strategy
    text = SCENARIO.format(
        strategy=own,
        arrivals=arrivals,
        duration=duration,
        lifetime=lifetime,
        timeout=timeout,
        workers=workers,
    )
    scenario = parse(text.encode(), CATALOGUE, Path("hangs.yaml"))
    return plan_run(scenario, scenario.strategies[0], 1, 1)


def ran(folder, plan, engine=None):
    """What ``plan`` leaves: its operations by how they ended, and why those that failed did."""
    with TraceWriter(folder / "run.jsonl", a_header()) as writer:
        counted = (engine or VirtualEngine()).run(plan, writer, lambda at: None)
    clients = counted.clients
    operations = {outcome: sum(bins) for outcome, bins in clients.operations.items()}
    return operations, {str(why): sum(bins) for why, bins in clients.failures.items()}


def line(text, module="forgetful.py"):
    """The place of the line that ends with the comment ``text``."""
    lines = Path(module).read_text().splitlines()
    number = next(n for n, each in enumerate(lines, start=1) if each.endswith(f"# {text}"))
    return f"({module}:{number})"


@pytest.mark.parametrize(
    ("target", "where"),
    [("forgetful:Forgets", "forgotten"), ("forgetful:OfPorts", "forgotten as well")],
)
def test_every_third_caller_of_an_open_workload_is_forgotten_and_counted(folder, target, where):
    """One operation every 10 s for 10 min, the first after 10 s and the last at 9 min 50: 59, of
    which 19 are forgotten, each with its place; those wanted less than 10 s before the end, none of
    them a third one, are in flight."""
    operations, failures = ran(folder, a_plan(target))

    assert operations["unknown"] == 19
    assert operations["ok"] + operations["unknown"] == sum(operations.values())
    assert 58 <= sum(operations.values()) <= 60
    ((why, times),) = failures.items()
    assert times == 19
    assert why.startswith("hung: ")
    assert line(where) in why


def test_a_forgotten_worker_of_a_closed_workload_goes_on_after_its_timeout(folder):
    """One worker: think 2 s and work 0.2 s, twice, then think 2 s and wait 10 s in vain: 16.4 s a
    round, ten in 164 s. Without a timeout it would have done two operations and been gone."""
    plan = a_plan(
        "forgetful:Forgets",
        arrivals="{process: closed, think: 2s}",
        workers=1,
        duration="165s",
    )
    operations, _ = ran(folder, plan)

    assert operations == {"ok": 20, "refused": 0, "unknown": 10}


def test_those_who_stand_in_line_behind_a_lock_that_is_never_freed_are_counted(folder):
    """The first has its token and keeps the lock. The others name the line they stand in."""
    operations, failures = ran(folder, a_plan("forgetful:KeepsItsLock"))

    assert operations["ok"] == 1
    assert operations["unknown"] >= 56
    (why,) = failures
    assert line("in line") in why
    assert why.endswith("for Lock.acquire")


def test_a_caller_that_pays_no_heed_to_its_timeout_is_counted_all_the_same(folder):
    """It gets a token when it is cancelled: too late."""
    operations, failures = ran(folder, a_plan("forgetful:Deaf"))

    assert operations["unknown"] == sum(failures.values()) == 19


def test_the_place_is_where_the_task_waits_that_the_caller_waits_for(folder):
    """The caller awaits a task of its own, and that one an event that nobody sets."""
    _, failures = ran(folder, a_plan("forgetful:InVain"))

    (why,) = failures
    assert line("the refresh") in why


def test_a_client_of_ones_own_that_hangs_names_the_users_line_and_not_the_librarys(folder):
    """Its auth flow is an asynchronous generator, which httpx waits for: no answer is missing."""
    operations, failures = ran(folder, a_plan("forgetful_client:Client"))

    assert operations["unknown"] == 19
    ((why, times),) = failures.items()
    assert times == 19
    assert line("forgotten", "forgetful_client.py") in why


def test_a_preset_gives_up_on_a_line_that_is_longer_than_its_callers_wait(folder):
    """Forty find no token at once and ask one after the other, 100 ms each: 1 s is over after ten,
    the tenth in the very instant. The eleventh has just asked, the others stand in line."""
    plan = a_plan(
        "mutex_no_recheck",
        arrivals="{process: closed, think: 10s}",
        workers=40,
        duration="14s",
        timeout="1s",
    )
    operations, failures = ran(folder, plan)

    assert operations == {"ok": 10, "refused": 0, "unknown": 30}
    assert failures.pop("timed_out: token") == 1
    ((why, times),) = failures.items()
    assert times == 29
    assert re.match(r"hung: _MutexGate\.grant \(control\.py:\d+\), for Lock\.acquire", why)


def test_a_run_shorter_than_the_timeout_counts_who_waited_for_half_of_it(folder):
    """Six operations in 60 s with a timeout of 5 min: the third, wanted after 30 s, waits for half
    of the run or nearly so; what the sixth does is in flight."""
    short = a_plan("forgetful:Forgets", duration="64s", timeout="5m")
    operations, failures = ran(folder, short)

    assert operations["unknown"] == sum(failures.values()) == 1


def test_what_is_in_flight_at_the_end_is_not_counted(folder):
    """An endpoint that takes 100 ms, and a run that ends in the middle of the last request."""
    plan = a_plan("mint_per_call", duration="60s", arrivals="{process: constant, rate: 10/s}")
    operations, failures = ran(folder, plan)

    assert not failures
    assert operations["unknown"] == 0


def test_a_caller_forgotten_before_anybody_called_the_api_is_counted_and_no_deadlock(folder):
    """The only worker's first caller waits with nothing due that could wake it; after its timeout
    the worker goes on, so the run has something to tell."""
    plan = a_plan(
        "forgetful:ForgetsTheFirst",
        arrivals="{process: closed, think: 2s}",
        workers=1,
        duration="60s",
    )
    operations, _ = ran(folder, plan)

    assert operations["unknown"] == 1
    assert operations["ok"] > 10


@pytest.mark.parametrize("duration", ["300s", "301s", "306s", "311s"])
def test_a_run_in_which_nobody_ever_called_the_api_is_a_deadlock_whenever_it_ends(folder, duration):
    """It ends while the only worker waits, or while it thinks: that must not decide."""
    plan = a_plan(
        "forgetful:ForgetsAll",
        arrivals="{process: closed, think: 5s}",
        workers=1,
        duration=duration,
    )

    with pytest.raises(RunError, match=r"deadlock: .*\n.*p0 token waits in ForgetsAll"):
        ran(folder, plan)


def test_both_engines_count_those_that_hang_alike(folder):
    """Fourteen operations in 7 s, of which the third, sixth, ninth and twelfth hang for 1 s; the
    last of them may be in flight on a slow machine."""
    plan = a_plan(
        "forgetful:Forgets",
        arrivals="{process: constant, rate: 2/s}",
        duration="7s",
        timeout="1s",
    )
    simulated, why_simulated = ran(folder, plan)
    real, why_real = ran(folder, plan, WireEngine(port=0))

    assert why_simulated.keys() == why_real.keys()
    assert abs(simulated["unknown"] - real["unknown"]) <= 1
    assert real["unknown"] >= 3
