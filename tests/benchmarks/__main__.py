"""Runs the benchmarks, prints a table and writes ``results/benchmarks.json``."""

import gc
import json
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from statistics import median

from tests.benchmarks import (
    commands,
    http,
    issues,
    serve,
    simpy_fleet,
    stock_loop,
    sweeps,
    virtual_fleet,
)
from tokenrace.clock import DAY, HOUR, MINUTE, seconds

ROUNDS = 5
OUT = Path("results/benchmarks.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table: a rate, or a time, next to its yardstick and its goal."""

    what: str
    ours: float
    yardstick: float | None
    unit: str
    ratio: float | None
    goal: str


def rate_of(work: Callable[[], int]) -> float:
    """Return how many requests a second ``work`` makes, where it returns how many it made.

    Seconds of CPU: nothing here waits, and others at work on the machine shall not count.
    """
    gc.collect()
    begun = time.process_time()
    done = work()
    return done / (time.process_time() - begun)


def in_turns(what: str, ours: Callable[[], int], yardstick: Callable[[], int], goal: str) -> Row:
    """Measure both in turns; the ratio is the median of the rounds' ratios."""
    pairs = [(rate_of(ours), rate_of(yardstick)) for _ in range(ROUNDS)]
    return Row(
        what=what,
        ours=median(mine for mine, _ in pairs),
        yardstick=median(theirs for _, theirs in pairs),
        unit="requests/s",
        ratio=median(mine / theirs for mine, theirs in pairs),
        goal=goal,
    )


def ours(plan, *, skips_calm: bool) -> Callable[[], int]:
    return lambda: virtual_fleet.requests(virtual_fleet.run(plan, skips_calm=skips_calm))


def simpy_calm() -> int:
    return simpy_fleet.calm_fleet(seconds(2 * HOUR)).requests


def rows() -> list[Row]:
    """Make every measurement."""
    week = virtual_fleet.a_fleet("shared_lock", 7 * DAY)
    two_hours = virtual_fleet.a_fleet("single_flight", 2 * HOUR, cap=8)
    stormy = virtual_fleet.a_fleet("reactive_unconditional", 10 * MINUTE, cap=1, think=1_000_000)
    return [
        in_turns("a calm week, skipped / SimPy", ours(week, skips_calm=True), simpy_calm, ">= 50"),
        in_turns("stepped / SimPy", ours(two_hours, skips_calm=False), simpy_calm, ">= 0.5"),
        in_turns(
            "stepped / virtual clock on the stock loop",
            ours(two_hours, skips_calm=False),
            lambda: stock_loop.calm_fleet(seconds(HOUR)),
            ">= 3",
        ),
        in_turns(
            "a storm / SimPy",
            ours(stormy, skips_calm=True),
            lambda: simpy_fleet.storm(600).requests,
            ">= 0.5",
        ),
        in_turns("aiohttp: in memory / loopback", http.virtual, http.loopback, ">= 0.5"),
        *served(),
        *swept(),
        *waited_for(),
        *a_million_issues(),
        *a_large_day(),
        a_week_in_memory(),
        a_large_sweep(),
    ]


def served() -> list[Row]:
    """Measure the served provider under wrk; nothing where there is none."""
    if serve.wrk() is None:
        print("no wrk on this machine: tokenrace serve is not measured", file=sys.stderr)
        return []
    pairs = list(islice(serve.bare_and_served(), ROUNDS))
    return [
        Row(
            what="tokenrace serve / a bare aiohttp handler",
            ours=median(mine for _, mine in pairs),
            yardstick=median(theirs for theirs, _ in pairs),
            unit="requests/s",
            ratio=median(mine / theirs for theirs, mine in pairs),
            goal=">= 0.7",
        )
    ]


def swept() -> list[Row]:
    """Measure sweeps: two processes beside one, and what a run costs beyond itself."""
    pairs = sweeps.two_beside_one(ROUNDS)
    return [
        Row(
            what="200 runs of a sweep, two processes / one",
            ours=median(two for two, _ in pairs),
            yardstick=median(one for _, one in pairs),
            unit="runs/s",
            ratio=median(two / one for two, one in pairs),
            goal=">= 1.8",
        ),
        Row(
            what="a run of a sweep, beyond itself",
            ours=sweeps.overhead_ms(),
            yardstick=None,
            unit="ms",
            ratio=None,
            goal="< 5 ms",
        ),
    ]


def waited_for() -> list[Row]:
    """Measure how long the commands take that somebody waits for."""
    file = str(commands.SCENARIO)
    measured = [
        ("tokenrace --help", commands.wait_ms("--help"), "< 300 ms"),
        ("tokenrace validate FILE", commands.wait_ms("validate", file), "< 500 ms"),
        (
            "tokenrace check scenarios/",
            commands.wait_ms("check", "scenarios/", rounds=3),
            "< 60,000 ms",
        ),
    ]
    return [
        Row(what=what, ours=took, yardstick=None, unit="ms", ratio=None, goal=goal)
        for what, took, goal in measured
    ]


def a_million_issues() -> list[Row]:
    """Measure what an issue costs at the end of a million, and the memory, next to the second
    100,000: the first fill what is remembered."""
    command = [sys.executable, "-m", "tests.benchmarks", "issues"]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    _, early, *_, late = json.loads(out)
    return [
        Row(what=what, ours=end, yardstick=begin, unit=unit, ratio=end / begin, goal=goal)
        for what, begin, end, unit, goal in (
            ("an issue, late in a million / early", early[0], late[0], "us of CPU", "<= 1.1"),
            ("memory of a million issues / of 200,000", early[1], late[1], "MiB peak", "<= 1.2"),
        )
    ]


def a_large_day() -> list[Row]:
    """Measure time and memory of 86 million requests by a fleet that refreshes all the time."""
    what = "a day of 1,000 processes"
    took_s, peak_mib = in_a_process_of_its_own("day")
    return [
        Row(what=what, ours=took_s, yardstick=None, unit="s of CPU", ratio=None, goal="< 30"),
        Row(what=what, ours=peak_mib, yardstick=None, unit="MiB peak", ratio=None, goal="< 1024"),
    ]


def a_week_in_memory() -> Row:
    """Measure how much more memory a week takes than a day."""
    _, week_mib = in_a_process_of_its_own("week")
    _, day_mib = in_a_process_of_its_own("calm_day")
    return Row(
        what="memory of a week / of a day",
        ours=week_mib,
        yardstick=day_mib,
        unit="MiB peak",
        ratio=week_mib / day_mib,
        goal="<= 1.2",
    )


def a_large_sweep() -> Row:
    """Measure the memory of a sweep's coordinator."""
    _, peak_mib = in_a_process_of_its_own("sweep")
    return Row(
        what="a sweep of 100,000 runs",
        ours=peak_mib,
        yardstick=None,
        unit="MiB peak",
        ratio=None,
        goal="< 500",
    )


def in_a_process_of_its_own(plan: str) -> tuple[float, float]:
    """Return how many seconds of CPU and MiB a run takes before which nothing else was run."""
    command = [sys.executable, "-m", "tests.benchmarks", plan]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    took_s, peak_mib = json.loads(out)
    return took_s, peak_mib


PLANS = {
    "day": lambda: virtual_fleet.a_fleet(
        "single_flight", DAY, processes=1_000, workers=10, cap=3_000, start_spread=HOUR
    ),
    "week": lambda: virtual_fleet.a_fleet("shared_lock", 7 * DAY),
    "calm_day": lambda: virtual_fleet.a_fleet("shared_lock", DAY),
}


def one(plan: str) -> None:
    """Print how many seconds of CPU and MiB the run of ``plan`` takes."""
    if plan == "issues":
        print(json.dumps(list(issues.windows())))
        return
    begun = time.process_time()
    if plan == "sweep":
        sweeps.many_cells(1_000, 100)
    else:
        virtual_fleet.run(PLANS[plan](), skips_calm=True)
    took = time.process_time() - begun
    print(json.dumps([took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))


def main() -> None:
    if len(sys.argv) > 1:
        one(sys.argv[1])
        return
    table = rows()
    for row in table:
        yardstick = "" if row.yardstick is None else f"{row.yardstick:>14,.0f}"
        ratio = "" if row.ratio is None else f"{row.ratio:.2f} x"
        print(
            f"{row.what:<44}{row.ours:>14,.1f} {row.unit:<11}{yardstick:>14}{ratio:>10}  {row.goal}"
        )
    machine = {"python": platform.python_version(), "machine": platform.machine()}
    OUT.write_text(
        json.dumps({"schema": 1, **machine, "rows": [asdict(row) for row in table]}, indent=2)
        + "\n",
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
