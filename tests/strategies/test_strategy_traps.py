"""Kinds on the axes that nobody would choose, and that are shipped: how each goes wrong."""

import asyncio
from dataclasses import replace

import pytest

from tests.simulation.virtual_runs import ROTATION, a_plan, a_run
from tests.strategies.strategy_world import LATENCY, OVERLOADED, World, at_once
from tokenrace.clock import HOUR, MILLISECOND, MINUTE, SECOND
from tokenrace.strategies.compose import compose
from tokenrace.strategies.composing import composed_of
from tokenrace.strategies.contract import TokenUnavailable


@pytest.fixture
def world():
    return World()


def strategy(world, preset, axes, **settings):
    """Return a strategy for a new process: a preset with other words on some axes."""
    return compose(composed_of(preset, axes, settings.items()), world.ports)


def test_who_comes_while_another_refreshes_is_turned_away(world):
    """Twenty at once: one has a token issued, nineteen fail, as with axios-auth-refresh."""

    async def story():
        ours = strategy(world, "reactive_cas", {"control": "turn_away"})
        got = await asyncio.gather(*(ours.token() for _ in range(20)), return_exceptions=True)
        assert [token.value for token in got if not isinstance(token, Exception)] == ["t1"]
        away = [each for each in got if isinstance(each, TokenUnavailable)]
        assert [each.outcome for each in away] == ["refused"] * 19
        assert {each.denied.error for each in away} == {"refresh_under_way"}
        assert (await ours.token()).value == "t1"

    world.run(story())


def test_nobody_is_turned_away_after_a_failure(world):
    """The lock is free again: the next caller asks."""

    async def story():
        ours = strategy(world, "single_flight", {"control": "turn_away"})
        world.endpoint.denied = OVERLOADED
        with pytest.raises(TokenUnavailable):
            await ours.token()
        world.endpoint.denied = None
        assert (await ours.token()).value == "t2"

    world.run(story())


async def ageing(world, ours):
    """Let ``ours`` get its first token, and that become old enough to be renewed early."""
    await ours.token()
    await world.clock.sleep(HOUR - 225 * SECOND)


def test_a_flag_that_is_set_late_lets_several_flights_off(world):
    """Five callers within the 2 ms that a flight takes to begin start one each; a sixth, when the
    first is under way, none. All have the old token at once."""

    async def story():
        ours = strategy(world, "stale_async", {"control": "late_flag"}, spawn=2 * MILLISECOND)
        await ageing(world, ours)
        assert await at_once([ours.token() for _ in range(5)]) == ["t1"] * 5
        await world.clock.sleep(2 * MILLISECOND)
        assert (await ours.token()).value == "t1"
        await world.clock.sleep(LATENCY)
        assert world.issued == 1 + 5
        assert (await ours.token()).value == "t6"

    world.run(story())


def test_a_flag_that_is_set_in_time_lets_one_flight_off(world):
    """The same with the flag set by the caller."""

    async def story():
        ours = strategy(world, "stale_async", {})
        await ageing(world, ours)
        await at_once([ours.token() for _ in range(5)])
        await world.clock.sleep(LATENCY)
        assert world.issued == 2

    world.run(story())


def test_a_late_flight_that_fails_is_nobodys_failure(world):
    """The flag is down again, and the next caller starts another, with the old token in hand."""

    async def story():
        ours = strategy(world, "stale_async", {"control": "late_flag"}, pause=0)
        await ageing(world, ours)
        world.endpoint.denied = OVERLOADED
        assert (await ours.token()).value == "t1"
        await world.clock.sleep(SECOND)
        world.endpoint.denied = None
        assert (await ours.token()).value == "t1"
        await world.clock.sleep(SECOND)
        assert (await ours.token()).value == "t3"

    world.run(story())


@pytest.mark.parametrize("on_401", ["evict", "evict_if_same", "mint", "mint_if_same"])
def test_a_layered_cache_gives_a_refused_token_again(world, on_401):
    """Whatever the outer layer does about it: no token is issued, and the refused one comes back,
    up to the last tick before the inner leeway."""

    async def story():
        axes = {"scope": "layered", "on_401": on_401}
        ours = strategy(world, "single_flight", axes, retries=1, inner_leeway=5 * MINUTE)
        first = await ours.token()
        for _ in range(5):
            await ours.rejected(first, 1)
            assert await ours.token() == first
        assert world.issued == 1
        await world.clock.sleep(first.expires_at - 5 * MINUTE - 1 - world.clock.now())
        await ours.rejected(first, 1)
        assert await ours.token() == first
        await world.clock.sleep(1)
        await ours.rejected(first, 1)
        assert (await ours.token()).value == "t2"

    world.run(story())


def test_a_late_flight_looks_before_it_asks(world):
    """A flight takes 300 ms to begin and 200 ms to land. One started 250 ms after the first begins
    when that has landed, and finds its token."""

    async def story():
        ours = strategy(world, "stale_async", {"control": "late_flag"}, spawn=300 * MILLISECOND)
        await ageing(world, ours)
        await ours.token()
        await world.clock.sleep(250 * MILLISECOND)
        await ours.token()
        await world.clock.sleep(SECOND)
        assert world.issued == 1 + 1

    world.run(story())


@pytest.mark.parametrize("cap", [1, 2, 4])
@pytest.mark.parametrize(
    ("preset", "axes", "settings"),
    [
        ("stale_async", {"control": "late_flag"}, {"advisory": 60 * SECOND, "spawn": SECOND // 20}),
        ("single_flight", {"scope": "layered", "on_401": "evict"}, {"inner_leeway": 60 * SECOND}),
        ("reactive_cas", {"control": "turn_away"}, {"leeway": 20 * SECOND}),
        ("reactive_cas", {"scope": "clients"}, {"clients": 2}),
        ("partitioned", {}, {"shards": 3}),
    ],
    ids=["late_flag", "layered", "turn_away", "clients", "partitioned"],
)
def test_the_history_is_the_same_stepped_and_skipped(preset, axes, settings, cap):
    """Three processes of four workers, three rotations: what each promises by ``peek`` is kept."""
    recipe = composed_of(preset, axes, settings.items())
    small = a_plan(processes=3, workers=4, cap=cap, duration=3 * ROTATION)
    plan = replace(small, recipe=recipe)
    skipped, stepped = (a_run(plan, skips_calm=skips) for skips in (True, False))

    assert skipped[0] == stepped[0]
    assert skipped[1].clients.operations == stepped[1].clients.operations
    assert skipped[1].provider == stepped[1].provider
