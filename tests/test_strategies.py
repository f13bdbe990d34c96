"""One contract over every preset, then what each promises alone, and what it does not.

The token endpoint here takes 200 ms and its tokens last an hour. Time is virtual.
"""

import asyncio
import gc
from collections.abc import Awaitable, Coroutine
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from simulator.clock import HOUR, MILLISECOND, SECOND, Clock, Ticks
from simulator.engine.clocks import LoopClock
from simulator.engine.loop import VirtualLoop
from simulator.rng import Stream
from simulator.stores.contract import Lease, Record, StoreUnavailable
from simulator.stores.memory import MemoryStore
from simulator.strategies.compose import Ports, compose
from simulator.strategies.composition import Composition
from simulator.strategies.contract import Denied, Held, Prompt, Strategy, TokenUnavailable
from simulator.strategies.fleet_scope import LEASE_TIMEOUT
from simulator.strategies.presets import PRESETS, override
from simulator.token import Token

LATENCY = 200 * MILLISECOND
WORKERS = 20
OVERLOADED = Denied(status=503, error="server_error")
FLEET_WIDE = ("shared_cache_no_lock", "shared_lock")
REACTIVE = ("reactive_unconditional", "reactive_cas")


@dataclass
class SteadyEndpoint:
    """Answers each request after ``latency``: with token ``t1``, ``t2``... or with ``denied``.

    ``latencies`` are the first requests' own. What was asked is done even if the caller has gone.
    """

    clock: Clock
    latency: Ticks = LATENCY
    latencies: list[Ticks] = field(default_factory=list)
    denied: Denied | None = None
    asked_at: list[Ticks] = field(default_factory=list)
    under_way: int = 0
    under_way_peak: int = 0

    async def issue(self) -> Token | Denied:
        self.asked_at.append(self.clock.now())
        name = f"t{len(self.asked_at)}"
        latency = self.latencies.pop(0) if self.latencies else self.latency
        self.under_way += 1
        self.under_way_peak = max(self.under_way_peak, self.under_way)
        try:
            await self.clock.sleep(latency)
        finally:
            self.under_way -= 1
        now = self.clock.now()
        return self.denied or Token(name, now, now + HOUR)


@dataclass
class CountingStore:
    """A memory store that counts its reads, answers them late, and can be cut off.

    A read sees the record as it was when asked. ``cut`` names the calls that fail.
    """

    memory: MemoryStore
    clock: Clock
    read_latency: Ticks = 0
    reads: int = 0
    cut: set[str] = field(default_factory=set)

    async def read(self) -> Record | None:
        self._reach("read")
        self.reads += 1
        record = self.memory.snapshot()
        await self.clock.sleep(self.read_latency)
        return record

    async def write(self, token: Token, *, expected_version: int | None = None) -> bool:
        self._reach("write")
        return await self.memory.write(token, expected_version=expected_version)

    async def acquire(self, holder: str, ttl: Ticks) -> Lease | None:
        self._reach("acquire")
        return await self.memory.acquire(holder, ttl)

    async def release(self, lease: Lease) -> bool:
        self._reach("release")
        return await self.memory.release(lease)

    def _reach(self, call: str) -> None:
        if call in self.cut:
            raise StoreUnavailable(call)


class World:
    """A virtual loop, an endpoint and a store; strategies are made for processes in it."""

    def __init__(self) -> None:
        self.loop = VirtualLoop()
        self.clock = LoopClock(self.loop)
        self.endpoint = SteadyEndpoint(self.clock)
        self.store = CountingStore(MemoryStore(self.clock), self.clock)
        self.ports = Ports(
            endpoint=self.endpoint,
            clock=self.clock,
            stream=Stream(0),
            store=self.store,
            leases=self.store,
            snapshot=self.store.memory.snapshot,
            holder="p0",
        )

    def strategy(self, preset: str, **settings: Ticks) -> Strategy:
        """Return a preset's strategy for a new process."""
        return compose(override(preset, settings.items()), self.ports)

    def run(self, story: Coroutine[Any, Any, None]) -> None:
        """Tell ``story`` to its end."""
        self.loop.run_until_complete(story)

    @property
    def issued(self) -> int:
        """How many tokens were asked for."""
        return len(self.endpoint.asked_at)


@pytest.fixture
def world():
    made = World()
    yield made
    made.loop.close()


async def at_once(calls: list[Awaitable[Token]]) -> list[str]:
    """Await all and return the tokens' values."""
    return [token.value for token in await asyncio.gather(*calls)]


every_preset = pytest.mark.parametrize("preset", PRESETS)
every_caching_preset = pytest.mark.parametrize(
    "preset", [p for p in PRESETS if p != "mint_per_call"]
)


# The contract.


@every_preset
def test_a_token_is_one_that_was_issued(world, preset):
    """The first call of a process waits for one answer."""

    async def story():
        assert await world.strategy(preset).token() == Token("t1", LATENCY, LATENCY + HOUR)
        assert world.endpoint.asked_at == [0]

    world.run(story())


@every_caching_preset
def test_a_token_is_kept_until_its_leeway_begins(world, preset):
    """One tick before that, the same token at no wait; at it, another."""

    async def story():
        strategy = world.strategy(preset)
        token = await strategy.token()
        leeway = PRESETS[preset].composition.trigger.leeway
        await world.clock.sleep(HOUR - leeway - 1)
        assert await strategy.token() == token
        assert world.issued == 1
        await world.clock.sleep(1)
        assert (await strategy.token()).value == "t2"

    world.run(story())


@every_preset
def test_a_peek_is_what_token_then_does(world, preset):
    """Nothing is promised before the first token. After it ``token()`` keeps the promise up to its
    last tick, with the store reads it named and no other effect."""

    async def story():
        strategy = world.strategy(preset)
        assert strategy.peek() is None
        token = await strategy.token()
        held = strategy.peek()
        if preset == "mint_per_call":
            assert held is None
            return
        reads = int(preset in FLEET_WIDE)
        leeway = PRESETS[preset].composition.trigger.leeway
        assert held == Held(token, LATENCY + HOUR - leeway, reads)
        await world.clock.sleep(held.until - 1 - world.clock.now())
        assert strategy.peek() == held
        reads_before = world.store.reads
        assert await strategy.token() == token
        assert (world.issued, world.store.reads - reads_before) == (1, reads)
        await world.clock.sleep(1)
        assert strategy.peek() is None

    world.run(story())


@every_preset
def test_a_peek_promises_nothing_while_a_refresh_is_under_way(world, preset):
    """The second of two answers, 100 ms after the first, would break the promise."""

    async def story():
        world.endpoint.latencies = [LATENCY, LATENCY + 100 * MILLISECOND]
        strategy = world.strategy(preset)
        calls = asyncio.gather(strategy.token(), strategy.token())
        await world.clock.sleep(LATENCY - 1)
        assert strategy.peek() is None
        await world.clock.sleep(50 * MILLISECOND)
        is_under_way = world.endpoint.under_way > 0
        assert (strategy.peek() is None) == (is_under_way or preset == "mint_per_call")
        await calls

    world.run(story())


@every_preset
def test_a_refusal_reaches_the_caller_and_is_not_remembered(world, preset):
    """The caller learns what the endpoint said; the next caller asks again, and gets a token."""

    async def story():
        strategy = world.strategy(preset)
        world.endpoint.denied = OVERLOADED
        with pytest.raises(TokenUnavailable) as refused:
            await strategy.token()
        assert refused.value.denied is OVERLOADED
        assert strategy.peek() is None
        world.endpoint.denied = None
        assert (await strategy.token()).value == "t2"

    world.run(story())


@every_preset
def test_a_cancelled_caller_harms_nobody_else(world, preset):
    """Of three callers the first is cancelled half-way through the refresh."""

    async def story():
        strategy = world.strategy(preset)
        first, *others = [asyncio.create_task(strategy.token()) for _ in range(3)]
        await world.clock.sleep(LATENCY // 2)
        first.cancel()
        assert len(await at_once(others)) == 2
        assert first.cancelled()

    world.run(story())


@every_preset
def test_without_a_retry_left_a_401_is_the_callers(world, preset):
    """Then the strategy does nothing, and says so at once if asked so."""

    async def story():
        strategy = world.strategy(preset)
        token = await strategy.token()
        attempt = 2 if preset in REACTIVE else 1
        assert isinstance(strategy, Prompt)
        assert strategy.rejected_now(token, attempt) is False
        assert await strategy.rejected(token, attempt) is False
        assert world.issued == 1

    world.run(story())


@every_preset
@pytest.mark.parametrize("call", ["read", "write", "acquire"])
def test_a_store_that_does_not_answer_leaves_a_process_that_needs_it_without_a_token(
    world, preset, call
):
    """Strategies that keep their token in memory do not notice."""
    needed = {
        "shared_cache_no_lock": ("read", "write"),
        "shared_lock": ("read", "write", "acquire"),
    }

    async def story():
        strategy = world.strategy(preset)
        world.store.cut = {call}
        if call not in needed.get(preset, ()):
            assert (await strategy.token()).value == "t1"
            return
        with pytest.raises(TokenUnavailable) as unavailable:
            await strategy.token()
        assert unavailable.value.denied == Denied(status=None, error="store_unavailable")
        world.store.cut = set()
        assert await strategy.token()

    world.run(story())


# How many tokens a cold process asks for.


@pytest.mark.parametrize(
    ("preset", "tokens", "at_a_time"),
    [
        ("mint_per_call", WORKERS, WORKERS),
        ("check_then_act", WORKERS, WORKERS),
        ("mutex_no_recheck", WORKERS, 1),
        ("mutex_double_checked", 1, 1),
        ("single_flight", 1, 1),
        ("reactive_unconditional", WORKERS, WORKERS),
        ("reactive_cas", 1, 1),
        ("shared_cache_no_lock", WORKERS, WORKERS),
        ("shared_lock", 1, 1),
    ],
)
def test_twenty_cold_workers_ask_for_so_many_tokens(world, preset, tokens, at_a_time):
    """Oracle O7 and its likes: what a process costs the provider when its cache is empty."""

    async def story():
        strategy = world.strategy(preset)
        got = await at_once([strategy.token() for _ in range(WORKERS)])
        assert world.issued == len(set(got)) == tokens
        assert world.endpoint.under_way_peak == at_a_time
        serial = tokens // at_a_time
        assert world.endpoint.asked_at[-1] == (serial - 1) * LATENCY

    world.run(story())


@pytest.mark.parametrize(
    "preset", ["check_then_act", "mutex_double_checked", "single_flight", "shared_lock"]
)
def test_a_leeway_as_long_as_the_lifetime_makes_every_call_ask(world, preset):
    """Oracle O8: with no time in which a token is fresh, tokens = calls."""

    async def story():
        strategy = world.strategy(preset, leeway=HOUR)
        for _ in range(5):
            await strategy.token()
        assert world.issued == 5

    world.run(story())


def test_an_answer_that_comes_late_replaces_a_newer_token(world):
    """check_then_act: t1 takes 300 ms and t2, asked for after it, 200 ms. The last writer wins, so
    the process goes on with t1, which the provider may have evicted for t2."""

    async def story():
        world.endpoint.latencies = [300 * MILLISECOND, 200 * MILLISECOND]
        strategy = world.strategy("check_then_act")
        assert await at_once([strategy.token(), strategy.token()]) == ["t1", "t2"]
        assert (await strategy.token()).value == "t1"

    world.run(story())


def test_no_call_of_mint_per_call_uses_an_earlier_calls_token(world):
    """Three calls in a row, three tokens."""

    async def story():
        strategy = world.strategy("mint_per_call")
        assert [(await strategy.token()).value for _ in range(3)] == ["t1", "t2", "t3"]

    world.run(story())


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


def test_a_flight_that_fails_without_callers_is_nobodys_error(world):
    """Asyncio would complain of an exception that was never retrieved."""
    complaints = []
    world.loop.set_exception_handler(lambda _, context: complaints.append(context))

    async def story():
        world.endpoint.denied = OVERLOADED
        only = asyncio.create_task(world.strategy("single_flight").token())
        await world.clock.sleep(LATENCY // 2)
        only.cancel()
        await world.clock.sleep(LATENCY)
        gc.collect()

    world.run(story())
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


# What a fleet shares.


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


def test_who_waits_for_a_lease_in_vain_fails(world):
    """Somebody keeps it for a minute; the wait of 12 s ends with one last try."""

    async def story():
        await world.store.acquire("stranger", 60 * SECOND)
        with pytest.raises(TokenUnavailable) as unavailable:
            await world.strategy("shared_lock").token()
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
