"""The clocks that a class of the user's reads in a client process on the wire.

They are the machine's, unless the scenario puts them off or suspends the process. Then what the
user's modules import is off as the process's own clock is; what was imported before, asyncio and
the HTTP client among it, keeps to the machine's.
"""

import asyncio
import time  # noqa: TID251 - to replace what it says
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import time_machine

from tokenrace.clock import Clock, Ticks
from tokenrace.faults.planned import ClockOff, Pause
from tokenrace.faults.schedule import FleetFaults
from tokenrace.fleet.errant_clock import ErrantClock

PPM = 1_000_000
_NS_PER_TICK = 1_000
_NS_PER_SECOND = 1_000_000_000


@contextmanager
def clocks_of(process: int, faults: FleetFaults, true: Clock, own: ErrantClock) -> Iterator[None]:
    """Let ``time`` and ``datetime`` be those of ``process``, whose own clock is ``own``."""
    pauses = [each for each in faults.pauses if each.process == process and each.is_suspended]
    offs = [each for each in faults.clocks if each.process == process]
    if not pauses and not offs:
        yield
        return
    real = time.monotonic_ns
    ahead_of_monotonic = time.time_ns() - real()

    def wall_ns() -> int:
        return ahead_of_monotonic + real() + (own.now() - true.now()) * _NS_PER_TICK

    def monotonic_ns() -> int:
        now = true.now()
        return real() + (_gained(offs, now) - _slept(pauses, now)) * _NS_PER_TICK

    # The loop goes by the machine's clock, as its other callers do.
    asyncio.get_running_loop().time = time.monotonic  # type: ignore[method-assign]
    with time_machine.travel(0, tick=False) as traveller:
        traveller.time_ns = wall_ns  # type: ignore[method-assign]
        with _monotonic(monotonic_ns):
            yield


def _slept(pauses: Sequence[Pause], now: Ticks) -> Ticks:
    """Return how long the process was suspended up to ``now``: pauses that overlap are one."""
    total, until = 0, -1
    for pause in sorted(pauses, key=lambda each: each.at):
        begins, ends = max(pause.at, until), min(pause.at + pause.span, now)
        total += max(0, ends - begins)
        until = max(until, ends)
    return total


def _gained(offs: Sequence[ClockOff], now: Ticks) -> Ticks:
    """Return what the monotonic clock has gained by ``now``."""
    gained = 0
    ordered = sorted(offs, key=lambda each: each.at)
    for number, off in enumerate(ordered):
        ends = ordered[number + 1].at if number + 1 < len(ordered) else now
        gained += max(0, min(ends, now) - off.at) * off.drift_ppm // PPM
    return gained


@contextmanager
def _monotonic(monotonic_ns: Callable[[], int]) -> Iterator[None]:
    def monotonic_s() -> float:
        return monotonic_ns() / _NS_PER_SECOND

    ours: dict[str, Callable[[], Any]] = {
        "monotonic": monotonic_s,
        "monotonic_ns": monotonic_ns,
        "perf_counter": monotonic_s,
        "perf_counter_ns": monotonic_ns,
    }
    theirs = {name: getattr(time, name) for name in ours}
    try:
        for name, clock in ours.items():
            setattr(time, name, clock)
        yield
    finally:
        for name, clock in theirs.items():
            setattr(time, name, clock)
