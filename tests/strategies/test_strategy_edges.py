"""What a strategy over a store waits for, to the tick and to the single await.

``ports`` lends no endpoint: a strategy that asked for a token here would fail.
"""

import asyncio
from types import coroutine

import pytest

from tokenrace.clock import HOUR, MILLISECOND, MINUTE, SECOND
from tokenrace.distributions import Stream
from tokenrace.engine.clocks import LoopClock
from tokenrace.engine.loop import VirtualLoop
from tokenrace.rng import Streams
from tokenrace.stores.contract import Record
from tokenrace.stores.memory import MemoryStore
from tokenrace.strategies.compose import Ports, compose
from tokenrace.strategies.presets import PRESETS
from tokenrace.strategies.trigger import Leeway
from tokenrace.token import Token

STRANGERS = Token("the stranger's", 0, HOUR)
READ = object()


def ports(clock, store):
    return Ports(
        endpoint=None,
        clock=clock,
        stream=Stream(0),
        store=store,
        leases=store,
        snapshot=None,
        holder="p0",
    )


# One read and no other wait: the virtual engine makes that read in the strategy's place.


@coroutine
def driven_by_hand(what):
    """Wait for whoever drives the coroutine, and return what they send."""
    return (yield what)


class StoreByHand:
    """Every read waits for the test to answer it."""

    async def read(self):
        return await driven_by_hand(READ)


class StillClock:
    """Noon, for ever."""

    def now(self):
        return 12 * HOUR


@pytest.mark.parametrize("preset", ["shared_cache_no_lock", "shared_lock"])
def test_with_a_fresh_record_the_one_thing_awaited_is_one_read(preset):
    """Driven by hand, without an event loop: the first step asks for the record, the second ends
    with its token. A turn given to the loop before or after would show as a step of its own."""
    token = Token("t1", 12 * HOUR, 13 * HOUR)
    composition = PRESETS[preset].composition
    call = compose(composition, ports(StillClock(), StoreByHand())).token()

    assert call.send(None) is READ
    with pytest.raises(StopIteration) as ended:
        call.send(Record(token, 1))
    assert ended.value.value is token


# Waiting for a lease that somebody else has.


def test_who_waits_for_a_lease_takes_the_token_that_appears_meanwhile():
    """The stranger stores its token at 110 ms and keeps the lease for a minute. The look at 150 ms
    finds the token, and nobody waits for the lease any more."""
    loop = VirtualLoop()
    clock = LoopClock(loop)
    store = MemoryStore(clock)
    strategy = compose(PRESETS["shared_lock"].composition, ports(clock, store))

    async def story():
        await store.acquire("stranger", 60 * SECOND)
        waiting = asyncio.create_task(strategy.token())
        await clock.sleep(110 * MILLISECOND)
        await store.write(STRANGERS)
        assert await waiting == STRANGERS
        assert clock.now() == 150 * MILLISECOND

    loop.run_until_complete(story())
    loop.close()


def test_the_jitter_of_a_token_does_not_depend_on_who_else_was_looked_at():
    """Two processes with one stream each; one has seen a token that is gone when it is wanted."""
    law = Leeway(leeway=0, jitter=MINUTE)
    first, second = Token("1", 0, HOUR), Token("2", 0, HOUR)
    looked, did_not = (law.gauge(Streams(1).stream("strategy/p0")) for _ in range(2))
    looked.fresh_until(first)

    assert looked.fresh_until(second) == did_not.fresh_until(second)
    assert looked.fresh_until(second) != looked.fresh_until(first)
    assert HOUR - MINUTE <= looked.fresh_until(first) <= HOUR
