"""The machine's clocks, while they tell a virtual loop's time."""

import time
from datetime import UTC, datetime

import pytest

from tokenrace.clock import HOUR
from tokenrace.engine.clocks import LoopClock
from tokenrace.engine.loop import VirtualLoop
from tokenrace.user_code.wall_clock import wall_clock_of

EPOCH = 1_767_225_600  # 2026-01-01T00:00:00Z


def told():
    """Return what each clock says."""
    return (
        time.time(),
        time.time_ns(),
        datetime.now(UTC).isoformat(),
        time.monotonic(),
        time.monotonic_ns(),
        time.perf_counter(),
        time.perf_counter_ns(),
    )


def test_an_hour_on_the_loop_is_an_hour_on_every_clock():
    """Tick 0 is the epoch; clocks that only run forwards begin at 0."""
    loop = VirtualLoop()

    async def story():
        began = told()
        await LoopClock(loop).sleep(HOUR)
        return began, told()

    with wall_clock_of(loop, EPOCH):
        began, later = loop.run_until_complete(story())

    assert began == (EPOCH, EPOCH * 10**9, "2026-01-01T00:00:00+00:00", 0, 0, 0, 0)
    hour = 3_600
    assert later == (
        EPOCH + hour,
        (EPOCH + hour) * 10**9,
        "2026-01-01T01:00:00+00:00",
        hour,
        hour * 10**9,
        hour,
        hour * 10**9,
    )


def test_afterwards_the_clocks_are_the_machines_again():
    """Also where the block was left by an error."""
    before = time.monotonic, time.perf_counter, time.time()
    with pytest.raises(ZeroDivisionError), wall_clock_of(VirtualLoop(), EPOCH):
        _ = 1 / 0

    assert (time.monotonic, time.perf_counter) == before[:2]
    assert 0 <= time.time() - before[2] < HOUR
