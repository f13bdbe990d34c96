"""The store as a client process meets it while a fault of the store lasts.

What makes a store silent is done to the store itself (``store_conductor.py``): here is noted who
met it. A slow store is made here: each call sets out later.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

from simulator.clock import Clock, Ticks
from simulator.simulation.fleet_faults import StoreTrouble
from simulator.simulation.wire.strikes import Strikes
from simulator.stores.contract import (
    Lease,
    Record,
    RowLocks,
    SharedStore,
    StoreUnavailable,
    TokenStore,
)
from simulator.token import Token

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreTroubles:
    """What the calls of one process meet. ``clock`` is the run's, not the process's own.

    A call of a silent store fails after ``answer_within``, also where the store could say so at
    once: a file that is away.
    """

    troubles: Sequence[StoreTrouble]
    clock: Clock
    strikes: Strikes
    answer_within: Ticks

    async def met_by(self, call: Callable[[], Awaitable[T]]) -> T:
        """Make ``call``, later where the store is slow, and note which trouble it met."""
        await self.delay()
        made_at = self.clock.now()
        try:
            result = await call()
        except StoreUnavailable:
            self._note(made_at, failed=True)
            if self._now("down", made_at):
                await self.clock.sleep(made_at + self.answer_within - self.clock.now())
            raise
        self._note(made_at, failed=False)
        return result

    async def delay(self) -> None:
        """Wait as long as a call has to that is made now."""
        now = self.clock.now()
        slow = [trouble for trouble in self._now("slow", now) if trouble.by]
        for trouble in slow:
            self.strikes.struck(trouble.fault, now, "the store is slow")
        await self.clock.sleep(sum(trouble.by for trouble in slow))

    def _note(self, made_at: Ticks, *, failed: bool) -> None:
        """A call met a silent store if it failed, or hung until the store spoke again."""
        now = self.clock.now()
        for trouble in self._now("down", made_at):
            if failed or now >= trouble.until:
                self.strikes.struck(trouble.fault, made_at, "the store is down")

    def _now(self, kind: str, at: Ticks) -> list[StoreTrouble]:
        return [each for each in self.troubles if each.kind == kind and each.at <= at < each.until]


@dataclass(frozen=True, slots=True)
class TroubledStore:
    """``store`` in its ``troubles``."""

    store: SharedStore
    troubles: StoreTroubles

    async def read(self) -> Record | None:
        """Read, perhaps later."""
        return await self.troubles.met_by(self.store.read)

    async def write(self, token: Token | None, *, expected_version: int | None = None) -> bool:
        """Write, perhaps later."""
        return await self.troubles.met_by(
            lambda: self.store.write(token, expected_version=expected_version)
        )

    async def acquire(self, holder: str, ttl: Ticks) -> Lease | None:
        """Ask for the lease, perhaps later."""
        return await self.troubles.met_by(lambda: self.store.acquire(holder, ttl))

    async def release(self, lease: Lease) -> bool:
        """Give the lease back, perhaps later."""
        return await self.troubles.met_by(lambda: self.store.release(lease))

    async def delete_lease(self) -> None:
        """End the lease, perhaps later."""
        await self.troubles.met_by(self.store.delete_lease)


@dataclass(frozen=True, slots=True)
class TroubledLocks:
    """``locks`` in their ``troubles``."""

    locks: RowLocks
    troubles: StoreTroubles

    @asynccontextmanager
    async def hold(self, wait: Ticks) -> AsyncIterator[TokenStore | None]:
        """Hold, perhaps later. To let go of the lock is a call as well."""
        async with AsyncExitStack() as stack:
            record = await self.troubles.met_by(
                lambda: stack.enter_async_context(self.locks.hold(wait))
            )
            yield None if record is None else _TroubledRecord(record, self.troubles)
            if record is not None:
                await self.troubles.delay()


@dataclass(frozen=True, slots=True)
class _TroubledRecord:
    record: TokenStore
    troubles: StoreTroubles

    async def read(self) -> Record | None:
        return await self.troubles.met_by(self.record.read)

    async def write(self, token: Token | None, *, expected_version: int | None = None) -> bool:
        return await self.troubles.met_by(
            lambda: self.record.write(token, expected_version=expected_version)
        )
