"""Classes of the user's own as processes: each has its own modules, its own clocks, its own chance.

A class that keeps a token well keeps one for each process: with more processes than live tokens
they end each other's. One that kept it for all of them, in a module that they shared, would not.
"""

from dataclasses import replace

import pytest

from tests.checked import folder, put
from tests.hand_written_runs import a_header
from tokenrace.analysis.doubts import doubts_about
from tokenrace.clock import MINUTE
from tokenrace.errors import RunFailed
from tokenrace.scenario import parse
from tokenrace.simulation.planning import plan_run
from tokenrace.simulation.recording import InMemory
from tokenrace.simulation.repeating import how_another_differs, how_two_differ, record
from tokenrace.simulation.wire.engine import WireEngine
from tokenrace.strategies.catalogue import CATALOGUE
from tokenrace.trace.files import TraceWriter

__all__ = ["folder"]

SCENARIO = """\
name: own
provider: {{profile: zoom-2023, lifetime: 1h}}
fleet: {{processes: {processes}, workers: 1}}
workload: {{arrivals: {{process: closed, think: 9.92s}}, operations: {{get_user: 1}}}}
network: {{token: 200ms, api: 80ms}}
store: memory
strategies: [{{name: ours, python: "{target}"}}, {{preset: check_then_act, leeway: 30s}}]
run: {{duration: 4h, seeds: 1, engine: virtual}}
faults: [{faults}]
"""
KEEPS = """\
import asyncio
{imports}

LOCK = asyncio.Lock()
KEPT = {{}}


class Source:
    def __init__(self, fetch):
        self._fetch = fetch

    async def get_token(self):
        async with LOCK:
            if not KEPT or {now} >= KEPT["end"] - 30:
                answer = await self._fetch()
                KEPT["end"] = {now} + answer["expires_in"]
                KEPT["token"] = answer["access_token"]
        return KEPT["token"]
"""


def run(folder, target="mine:Source", *, processes=1, faults="", seed=1, strategy=0):
    """Return what a run of ``target``, or of the strategy of ours beside it, recorded."""
    text = SCENARIO.format(target=target, processes=processes, faults=faults)
    scenario = parse(text.encode(), CATALOGUE, folder / "s.yaml")
    run = InMemory()(plan_run(scenario, scenario.strategies[strategy], seed, 1))
    assert not isinstance(run, RunFailed), run.reason
    return run


def issued(run):
    """Return how many tokens were issued, and how many calls got 401."""
    return run.provider.tokens_issued, sum(run.provider.causes().values())


def keeps(folder, now, imports="import time"):
    """Write a module whose class keeps a token in its module, by the clock ``now``."""
    put(folder, "mine.py", KEEPS.format(now=now, imports=imports))


def test_a_cache_in_a_module_is_one_processs_and_begins_empty(folder):
    """One process in 4 h: 5 tokens of an hour, a refresh half a minute before each end. Three
    processes: 15. A second run under the same seed is the same."""
    keeps(folder, "time.time()")

    assert issued(run(folder)) == (5, 0)
    assert issued(run(folder)) == (5, 0)
    assert run(folder, processes=3).provider.tokens_issued == 3 * 5


def test_a_process_that_is_started_again_has_an_empty_cache(folder):
    """One token more for the second life, which begins in the middle of the first one's hour."""
    keeps(folder, "time.time()")
    crash = "{at: 30m, crash: {process: 0, restart: 1s}}"

    assert issued(run(folder, faults=crash))[0] in (5, 6)
    assert run(folder, faults="{at: 10m, crash: {process: 0, restart: 1s}}, " + crash)


@pytest.mark.parametrize(
    ("now", "imports"),
    [
        ("time.monotonic()", "import time"),
        ("clock()", "from time import monotonic as clock"),
        ("clock()", "from time import perf_counter as clock"),
        ("time.monotonic_ns() / 1e9", "import time"),
        ("time.clock_gettime(time.CLOCK_MONOTONIC)", "import time"),
        ("time.clock_gettime(time.CLOCK_REALTIME)", "import time"),
        ("time.mktime(time.localtime())", "import time"),
        ("datetime.now().timestamp()", "from datetime import datetime"),
        ("kept_by()", "import time\ndef kept_by(now=time.monotonic): return now()"),
        ("time.mktime(time.strptime(time.ctime()))", "import time"),
    ],
)
def test_every_clock_goes_with_the_run(folder, now, imports):
    """However it is asked, and however it was imported: 5 tokens in 4 h, no call refused."""
    keeps(folder, now, imports)

    assert issued(run(folder)) == (5, 0)


@pytest.mark.parametrize("clock", ["process_time", "thread_time_ns"])
def test_a_clock_of_the_processor_is_refused_with_its_line(folder, clock):
    """On virtual time computing takes no time."""
    keeps(folder, f"{clock}()", f"from time import {clock}")
    with pytest.raises(
        AssertionError, match=rf"time\.{clock.removesuffix('_ns')} in .*\(mine.py:16"
    ):
        run(folder)


@pytest.mark.parametrize(
    ("now", "refused"),
    [("time.time()", 177), ("datetime.now().timestamp()", 177), ("time.monotonic()", 0)],
)
def test_a_clock_that_is_set_back_is_the_classs_as_well(folder, now, refused):
    """Half an hour slow from 20 min on: a token is taken for live for half an hour after its end,
    less the half minute: (1,800 - 30) / 10 = 177 calls. A monotonic clock cannot be set."""
    keeps(folder, now, "import time\nfrom datetime import datetime")
    slow = "{at: 20m, clock: {process: 0, behind: 30m}}"

    assert issued(run(folder, faults=slow))[1] == refused
    assert issued(run(folder, faults=slow, strategy=1))[1] == 177


@pytest.mark.parametrize(
    ("now", "more", "refused"),
    [
        ("time.monotonic()", "", 118),
        ("time.time()", "", 0),
        ("time.monotonic()", ", monotonic: runs", 0),
    ],
)
def test_a_machine_that_sleeps_stops_the_monotonic_clock_alone(folder, now, more, refused):
    """For 1,208 s: a token is taken for live for so long after its end, less the half minute:
    1,178 s at a call every 10 s. Under SIGSTOP no clock stops."""
    keeps(folder, now)
    pause = f"{{at: 20m, pause: {{process: 0, for: 1208s{more}}}}}"

    assert issued(run(folder, faults=pause))[1] == refused


@pytest.mark.parametrize(
    ("now", "fault", "refused"),
    [
        ("time.monotonic()", "pause: {process: 0, for: 1s}", range(3, 40)),
        ("time.time()", "clock: {process: 0, behind: 1s}", range(3, 40)),
        ("time.monotonic()", "clock: {process: 0, behind: 1s}", range(2)),
    ],
)
def test_on_the_wire_the_clocks_are_the_processs_too(folder, now, fault, refused):
    """A token of 2 s is taken for live for up to a second more, at a call every 55 ms."""
    put(folder, "mine.py", KEEPS.format(now=now, imports="import time").replace(" - 30", ""))
    text = SCENARIO.format(target="mine:Source", processes=1, faults=f"{{at: 500ms, {fault}}}")
    for given, wanted in (("1h", "2s"), ("9.92s", "50ms"), ("4h", "3500ms"), ("virtual", "wire")):
        text = text.replace(given, wanted)
    text = text.replace("200ms", "5ms").replace("80ms", "5ms")
    scenario = parse(text.encode(), CATALOGUE, folder / "s.yaml")
    with TraceWriter(folder / "trace", a_header()) as writer:
        counted = WireEngine(port=0).run(
            plan_run(scenario, scenario.strategies[0], 1, 1), writer, lambda _: None
        )

    assert counted.provider.causes()["expired"] in refused


def test_a_clock_set_while_nobody_runs_strikes_the_next_life(folder):
    """One that is down then has it when it begins again: the fault has reached somebody."""
    keeps(folder, "time.time()")
    faults = (
        "{at: 19m, crash: {process: 0, restart: 2m}}, {at: 20m, clock: {process: 0, behind: 30m}}"
    )
    struck = [event.at for event in run(folder, faults=faults).events() if event.fault == 1]

    assert struck == [21 * MINUTE]


DRAWS = """\
import os, random, secrets, uuid
from random import uniform


class Source:
    def __init__(self, fetch):
        self._fetch = fetch

    async def get_token(self):
        drawn = [{draws}]
        with open("drawn", "a") as file:
            file.write(repr(drawn) + "\\n")
        return (await self._fetch())["access_token"]
"""
DRAWN = (
    "random.random(), uniform(0, 1), random.Random().random(), secrets.token_hex(8), "
    "random.SystemRandom().random(), os.urandom(8), uuid.uuid1(), uuid.uuid4(), random.gauss(0, 1)"
)


def test_chance_is_each_processs_own_and_the_same_in_every_run(folder):
    """All that ``random``, ``secrets``, ``uuid`` and ``os`` have; another seed draws otherwise."""
    put(folder, "mine.py", DRAWS.format(draws=DRAWN))
    drawn = []
    for seed in (1, 1, 2):
        run(folder, processes=2, seed=seed, faults="")
        drawn.append((folder / "drawn").read_text().splitlines())
        (folder / "drawn").unlink()

    assert drawn[0] == drawn[1]
    assert drawn[0] != drawn[2]
    assert len(set(drawn[0])) == len(drawn[0]), "two processes drew the same"


REMEMBERS = """\
import pathlib, random


class Source:
    def __init__(self, fetch):
        self._fetch = fetch

    async def get_token(self):
        file = pathlib.Path("seen")
        if {differs} and file.exists():
            await self._fetch()
        file.touch()
        random.random()
        return (await self._fetch())["access_token"]
"""


@pytest.mark.parametrize("differs", [True, False])
def test_a_class_that_goes_otherwise_the_second_time_is_told(folder, differs):
    """One keeps a file, which no seed reaches: of its first call on it asks twice, and token 2 is
    not the next process's or call's but its own second. One that only draws is the same."""
    put(folder, "mine.py", REMEMBERS.format(differs=differs))
    text = SCENARIO.format(target="mine:Source", processes=1, faults="").replace("4h", "1m")
    scenario = parse(text.encode(), CATALOGUE, folder / "s.yaml")
    told = how_two_differ(plan_run(scenario, scenario.strategies[0], 1, 1))
    recorded = replace(run(folder), differs=told)

    if differs:
        assert (
            "your class is not deterministic: under the same seed two runs first differ in" in told
        )
        assert " at 1" in told
        assert f"ours, seed 1: {told}" in list(doubts_about({"ours": [recorded]}, {}))
    else:
        assert told == ""


ENDS = """\
import signal
from pathlib import Path


class Source:
    def __init__(self, fetch):
        self._fetch = fetch

    async def get_token(self):
        if Path("second").exists():
            signal.raise_signal(signal.SIGKILL)
        Path("second").touch()
        return (await self._fetch())["access_token"]
"""


def test_a_second_run_that_ends_its_process_is_told_and_ends_no_other(folder):
    """All second runs are made by one program: one that is gone must not take it along."""
    text = SCENARIO.format(target="mine:Source", processes=1, faults="").replace("4h", "1m")
    scenario = parse(text.encode(), CATALOGUE, folder / "s.yaml")
    plan = plan_run(scenario, scenario.strategies[0], 1, 1)
    trace = folder / "trace.jsonl"
    put(folder, "mine.py", ENDS.replace("signal.raise_signal(signal.SIGKILL)", "pass"))
    record(plan, trace)
    assert how_another_differs(plan, trace) == ""

    put(folder, "mine.py", ENDS)
    assert how_another_differs(plan, trace).endswith("its process ended with exit status -9")
    (folder / "second").unlink()
    put(folder, "mine.py", ENDS.replace("signal.raise_signal(signal.SIGKILL)", "pass"))
    assert how_another_differs(plan, trace) == ""
