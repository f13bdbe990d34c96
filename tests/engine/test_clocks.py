"""Clocks of a virtual loop: the true one, and a process's own that is off."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.clock import HOUR, MILLISECOND, SECOND
from simulator.engine.clocks import LoopClock, SkewedClock
from simulator.engine.loop import VirtualLoop

DRIFTS = st.integers(-500_000, 2_000_000)


def at(now):
    """Return a loop whose time is ``now``."""
    loop = VirtualLoop()
    loop.now = now
    return loop


def slept(clock, loop, span):
    """Sleep for ``span`` on ``clock`` and return how much true time that took."""
    before = loop.now
    loop.run_until_complete(clock.sleep(span))
    return loop.now - before


def test_the_loops_clock_tells_its_time():
    """And sleeps to the tick."""
    loop = at(7)
    clock = LoopClock(loop)
    assert clock.now() == 7
    assert slept(clock, loop, 3 * SECOND) == 3 * SECOND
    assert clock.now() == 3 * SECOND + 7
    loop.close()


@pytest.mark.parametrize("span", [0, -1, -HOUR])
def test_a_sleep_that_is_not_positive_is_over_at_once(span):
    """At the same tick, on either clock."""
    loop = at(SECOND)
    assert slept(LoopClock(loop), loop, span) == 0
    assert slept(SkewedClock(loop, -HOUR, 100), loop, span) == 0
    loop.close()


def test_sleepers_of_both_kinds_wake_in_the_order_in_which_they_began():
    """A clock's sleep is in line with ``asyncio.sleep``: neither overtakes the other."""
    loop, seen = VirtualLoop(), []

    async def main():
        async with asyncio.TaskGroup() as group:
            for name, sleep in (
                ("a", asyncio.sleep(1)),
                ("b", LoopClock(loop).sleep(SECOND)),
                ("c", asyncio.sleep(1)),
                ("d", SkewedClock(loop, HOUR, 0).sleep(SECOND)),
            ):
                group.create_task(sleep).add_done_callback(lambda _, name=name: seen.append(name))

    loop.run_until_complete(main())
    loop.close()
    assert seen == ["a", "b", "c", "d"]


def test_a_cancelled_sleeper_is_not_woken():
    """Its timer stays behind and does nothing; the clock moves only if somebody still waits."""
    loop = VirtualLoop()

    async def main():
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(LoopClock(loop).sleep(5 * SECOND), 1)
        await asyncio.sleep(9)

    loop.run_until_complete(main())
    loop.close()
    assert loop.now == 10 * SECOND


def test_a_clock_that_is_ahead_and_one_that_is_behind():
    """An offset of 90 s is there from the beginning and does not grow."""
    loop = at(HOUR)
    assert SkewedClock(loop, 90 * SECOND, 0).now() == HOUR + 90 * SECOND
    assert SkewedClock(loop, -90 * SECOND, 0).now() == HOUR - 90 * SECOND
    assert slept(SkewedClock(loop, 90 * SECOND, 0), loop, SECOND) == SECOND
    loop.close()


def test_a_clock_that_gains():
    """200 ppm: 0.72 s in an hour; its hour is over when 3600 s / 1.0002 = 3599.280 144 s are."""
    loop = at(HOUR)
    assert SkewedClock(loop, 0, 200).now() == HOUR + 720 * MILLISECOND
    loop.now = 0
    assert slept(SkewedClock(loop, 0, 200), loop, HOUR) == 3_599_280_144
    loop.close()


def test_a_clock_that_loses():
    """Half speed: its second takes two."""
    loop = at(10 * SECOND)
    clock = SkewedClock(loop, 0, -500_000)
    assert clock.now() == 5 * SECOND
    assert slept(clock, loop, SECOND) == 2 * SECOND
    assert clock.now() == 6 * SECOND
    loop.close()


@pytest.mark.parametrize("drift_ppm", [-1_000_000, -1_000_001])
def test_a_clock_that_stands_still_or_runs_backwards_is_refused(drift_ppm):
    """No sleep on it would ever end."""
    loop = VirtualLoop()
    with pytest.raises(ValueError, match="does not run forwards"):
        SkewedClock(loop, 0, drift_ppm)
    loop.close()


@given(st.integers(0, HOUR), st.integers(-HOUR, HOUR), DRIFTS, st.integers(1, HOUR))
def test_whoever_waits_for_an_instant_is_woken_at_it_and_not_later(now, offset, drift, span):
    """At the first tick at which the process's own clock has moved by the span, whatever its rate.

    Woken a tick too early, a loop that waits for an instant would never end.
    """
    loop = at(now)
    clock = SkewedClock(loop, offset, drift)
    until = clock.now() + span
    loop.run_until_complete(clock.sleep(span))
    assert clock.now() >= until
    loop.now -= 1
    assert clock.now() < until
    loop.close()


@given(st.lists(st.integers(0, HOUR), min_size=2, max_size=20).map(sorted), DRIFTS)
def test_a_skewed_clock_never_runs_backwards(instants, drift):
    """At most a second a tick is said again; none is ever taken back."""
    loop = VirtualLoop()
    clock = SkewedClock(loop, -HOUR, drift)
    told = []
    for loop.now in instants:
        told.append(clock.now())
    assert told == sorted(told)
    loop.close()
