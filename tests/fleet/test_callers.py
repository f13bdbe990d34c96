"""Callers who are cancelled while they wait for a token, and clocks that are off, in virtual time.

The token endpoint takes 200 ms.
"""

import asyncio

import pytest

from tests.strategies.strategy_world import LATENCY, World
from tokenrace.clock import HOUR, SECOND
from tokenrace.fleet.callers import CallerCancelled, Callers
from tokenrace.fleet.errant_clock import PPM, ErrantClock
from tokenrace.strategies.contract import TokenUnavailable


@pytest.fixture
def world():
    return World()


async def wait_for_tokens(callers, world, count):
    """Have ``count`` callers wait, a tick apart; the oldest first."""
    tasks = []
    for _ in range(count):
        tasks.append(asyncio.create_task(callers.token()))
        await world.clock.sleep(1)
    return tasks


def outcomes(results):
    return [getattr(result, "value", type(result)) for result in results]


@pytest.mark.parametrize(
    ("control", "others"),
    [("single_flight", ["t1", "t1"]), ("leader_flight", [TokenUnavailable] * 2)],
)
def test_who_has_waited_longest_is_cancelled_and_the_control_decides_for_the_others(
    world, control, others
):
    """A detached flight goes on without its first caller; a leader takes its followers along."""
    callers = Callers(world.composed("single_flight", control=control))

    async def story():
        tasks = await wait_for_tokens(callers, world, 3)
        assert callers.cancel_longest()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert outcomes(results) == [CallerCancelled, *others]

    world.run(story())


def test_the_next_one_to_be_cancelled_is_the_next_oldest(world):
    """Two at the same instant are two callers; then one is left, and after it nobody."""
    callers = Callers(world.strategy("single_flight"))

    async def story():
        tasks = await wait_for_tokens(callers, world, 3)
        assert [callers.cancel_longest() for _ in range(2)] == [True, True]
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert outcomes(results) == [CallerCancelled, CallerCancelled, "t1"]
        assert not callers.cancel_longest()

    world.run(story())


def test_a_caller_is_cancelled_while_its_refused_token_is_replaced(world):
    """What waits in ``rejected`` waits for the strategy as well."""
    callers = Callers(world.strategy("reactive_cas"))

    async def story():
        token = await callers.token()
        waiting = asyncio.create_task(callers.rejected(token, 1))
        await world.clock.sleep(LATENCY // 2)
        assert callers.cancel_longest()
        with pytest.raises(CallerCancelled):
            await waiting

    world.run(story())


def test_the_end_of_a_run_ends_a_caller_who_was_cancelled_as_well(world):
    """Cancelled by both, its task must end and not go on with another operation."""
    callers = Callers(world.strategy("single_flight"))

    async def story():
        (task,) = await wait_for_tokens(callers, world, 1)
        callers.cancel_longest()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    world.run(story())


def test_a_clock_is_right_until_it_is_put_off_and_gains_from_then_on(world):
    """At 1 h it is put 5 s behind and gains 1 %: a second hour later it is 36 - 5 s ahead."""
    clock = ErrantClock(world.clock)

    async def story():
        await clock.sleep(HOUR)
        assert clock.now() == world.clock.now() == HOUR
        clock.put_off(since=HOUR, offset=-5 * SECOND, drift_ppm=PPM // 100)
        assert clock.now() == HOUR - 5 * SECOND
        await world.clock.sleep(HOUR)
        assert clock.now() == 2 * HOUR + 31 * SECOND

    world.run(story())


@pytest.mark.parametrize("drift_ppm", [-PPM // 10, -7, 0, 7, PPM // 10])
def test_a_sleep_lasts_until_the_clock_itself_has_moved_on(world, drift_ppm):
    """Whoever sleeps until an instant must not wake before it, or it would sleep for ever."""
    clock = ErrantClock(world.clock)
    clock.put_off(since=0, offset=3, drift_ppm=drift_ppm)

    async def story():
        for span in (1, 10, 999_999, HOUR):
            wake_at = clock.now() + span
            await clock.sleep(span)
            assert wake_at <= clock.now() <= wake_at + 2

    world.run(story())
