"""Clocks of a virtual loop beside asyncio's own sleep, and what a drift adds up to."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.clock import HOUR, MILLISECOND, SECOND
from simulator.engine.clocks import LoopClock, SkewedClock
from simulator.engine.loop import VirtualLoop


def test_sleepers_of_all_kinds_wake_in_the_order_in_which_they_began(loop):
    """A clock's sleep is in line with ``asyncio.sleep``: neither overtakes the other."""
    seen = []

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
    assert seen == ["a", "b", "c", "d"]


def test_a_cancelled_sleeper_is_not_woken(loop):
    """Its timer stays behind and does nothing."""

    async def main():
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(LoopClock(loop).sleep(5 * SECOND), 1)
        await asyncio.sleep(9)

    loop.run_until_complete(main())
    assert loop.now == 10 * SECOND


def test_a_clock_that_gains(loop):
    """200 ppm: 0.72 s in an hour; its hour is over when 3600 s / 1.0002 = 3599.280 144 s are."""
    clock = SkewedClock(loop, 0, 200)
    loop.run_until_complete(clock.sleep(HOUR))
    assert loop.now == 3_599_280_144
    loop.now = HOUR
    assert clock.now() == HOUR + 720 * MILLISECOND


@given(
    st.lists(st.integers(0, HOUR), min_size=2, max_size=20).map(sorted),
    st.integers(-999_999, 2_000_000),
)
def test_a_skewed_clock_never_runs_backwards(instants, drift_ppm):
    """A slow one says a tick again; none takes one back."""
    loop = VirtualLoop()
    clock = SkewedClock(loop, -HOUR, drift_ppm)
    told = []
    for loop.now in instants:
        told.append(clock.now())
    assert told == sorted(told)
    loop.close()
