"""Strategies that are several in one process: clients that know nothing of each other; shards."""

import asyncio
from dataclasses import replace

import pytest

from tests.scenario.scenario_text import SMALLEST
from tests.scenario.test_scenario_faults import read
from tests.strategies.strategy_world import WORKERS, World
from tokenrace.errors import RunError, ScenarioError
from tokenrace.strategies.compose import compose
from tokenrace.strategies.composing import composed_of
from tokenrace.strategies.presets import PRESETS
from tokenrace.strategies.split import SplitStrategy, part_of


@pytest.fixture
def world():
    return World()


def split(world, preset, axes, **settings):
    """Return a whole process's strategy."""
    return compose(composed_of(preset, axes, settings.items()), world.ports)


async def tokens_of(strategy, workers):
    """Let each of the workers want a token at once; return their values."""
    parts = (part_of(strategy, worker) for worker in range(workers))
    return [token.value for token in await asyncio.gather(*(part.token() for part in parts))]


def test_each_client_has_a_token_issued_and_a_lock_of_its_own(world):
    """Twenty workers, five clients with single-flight: five tokens, each for four workers."""

    async def story():
        ours = split(world, "single_flight", {"scope": "clients"}, clients=5)
        got = await tokens_of(ours, WORKERS)
        assert world.issued == 5
        assert got == [f"t{1 + worker % 5}" for worker in range(WORKERS)]
        assert await tokens_of(ours, WORKERS) == got

    world.run(story())


def test_a_rejected_token_is_replaced_in_its_own_client_only(world):
    """The client of worker 1 gets another; that of worker 0 keeps its own."""

    async def story():
        ours = split(world, "reactive_cas", {"scope": "clients"}, clients=2)
        await tokens_of(ours, 2)
        assert await part_of(ours, 1).rejected(await part_of(ours, 1).token(), 1)
        assert await tokens_of(ours, 4) == ["t1", "t3", "t1", "t3"]

    world.run(story())


def test_shards_have_one_token_each_for_all_processes(world):
    """Two processes of eight workers, four shards: four tokens, not eight. A refused one is
    replaced for its own shard, in both processes."""

    async def story():
        first, second = (split(world, "partitioned", {}) for _ in range(2))
        got = await tokens_of(first, 8)
        assert sorted(set(got)) == ["t1", "t2", "t3", "t4"]
        assert got[:4] == got[4:]
        assert await tokens_of(second, 8) == got
        assert world.issued == 4
        refused = await part_of(second, 2).token()
        assert await part_of(second, 2).rejected(refused, 1)
        got[2] = got[6] = "t5"
        assert await tokens_of(first, 8) == got

    world.run(story())


def test_one_shard_is_lease_cas(world):
    """The number of shards is all the difference there is."""
    one = composed_of("partitioned", {}, [("shards", 1)])
    lease_cas = PRESETS["lease_cas"].composition

    assert replace(one, scope=lease_cas.scope) == lease_cas
    assert not isinstance(compose(one, world.ports), SplitStrategy)


def test_a_caller_without_a_number_uses_the_first_part(world):
    """A split strategy is a strategy, which promises nothing for the next instant."""

    async def story():
        ours = split(world, "partitioned", {})
        token = await ours.token()
        assert (await part_of(ours, 4).token()) == token
        assert ours.peek() is None
        assert await ours.rejected(token, 1)
        assert (await ours.token()).value == "t2"

    world.run(story())


def test_an_engine_that_cannot_divide_its_store_has_no_shards(world):
    """Said at once, and not with a fleet that shares one record after all."""
    ports = replace(world.ports, shard=None)
    with pytest.raises(RunError, match="this engine cannot divide its store into shards"):
        compose(PRESETS["partitioned"].composition, ports)


@pytest.mark.parametrize(("scope", "count"), [("clients", "clients"), ("partitioned", "shards")])
def test_there_is_at_least_one_part(scope, count):
    """None would leave every worker without a strategy."""
    with pytest.raises(ValueError, match=f"{count} must be at least 1, got 0"):
        composed_of("single_flight", {"scope": scope}, [(count, 0)])


@pytest.mark.parametrize("entry", ["partitioned", "{name: ours, scope: partitioned}"])
def test_on_the_wire_there_are_no_shards(entry):
    """Said when the file is read, at the strategy; the virtual engine takes it."""
    text = SMALLEST.replace("single_flight", entry)
    with pytest.raises(ScenarioError, match="partitioned is only on the virtual engine: a real"):
        read(text)

    assert read(text.replace("duration: 1h", "duration: 1h\n  engine: virtual"))


def test_a_deploy_brings_no_shards_to_the_wire():
    """Nor may a fault."""
    text = f"{SMALLEST}faults: [{{at: 1m, deploy: {{strategy: partitioned, every: 1s}}}}]\n"
    with pytest.raises(ScenarioError, match=r"faults\[0\]\.deploy"):
        read(text)
