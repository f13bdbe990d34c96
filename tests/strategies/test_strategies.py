"""One contract over every preset, and how many tokens each asks for.

The token endpoint takes 200 ms and its tokens last an hour. Time is virtual.
"""

import asyncio

import pytest

from tests.strategies.strategy_world import (
    FLEET_WIDE,
    LATENCY,
    OVERLOADED,
    REACTIVE,
    WORKERS,
    World,
    at_once,
)
from tokenrace.clock import HOUR, MILLISECOND, SECOND
from tokenrace.strategies.contract import Denied, Held, Prompt, TokenUnavailable
from tokenrace.strategies.presets import PRESETS
from tokenrace.strategies.trigger import Leeway
from tokenrace.token import Token

SHIPPED = [preset for preset in PRESETS if preset != "oracle"]
"""The oracle keeps no token and asks no endpoint: tests/strategies/test_oracle.py has its own."""
every_preset = pytest.mark.parametrize("preset", SHIPPED)
LEEWAYS = {
    name: preset.composition.trigger.leeway
    for name, preset in PRESETS.items()
    if isinstance(preset.composition.trigger, Leeway) and name in SHIPPED
}


@pytest.fixture
def world():
    return World()


@every_preset
def test_a_token_is_one_that_was_issued(world, preset):
    """The first call of a process waits for one answer."""

    async def story():
        assert await world.strategy(preset).token() == Token("t1", LATENCY, LATENCY + HOUR)
        assert world.endpoint.asked_at == [0]

    world.run(story())


@pytest.mark.parametrize(("preset", "leeway"), LEEWAYS.items())
def test_a_token_is_kept_until_its_leeway_begins(world, preset, leeway):
    """One tick before that, the same token at no wait; at it, another."""

    async def story():
        strategy = world.strategy(preset)
        token = await strategy.token()
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
        assert held == Held(token, held.until, reads)
        if preset in LEEWAYS:
            assert held.until == LATENCY + HOUR - LEEWAYS[preset]
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
    """The second of two answers, 100 ms after the first, would break the promise. Where only one
    asks, the other has its token by then, but for host_file_lock, where it tries again at 250 ms.
    """

    async def story():
        world.endpoint.latencies = [LATENCY, LATENCY + 100 * MILLISECOND]
        strategy = world.strategy(preset)
        calls = asyncio.gather(strategy.token(), strategy.token())
        await world.clock.sleep(LATENCY - 1)
        assert strategy.peek() is None
        await world.clock.sleep(50 * MILLISECOND)
        is_under_way = world.endpoint.under_way > 0 or preset == "host_file_lock"
        assert (strategy.peek() is None) == (is_under_way or preset == "mint_per_call")
        await calls

    world.run(story())


def test_a_peek_promises_nothing_while_somebody_waits_to_refresh(world):
    """mutex_no_recheck: the first has t1, and the second in line is about to replace it."""

    async def story():
        strategy = world.strategy("mutex_no_recheck")

        async def first():
            await strategy.token()
            return strategy.peek()

        held, last = await asyncio.gather(first(), strategy.token())
        assert held is None
        assert strategy.peek().token == last

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
        if preset == "stale_async":  # by its own rule nobody asks for half a minute
            await world.clock.sleep(30 * SECOND)
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
@pytest.mark.parametrize("call", ["read", "write", "acquire", "hold"])
def test_a_store_that_does_not_answer_leaves_a_process_that_needs_it_without_a_token(
    world, preset, call
):
    """Strategies that keep their token in memory do not notice."""
    needed = {
        "shared_cache_no_lock": ("read", "write"),
        "shared_lock": ("read", "write", "acquire"),
        "xfetch": ("read", "write"),
        "lease_cas": ("read", "write", "acquire"),
        "partitioned": ("read", "write", "acquire"),
        "sql_row_lock": ("read", "write", "hold"),
        "host_file_lock": ("read", "write", "hold"),
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
        ("advisory_mandatory", 1, 1),
        ("stale_async", 1, 1),
        ("timer_refresh", 1, 1),
        ("xfetch", WORKERS, WORKERS),
        ("lease_cas", 1, 1),
        ("sql_row_lock", 1, 1),
        ("host_file_lock", 1, 1),
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
    "preset",
    ["check_then_act", "mutex_double_checked", "single_flight", "shared_lock", "sql_row_lock"],
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
