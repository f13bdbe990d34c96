"""A world for one strategy or a fleet of them: an endpoint, a store and virtual time.

The token endpoint takes 200 ms and its tokens last an hour.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from tokenrace.clock import HOUR, MILLISECOND, Clock, Ticks
from tokenrace.distributions import Stream
from tokenrace.engine.clocks import LoopClock
from tokenrace.engine.loop import VirtualLoop
from tokenrace.fleet.broker import BrokerDesk
from tokenrace.stores.contract import Lease, Record, StoreUnavailable
from tokenrace.stores.memory import MemoryStore
from tokenrace.strategies.broker_scope import Broker
from tokenrace.strategies.compose import Ports, compose
from tokenrace.strategies.composing import composed_of, override
from tokenrace.strategies.contract import Denied, Strategy
from tokenrace.strategies.split import part_of
from tokenrace.token import Token

LATENCY = 200 * MILLISECOND
WORKERS = 20
OVERLOADED = Denied(status=503, error="server_error")
ROW_LOCKS = ("sql_row_lock", "host_file_lock")
FLEET_WIDE = (
    "shared_cache_no_lock",
    "shared_lock",
    "xfetch",
    "lease_cas",
    "partitioned",
    *ROW_LOCKS,
)
REACTIVE = ("reactive_unconditional", "reactive_cas", "lease_cas", "partitioned", "token_broker")


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

    async def write(self, token: Token | None, *, expected_version: int | None = None) -> bool:
        self._reach("write")
        return await self.memory.write(token, expected_version=expected_version)

    async def acquire(self, holder: str, ttl: Ticks) -> Lease | None:
        self._reach("acquire")
        return await self.memory.acquire(holder, ttl)

    async def release(self, lease: Lease) -> bool:
        self._reach("release")
        return await self.memory.release(lease)

    async def delete_lease(self) -> None:
        self._reach("release")
        await self.memory.delete_lease()

    @asynccontextmanager
    async def hold(self, wait: Ticks) -> AsyncIterator["CountingStore | None"]:
        self._reach("hold")
        async with self.memory.hold(wait) as held:
            yield None if held is None else self

    def _reach(self, call: str) -> None:
        if call in self.cut:
            raise StoreUnavailable(call)


@dataclass
class DirectLine:
    """A line to the broker that takes ``distance`` each way, for all processes at once.

    Nothing comes or goes while ``is_cut``.
    """

    clock: Clock
    desk: BrokerDesk = field(init=False)
    distance: Ticks = 0
    asked: int = 0
    is_cut: bool = False
    listeners: list[Callable[[Token], None]] = field(default_factory=list)

    async def current(self) -> Token:
        return await self._ask(self.desk.current)

    async def other_than(self, refused: Token) -> Token:
        return await self._ask(partial(self.desk.other_than, refused.value))

    def listen(self, take: Callable[[Token], None]) -> None:
        self.listeners.append(take)

    def tell(self, token: Token) -> None:
        if not self.is_cut:
            for take in self.listeners:
                take(token)

    async def _ask(self, answer: Callable[[], Awaitable[Token]]) -> Token:
        if self.is_cut:
            raise StoreUnavailable("broker")
        self.asked += 1
        await self.clock.sleep(self.distance)
        token = await answer()
        await self.clock.sleep(self.distance)
        return token


class World:
    """A virtual loop, an endpoint, a store and a broker; strategies are made for processes in
    it."""

    def __init__(self) -> None:
        self.loop = VirtualLoop()
        self.clock = LoopClock(self.loop)
        self.endpoint = SteadyEndpoint(self.clock)
        self.store = CountingStore(MemoryStore(self.clock), self.clock)
        self.line = DirectLine(self.clock)
        self.shards: dict[int, Ports] = {}
        self.ports = Ports(
            endpoint=self.endpoint,
            clock=self.clock,
            stream=Stream(0),
            store=self.store,
            leases=self.store,
            row_locks=self.store,
            snapshot=self.store.memory.snapshot,
            holder="p0",
            broker=self.line,
            shard=self.shard,
        )
        self.open_broker(Broker(renew_at=1.0, min_interval=0))

    def shard(self, number: int) -> Ports:
        """Return the ports of one part of the fleet's work; the first has the store above."""
        if number not in self.shards:
            store = (
                self.store if number == 0 else CountingStore(MemoryStore(self.clock), self.clock)
            )
            own = store.memory.snapshot
            self.shards[number] = replace(self.ports, store=store, leases=store, snapshot=own)
        return self.shards[number]

    def open_broker(self, rules: Broker) -> None:
        """Have a broker that goes by ``rules``, instead of the one there is."""
        self.line.desk = BrokerDesk.of(rules, self.ports, self.line.tell)

    def strategy(self, preset: str, **settings: Ticks) -> Strategy:
        """Return a preset's strategy for a new process; of one that is split, its first part."""
        return part_of(compose(override(preset, settings.items()), self.ports), 0)

    def composed(self, preset: str, **axes: str) -> Strategy:
        """Return a strategy for a new process: a preset with other words on some axes."""
        return compose(composed_of(preset, axes, ()), self.ports)

    def run(self, story: Coroutine[Any, Any, None]) -> None:
        """Tell ``story`` to its end."""
        self.loop.run_until_complete(story)

    @property
    def issued(self) -> int:
        """How many tokens were asked for."""
        return len(self.endpoint.asked_at)


async def at_once(calls: list[Awaitable[Token]]) -> list[str]:
    """Await all and return the tokens' values."""
    return [token.value for token in await asyncio.gather(*calls)]
