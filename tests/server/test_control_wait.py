"""The control API: waiting for counts."""

import asyncio

import pytest

from tests.server.served_world import in_a_world
from tokenrace.clock import MINUTE
from tokenrace.server.counts import Counts
from tokenrace.server.watch import WAITING_MAX, Watch


def test_a_wait_ends_when_the_counts_have_come_so_far():
    """It begins at one issue, sleeps through a call, and is woken by the second issue."""

    async def act():
        watch = Watch()
        waiting = asyncio.create_task(watch.until({"tokens_issued": 2}, Counts(), MINUTE))
        await asyncio.sleep(0)
        watch.changed(Counts(tokens_issued=1, calls=1))
        await asyncio.sleep(0)
        assert not waiting.done()
        watch.changed(Counts(tokens_issued=2))
        assert await waiting is True

    asyncio.run(act())


def test_a_wait_for_what_is_so_already_ends_at_once():
    """The answer is the state."""

    async def act(world):
        await world.issue()
        status, state = await world.control("POST", "wait", {"tokens_issued": 1})
        assert (status, state["counts"]["tokens_issued"]) == (200, 1)

    in_a_world(act)


def test_a_wait_that_is_not_met_answers_408_with_the_state():
    """A millisecond, and nobody asks for a token."""

    async def act(world):
        body = {"tokens_issued": 1, "within": "1ms"}
        status, state = await world.control("POST", "wait", body)
        assert (status, state["counts"]["tokens_issued"]) == (408, 0)
        assert world.served.watch._waiting == {}

    in_a_world(act)


@pytest.mark.parametrize(
    ("body", "where", "what"),
    [
        ({"within": "1s"}, "", "names nothing to wait for, such as tokens_issued"),
        ({"calls": -1}, "calls", "must be at least 0, got -1"),
        ({"calls": 1, "within": "11m"}, "within", "must be at most 10m, got 11m"),
        ({"call": 1}, "call", "unknown key; did you mean 'calls'?"),
    ],
)
def test_a_wrong_wait_is_told(body, where, what):
    """Nobody waits for something that cannot be."""

    async def act(world):
        assert (await world.problems("POST", "wait", body))[where] == what

    in_a_world(act)


def test_a_stopping_server_wakes_who_waits():
    """Or a wait of ten minutes would hold up its end; nobody new waits either."""

    async def act():
        watch = Watch()
        waiting = asyncio.create_task(watch.until({"calls": 1}, Counts(), MINUTE))
        await asyncio.sleep(0)
        watch.end()
        assert await waiting is False
        assert await watch.until({"calls": 1}, Counts(), MINUTE) is False

    asyncio.run(act())


def test_only_so_many_may_wait():
    """One more than WAITING_MAX is sent away with 429: memory is bounded."""

    async def act(world):
        futures = [asyncio.get_running_loop().create_future() for _ in range(WAITING_MAX)]
        world.served.watch._waiting = {future: {"calls": 10} for future in futures}
        status, answer = await world.control("POST", "wait", {"calls": 1})
        assert (status, answer["problems"][0]["what"]) == (429, "too many wait already")

    in_a_world(act)
    assert WAITING_MAX == 1_000
    assert Watch().is_full is False
