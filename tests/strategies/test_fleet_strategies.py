"""What strategies of several processes do to each other, with and without a store.

The token endpoint takes 200 ms and its tokens last an hour. Time is virtual.
"""

import asyncio
from dataclasses import replace

import pytest

from tests.strategies.strategy_world import FLEET_WIDE, LATENCY, OVERLOADED, WORKERS, World, at_once
from tokenrace.clock import MILLISECOND, SECOND
from tokenrace.strategies.compose import compose
from tokenrace.strategies.composing import override
from tokenrace.strategies.composition import Composition
from tokenrace.strategies.contract import Strategy, TokenUnavailable
from tokenrace.strategies.flight import SingleFlight
from tokenrace.strategies.lease_scope import LEASE_TIMEOUT
from tokenrace.strategies.presets import PRESETS
from tokenrace.strategies.row_lock_scope import LOCK_TIMEOUT


@pytest.fixture
def world():
    return World()


def fleet(world: World, composition: Composition, processes: int) -> list[Strategy]:
    """Return the strategies of several processes."""
    return [
        compose(composition, replace(world.ports, holder=f"p{number}"))
        for number in range(processes)
    ]


@pytest.mark.parametrize(
    ("preset", "tokens"),
    [("single_flight", 4), ("shared_cache_no_lock", 4 * WORKERS), ("shared_lock", 1)],
)
def test_four_cold_processes_ask_for_so_many_tokens(world, preset, tokens):
    """A lock inside a process knows of no other; one of the fleet does."""

    async def story():
        strategies = fleet(world, PRESETS[preset].composition, 4)
        await at_once([strategy.token() for strategy in strategies for _ in range(WORKERS)])
        assert world.issued == tokens

    world.run(story())


@pytest.mark.parametrize("preset", FLEET_WIDE)
def test_a_process_uses_the_token_another_has_stored(world, preset):
    """The second process finds t1 in the store and asks for nothing."""

    async def story():
        one, other = fleet(world, PRESETS[preset].composition, 2)
        assert await one.token() == await other.token()
        assert world.issued == 1

    world.run(story())


@pytest.mark.parametrize("preset", FLEET_WIDE)
def test_no_peek_over_a_store_that_cannot_be_looked_into(world, preset):
    """Without a snapshot the strategy is stepped."""

    async def story():
        ports = replace(world.ports, snapshot=None)
        strategy = compose(PRESETS[preset].composition, ports)
        await strategy.token()
        assert strategy.peek() is None

    world.run(story())


def test_a_lease_shorter_than_the_token_call_has_several_holders(world):
    """shared_lock with a lease of 100 ms, a token call of 250 ms and a look every 50 ms: leases are
    granted at 0, 100 and 200 ms, and at 250 ms the first token is stored for all the others."""

    async def story():
        world.endpoint.latency = 250 * MILLISECOND
        lock_ttl = 100 * MILLISECOND
        composition = override("shared_lock", [("lock_ttl", lock_ttl)])
        strategies = fleet(world, composition, WORKERS)
        await at_once([strategy.token() for strategy in strategies])
        assert world.endpoint.asked_at == [0, lock_ttl, 2 * lock_ttl]

    world.run(story())


@pytest.mark.parametrize("poll", [50 * MILLISECOND, 5 * SECOND])
def test_who_waits_for_a_lease_in_vain_fails(world, poll):
    """Somebody keeps it for a minute; the wait of 12 s ends with one last try, also where 12 s are
    no multiple of the poll."""

    async def story():
        await world.store.acquire("stranger", 60 * SECOND)
        with pytest.raises(TokenUnavailable) as unavailable:
            await world.strategy("shared_lock", poll=poll).token()
        assert unavailable.value.denied == LEASE_TIMEOUT
        assert (world.clock.now(), world.issued) == (12 * SECOND, 0)

    world.run(story())


def test_the_lease_of_a_crashed_holder_passes_on_when_it_lapses(world):
    """It holds for its 10 s, and the next look finds it free."""

    async def story():
        await world.store.acquire("crashed", 10 * SECOND)
        assert (await world.strategy("shared_lock").token()).value == "t1"
        assert world.endpoint.asked_at == [10 * SECOND]

    world.run(story())


def test_a_new_holder_looks_again_before_it_asks(world):
    """A store read takes 300 ms. The first process reads nothing until 300 ms, takes the lease,
    reads nothing until 600 ms, stores t1 and gives the lease back at 800 ms. The second reads the
    store as it is at 790 ms, still empty, until 1090 ms. It gets the lease and finds t1."""

    async def story():
        world.store.read_latency = 300 * MILLISECOND
        one, other = fleet(world, PRESETS["shared_lock"].composition, 2)
        first = asyncio.create_task(one.token())
        await world.clock.sleep(790 * MILLISECOND)
        assert (await other.token()).value == (await first).value == "t1"
        assert world.issued == 1
        assert world.clock.now() == (790 + 300 + 300) * MILLISECOND

    world.run(story())


def test_a_flight_looks_again_before_it_asks(world):
    """single_flight over a slow store, composed for the purpose. A read takes 300 ms: the first
    flight looks until 600 ms and stores t1 at 800 ms. A worker that read the empty store at 700 ms
    knows so at 1000 ms, when that flight has landed, and starts one of its own."""

    async def story():
        world.store.read_latency = 300 * MILLISECOND
        composition = replace(PRESETS["shared_cache_no_lock"].composition, control=SingleFlight())
        strategy = compose(composition, world.ports)
        first = asyncio.create_task(strategy.token())
        await world.clock.sleep(700 * MILLISECOND)
        assert (await strategy.token()).value == (await first).value == "t1"
        assert (world.issued, world.clock.now()) == (1, 1300 * MILLISECOND)

    world.run(story())


def test_a_lease_that_cannot_be_given_back_costs_no_token(world):
    """It lapses by itself after 10 s, so that the caller need not care."""

    async def story():
        strategy = world.strategy("shared_lock")
        world.store.cut = {"release"}
        assert (await strategy.token()).value == "t1"
        assert await world.store.acquire("next", SECOND) is None
        await world.clock.sleep(10 * SECOND)
        assert await world.store.acquire("next", SECOND) is not None

    world.run(story())


@pytest.mark.parametrize("denied", [None, OVERLOADED])
def test_the_lease_is_given_back_when_the_work_is_done(world, denied):
    """Whether or not it brought a token."""

    async def story():
        world.endpoint.denied = denied
        await asyncio.gather(world.strategy("shared_lock").token(), return_exceptions=True)
        assert await world.store.acquire("next", SECOND) is not None

    world.run(story())


@pytest.mark.parametrize(
    ("preset", "wait"), [("sql_row_lock", 12 * SECOND), ("host_file_lock", 5 * SECOND)]
)
def test_who_waits_for_the_lock_on_the_record_in_vain_fails(world, preset, wait):
    """Somebody stands still while holding it: the lock has no lifetime, only the wait ends."""

    async def story():
        async with world.store.hold(0):
            with pytest.raises(TokenUnavailable) as unavailable:
                await world.strategy(preset).token()
            assert unavailable.value.denied == LOCK_TIMEOUT
            assert (world.clock.now(), world.issued) == (wait, 0)
        assert (await world.strategy(preset).token()).value == "t1"

    world.run(story())


def test_a_slow_token_endpoint_meets_one_holder_of_the_lock_on_the_record(world):
    """A token call of a minute: a lease of 10 s had several holders by then, a row lock has one.
    Those who have waited long enough go without."""

    async def story():
        world.endpoint.latency = 60 * SECOND
        one, other = fleet(world, PRESETS["sql_row_lock"].composition, 2)
        first = asyncio.create_task(one.token())
        await world.clock.sleep(SECOND)
        with pytest.raises(TokenUnavailable):
            await other.token()
        assert (await first).value == "t1"
        assert world.endpoint.asked_at == [0]

    world.run(story())


def test_who_waits_for_a_file_lock_looks_every_quarter_of_a_second(world):
    """The token call takes 600 ms: tries at 250, 500 and 750 ms, and the last finds the token."""

    async def story():
        world.endpoint.latency = 600 * MILLISECOND
        one, other = fleet(world, PRESETS["host_file_lock"].composition, 2)
        assert await at_once([one.token(), other.token()]) == ["t1", "t1"]
        assert (world.clock.now(), world.issued) == (750 * MILLISECOND, 1)

    world.run(story())


def test_a_refused_token_call_lets_go_of_the_lock_on_the_record(world):
    """The next in line asks at once, with no lease to wait out."""

    async def story():
        world.endpoint.denied = OVERLOADED
        one, other = fleet(world, PRESETS["sql_row_lock"].composition, 2)
        await asyncio.gather(one.token(), other.token(), return_exceptions=True)
        assert world.endpoint.asked_at == [0, LATENCY]

    world.run(story())
