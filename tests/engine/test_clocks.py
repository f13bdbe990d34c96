"""Clocks of a virtual loop: the truth, skewed ones, and both beside asyncio's own sleep."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenrace.clock import DAY, HOUR, MILLISECOND, SECOND
from tokenrace.engine.clocks import LoopClock, SkewedClock
from tokenrace.engine.loop import VirtualLoop


class TestClocks:
    def test_the_loops_clock_is_the_truth(self, loop):
        """A sleep that is not positive is over at once."""
        clock = LoopClock(loop)

        async def main():
            await clock.sleep(5)
            await clock.sleep(0)
            await clock.sleep(-5)
            return clock.now()

        assert loop.run_until_complete(main()) == 5

    def test_a_skewed_clock_is_off_by_an_amount_and_a_rate(self, loop):
        """2 s ahead and 100 ppm fast: after a day, 86,400 s x 0.0001 = 8.64 s more."""
        clock = SkewedClock(loop, offset=2 * SECOND, drift_ppm=100)
        assert clock.now() == 2 * SECOND
        loop.run_until_complete(asyncio.sleep(DAY / SECOND))
        assert clock.now() == DAY + 2 * SECOND + 8_640 * MILLISECOND

    def test_a_slow_clock_sleeps_longer(self, loop):
        """At half speed a second takes two."""
        clock = SkewedClock(loop, offset=-SECOND, drift_ppm=-500_000)
        loop.run_until_complete(clock.sleep(SECOND))
        assert (loop.now, clock.now()) == (2 * SECOND, 0)

    def test_a_clock_that_stands_still_is_no_clock(self, loop):
        """Nor one that runs backwards."""
        with pytest.raises(ValueError, match="does not run forwards"):
            SkewedClock(loop, offset=0, drift_ppm=-1_000_000)

    def test_a_clock_that_is_set_drifts_from_then_on(self, loop):
        """True for an hour, then 10 s behind and 1,000 ppm fast: an hour later it has gained
        3.6 s."""
        clock = SkewedClock(loop, offset=0, drift_ppm=0)
        loop.run_until_complete(asyncio.sleep(HOUR / SECOND))
        assert clock.now() == HOUR
        clock.set_off(-10 * SECOND, drift_ppm=1_000)
        assert clock.now() == HOUR - 10 * SECOND
        loop.run_until_complete(asyncio.sleep(HOUR / SECOND))
        assert clock.now() == 2 * HOUR - 6_400 * MILLISECOND

    @given(
        set_at=st.integers(0, DAY),
        offset=st.integers(-DAY, DAY),
        drift_ppm=st.integers(-999_999, 3_000_000),
        later=st.integers(1, DAY),
    )
    def test_an_instant_is_shown_from_its_true_instant_on_and_no_tick_earlier(
        self, set_at, offset, drift_ppm, later
    ):
        """A calm that ends when a clock shows something ends at just that tick."""
        loop = VirtualLoop()
        loop.now = set_at
        clock = SkewedClock(loop, offset=0, drift_ppm=0)
        clock.set_off(offset, drift_ppm)
        instant = set_at + offset + later
        shown_at = clock.shows_at(instant)
        loop.now = shown_at
        assert clock.now() >= instant
        loop.now = shown_at - 1
        assert clock.now() < instant

    @given(
        started_at=st.integers(0, DAY),
        offset=st.integers(-DAY, DAY),
        drift_ppm=st.integers(-999_999, 3_000_000),
        span=st.integers(-5, SECOND),
    )
    def test_a_sleep_ends_when_its_clock_has_moved_and_no_tick_earlier(
        self, started_at, offset, drift_ppm, span
    ):
        """Else whoever sleeps until an instant on that clock wakes before it, again and again."""
        loop = VirtualLoop()
        loop.now = started_at
        clock = SkewedClock(loop, offset=offset, drift_ppm=drift_ppm)
        before = clock.now()
        loop.run_until_complete(clock.sleep(span))
        assert clock.now() - before >= span
        if loop.now > started_at:
            loop.now -= 1
            assert clock.now() - before < span
        loop.close()


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
