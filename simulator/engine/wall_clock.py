"""``time`` and ``datetime`` on virtual time, for code that asks them and not its loop.

What a user's code reads from ``time.time``, ``datetime.now``, ``time.monotonic`` and their kin then
goes with the loop. ``time.time`` and ``datetime`` are caught however they were imported. Not caught
are ``from time import monotonic`` (or ``perf_counter``) that ran before, and the clocks of other
processes.
"""

import time  # noqa: TID251 - to replace what it says
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import time_machine

from simulator.engine.loop import VirtualLoop

_NS_PER_TICK = 1_000
_NS_PER_SECOND = 1_000_000_000


@contextmanager
def wall_clock_of(loop: VirtualLoop, epoch: int) -> Iterator[None]:
    """Let the machine's clocks tell the loop's time; tick 0 is ``epoch``, in Unix seconds."""

    def wall_ns() -> int:
        return epoch * _NS_PER_SECOND + loop.now * _NS_PER_TICK

    with time_machine.travel(epoch, tick=False) as traveller, _monotonic_of(loop):
        # It is asked for the time at each call; to move it at every tick would cost more.
        traveller.time_ns = wall_ns  # type: ignore[method-assign]
        yield


@contextmanager
def _monotonic_of(loop: VirtualLoop) -> Iterator[None]:
    """Replace the clocks that only ever run forwards, which have no epoch."""

    def now_ns() -> int:
        return loop.now * _NS_PER_TICK

    def now_s() -> float:
        return loop.now * _NS_PER_TICK / _NS_PER_SECOND

    ours: dict[str, Callable[[], Any]] = {
        "monotonic": now_s,
        "monotonic_ns": now_ns,
        "perf_counter": now_s,
        "perf_counter_ns": now_ns,
    }
    theirs = {name: getattr(time, name) for name in ours}
    try:
        for name, clock in ours.items():
            setattr(time, name, clock)
        yield
    finally:
        for name, clock in theirs.items():
            setattr(time, name, clock)
