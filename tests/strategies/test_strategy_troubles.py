"""What a strategy does when it is refused, cancelled, or told 401 by the API.

The token endpoint takes 200 ms and its tokens last an hour. Time is virtual.
"""

import asyncio
import gc
from dataclasses import replace

import pytest

from tests.strategies.strategy_world import LATENCY, OVERLOADED, REACTIVE, WORKERS, World
from tokenrace.clock import SECOND
from tokenrace.strategies.compose import compose
from tokenrace.strategies.contract import Prompt, Strategy, TokenUnavailable
from tokenrace.strategies.presets import PRESETS
from tokenrace.token import Token


@pytest.fixture
def world():
    return World()


# When the token endpoint fails.


async def refusals(strategy: Strategy) -> list[TokenUnavailable]:
    """Let twenty workers ask at once, and return how each was refused."""
    calls = [strategy.token() for _ in range(WORKERS)]
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert all(isinstance(answer, TokenUnavailable) for answer in answers)
    return answers


def test_behind_a_mutex_workers_fail_one_after_the_other(world):
    """Oracle O9: 20 workers x 200 ms each under the lock, so the last one waits 4 s."""

    async def story():
        world.endpoint.denied = OVERLOADED
        await refusals(world.strategy("mutex_double_checked"))
        assert world.endpoint.asked_at == [n * LATENCY for n in range(WORKERS)]
        assert world.clock.now() == 4 * SECOND

    world.run(story())


def test_in_a_single_flight_workers_share_one_failure(world):
    """Oracle O9, the other side: one request, one failure for all, 200 ms."""

    async def story():
        world.endpoint.denied = OVERLOADED
        errors = await refusals(world.strategy("single_flight"))
        assert {error.denied for error in errors} == {OVERLOADED}
        assert (world.issued, world.clock.now()) == (1, LATENCY)

    world.run(story())


# When a caller is cancelled.


def test_a_cancelled_leader_of_a_mutex_costs_a_second_token(world):
    """Cancelling does not undo an issue under way, and the next in line asks again at once."""

    async def story():
        strategy = world.strategy("mutex_double_checked")
        leader, follower = [asyncio.create_task(strategy.token()) for _ in range(2)]
        await world.clock.sleep(LATENCY // 2)
        leader.cancel()
        assert (await follower).value == "t2"
        assert world.endpoint.asked_at == [0, LATENCY // 2]

    world.run(story())


def test_a_flight_goes_on_without_its_leader(world):
    """The follower gets the token the cancelled leader asked for, when it would have come."""

    async def story():
        strategy = world.strategy("single_flight")
        leader, follower = [asyncio.create_task(strategy.token()) for _ in range(2)]
        await world.clock.sleep(LATENCY // 2)
        leader.cancel()
        assert (await follower).value == "t1"
        assert (world.issued, world.clock.now()) == (1, LATENCY)

    world.run(story())


def test_a_peek_promises_nothing_while_a_flight_without_callers_is_under_way(world):
    """t1 is kept and fresh, but refused, and the caller who had it replaced has gone."""

    async def story():
        strategy = world.strategy("reactive_cas")
        token = await strategy.token()
        only = asyncio.create_task(strategy.rejected(token, 1))
        await world.clock.sleep(LATENCY // 2)
        only.cancel()
        await world.clock.sleep(LATENCY // 4)
        assert strategy.peek() is None
        await world.clock.sleep(LATENCY // 4)
        assert strategy.peek().token.value == "t2"

    world.run(story())


def test_a_flight_without_callers_lands_and_its_token_is_kept(world):
    """Until it has landed, peek promises nothing."""

    async def story():
        strategy = world.strategy("single_flight")
        only = asyncio.create_task(strategy.token())
        await world.clock.sleep(LATENCY // 2)
        only.cancel()
        await world.clock.sleep(LATENCY // 4)
        assert strategy.peek() is None
        await world.clock.sleep(LATENCY // 4)
        assert strategy.peek() is not None
        assert (await strategy.token()).value == "t1"
        assert world.issued == 1

    world.run(story())


class WithheldEndpoint:
    """Answers when the test says so."""

    def __init__(self):
        self.answer = asyncio.get_running_loop().create_future()

    async def issue(self):
        return await self.answer


def test_a_flight_that_fails_without_callers_is_nobodys_error(world):
    """On the stock event loop, which complains of an error that nobody has looked at as soon as its
    task is collected."""
    complaints = []

    async def story():
        asyncio.get_running_loop().set_exception_handler(
            lambda _, context: complaints.append(context)
        )
        endpoint = WithheldEndpoint()
        ports = replace(world.ports, endpoint=endpoint)
        only = asyncio.create_task(compose(PRESETS["single_flight"].composition, ports).token())
        await asyncio.sleep(0)
        only.cancel()
        with pytest.raises(asyncio.CancelledError):
            await only
        endpoint.answer.set_result(OVERLOADED)
        for _ in range(3):
            await asyncio.sleep(0)  # the flight lands

    asyncio.run(story())
    gc.collect()
    assert complaints == []


def test_a_process_that_ends_takes_its_flight_with_it(world):
    """The flight itself is cancelled, as all tasks are when an event loop shuts down; a follower
    sees the cancellation and the next caller starts anew."""

    async def story():
        strategy = world.strategy("single_flight")
        tasks = [asyncio.create_task(strategy.token()) for _ in range(2)]
        await world.clock.sleep(LATENCY // 2)
        for task in asyncio.all_tasks() - {asyncio.current_task(), *tasks}:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert all(task.cancelled() for task in tasks)
        assert (await strategy.token()).value == "t2"

    world.run(story())


# When the API says 401.


async def refreshed_after_401(world: World, preset: str) -> tuple[Strategy, Token]:
    """Get t1, have it refused and replaced by t2; return t1."""
    strategy = world.strategy(preset)
    dead = await strategy.token()
    assert await strategy.rejected(dead, 1)
    assert (await strategy.token()).value == "t2"
    return strategy, dead


def test_a_late_401_costs_an_unconditional_refresher_one_more_token(world):
    """t1 has been replaced when a slow call brings its 401: t2, a good token, is thrown away."""

    async def story():
        strategy, dead = await refreshed_after_401(world, "reactive_unconditional")
        assert await strategy.rejected(dead, 1)
        assert (await strategy.token()).value == "t3"

    world.run(story())


def test_a_late_401_costs_nothing_when_tokens_are_compared(world):
    """The caller is sent back with t2, which it can use at once."""

    async def story():
        strategy, dead = await refreshed_after_401(world, "reactive_cas")
        before = world.clock.now()
        assert await strategy.rejected(dead, 1)
        assert (await strategy.token()).value == "t2"
        assert (world.issued, world.clock.now()) == (2, before)

    world.run(story())


@pytest.mark.parametrize(
    ("preset", "tokens"), [("reactive_unconditional", 1 + WORKERS), ("reactive_cas", 2)]
)
def test_twenty_workers_meet_one_dead_token(world, preset, tokens):
    """Each has a successor issued, or they share one: what makes a storm and what does not."""

    async def story():
        strategy = world.strategy(preset)
        dead = await strategy.token()
        calls = [strategy.rejected(dead, 1) for _ in range(WORKERS)]
        assert await asyncio.gather(*calls) == [True] * WORKERS
        assert world.issued == tokens

    world.run(story())


@pytest.mark.parametrize("preset", REACTIVE)
def test_a_401_stays_a_401_when_no_other_token_is_to_be_had(world, preset):
    """The refresh is refused, so there is no next call."""

    async def story():
        strategy = world.strategy(preset)
        dead = await strategy.token()
        world.endpoint.denied = OVERLOADED
        assert await strategy.rejected(dead, 1) is False
        assert world.issued == 2

    world.run(story())


@pytest.mark.parametrize("preset", REACTIVE)
def test_the_retry_budget_can_be_set(world, preset):
    """With two retries the second 401 is answered as the first was, the third is not. With one
    left, the strategy cannot answer at once."""

    async def story():
        strategy = world.strategy(preset, retries=2)
        assert isinstance(strategy, Prompt)
        dead = await strategy.token()
        assert strategy.rejected_now(dead, 2) is None
        assert await strategy.rejected(dead, 2)
        assert not await strategy.rejected(dead, 3)

    world.run(story())
