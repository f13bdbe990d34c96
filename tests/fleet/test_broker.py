"""The broker of a fleet, and processes that ask it, on virtual time.

The token endpoint takes 200 ms and its tokens last an hour.
"""

import asyncio

import pytest

from tests.strategies.strategy_world import LATENCY, OVERLOADED, WORKERS, World, at_once
from tokenrace.clock import HOUR, MINUTE, SECOND
from tokenrace.strategies.broker_scope import Broker
from tokenrace.strategies.compose import compose
from tokenrace.strategies.composing import composed_of
from tokenrace.strategies.contract import TokenUnavailable


@pytest.fixture
def world():
    world = World()
    world.open_broker(Broker(renew_at=0.5, min_interval=SECOND))
    return world


def fleet(world, processes, **settings):
    """Return the strategies of several processes with one broker."""
    composition = composed_of("token_broker", {}, settings.items())
    return [compose(composition, world.ports) for _ in range(processes)]


def test_four_cold_processes_ask_for_one_token(world):
    """80 callers come together in their processes and at the broker."""

    async def story():
        strategies = fleet(world, 4)
        calls = [strategy.token() for strategy in strategies for _ in range(WORKERS)]
        assert set(await at_once(calls)) == {"t1"}
        assert world.issued == 1

    world.run(story())


def test_a_new_token_is_pushed_before_anybody_asks(world):
    """At half its life the broker asks, and 200 ms later everybody has the new one at no wait."""

    async def story():
        one, other = fleet(world, 2)
        await at_once([one.token(), other.token()])
        await world.clock.sleep(HOUR // 2 + LATENCY)
        asked = world.line.asked
        assert await at_once([one.token(), other.token()]) == ["t2", "t2"]
        assert world.line.asked == asked
        assert world.endpoint.asked_at == [0, LATENCY + HOUR // 2]

    world.run(story())


def test_a_refused_token_is_replaced_once_however_many_say_so(world):
    """The late 401 of the second process is of a token that the broker has replaced."""

    async def story():
        one, other = fleet(world, 2)
        dead = await one.token()
        await other.token()
        await world.clock.sleep(MINUTE)
        assert await asyncio.gather(one.rejected(dead, 1), other.rejected(dead, 1)) == [True, True]
        assert (await one.token()).value == "t2"
        assert await other.rejected(dead, 1) is True
        assert world.issued == 2

    world.run(story())


def test_a_401_about_something_else_is_no_reason_to_ask_all_the_time(world):
    """Within min_interval of an issue a 401 is answered with what there is: nothing else."""

    async def story():
        (only,) = fleet(world, 1)
        token = await only.token()
        await world.clock.sleep(SECOND - 1)
        assert await only.rejected(token, 1) is False
        assert world.issued == 1
        await world.clock.sleep(1)
        assert await only.rejected(token, 1) is True
        assert world.issued == 2

    world.run(story())


def test_without_its_broker_a_process_goes_on_to_the_end_of_its_token(world):
    """The broker renews at half the life and nobody hears of it; at the expiry there is nothing."""

    async def story():
        (only,) = fleet(world, 1)
        token = await only.token()
        world.line.is_cut = True
        await world.clock.sleep(HOUR - 1)
        assert await only.token() == token
        await world.clock.sleep(1)
        with pytest.raises(TokenUnavailable) as raised:
            await only.token()
        assert raised.value.denied.error == "store_unavailable"

    world.run(story())


def test_who_polls_learns_of_a_new_token_at_the_next_poll(world):
    """Told at 200 ms and asking each minute, it asks next at 30 min 0.2 s, when the broker has been
    asking for its second token since that very tick."""

    async def story():
        (only,) = fleet(world, 1, delivery="poll", poll_every=MINUTE)
        await only.token()
        await world.clock.sleep(MINUTE - 1)
        await only.token()
        assert world.line.asked == 1
        await world.clock.sleep(1)
        assert (await only.token()).value == "t1"
        assert world.line.asked == 2
        await world.clock.sleep(HOUR // 2)
        assert (await only.token()).value == "t2"

    world.run(story())


def test_who_polls_in_vain_goes_on_with_what_it_has(world):
    """A poll that is not answered is made again a poll later, while the token lasts."""

    async def story():
        (only,) = fleet(world, 1, delivery="poll", poll_every=MINUTE)
        token = await only.token()
        world.line.is_cut = True
        await world.clock.sleep(5 * MINUTE)
        assert await only.token() == token

    world.run(story())


def test_the_failure_of_the_broker_is_everybodys(world):
    """The token endpoint says no: each process hears it, and the next one who asks has it asked
    again."""

    async def story():
        world.endpoint.denied = OVERLOADED
        one, other = fleet(world, 2)
        await world.line.desk.open()
        outcomes = await asyncio.gather(one.token(), other.token(), return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [TokenUnavailable] * 2
        assert world.issued == 2

    world.run(story())
