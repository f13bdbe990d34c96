"""The store as a client process meets it, in its faults and without.

What makes a store silent is done to the store itself (``store_conductor.py``): here is noted who
met it. A slow store is made here: each call sets out later. A call that fails says whether the
scenario explains that: a real store can fail unasked, and then the run says nothing.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

from tokenrace.clock import Clock, Ticks
from tokenrace.faults.planned import Pause, StoreTrouble
from tokenrace.simulation.wire.strikes import Strikes
from tokenrace.stores.contract import (
    Lease,
    Record,
    RowLocks,
    SharedStore,
    StoreUnavailable,
    TokenStore,
    UnplannedOutage,
)
from tokenrace.token import Token
from tokenrace.trace.tally import AS_PLANNED

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreTroubles:
    """What the calls of one process meet. ``clock`` is the run's, not the process's own.

    A call of a silent store fails after ``answer_within``, also where the store could say so at
    once: a file that is away.
    """

    troubles: Sequence[StoreTrouble]
    pauses: Sequence[Pause]
    clock: Clock
    strikes: Strikes
    answer_within: Ticks

    async def met_by(self, call: Callable[[], Awaitable[T]]) -> T:
        """Make ``call``, later where the store is slow, and note which trouble it met."""
        await self.delay()
        made_at = self.clock.now()
        try:
            result = await call()
        except StoreUnavailable as error:
            self._note(made_at, failed=True)
            if self._now("down", made_at):
                await self.clock.sleep(made_at + self.answer_within - self.clock.now())
            raise self.told(error, made_at) from error
        self._note(made_at, failed=False)
        return result

    def told(self, error: StoreUnavailable, made_at: Ticks) -> StoreUnavailable:
        """Return ``error`` of a call made at ``made_at`` as one that says whether it was planned.

        A process that stands still may hold what others wait for, and a store takes a call to
        answer again.
        """
        text = str(error)
        if isinstance(error, UnplannedOutage) or text.startswith(AS_PLANNED):
            return error
        spans = [(each.at, each.until) for each in self.troubles if each.kind != "lag"]
        spans += [(each.at, each.at + each.span) for each in self.pauses]
        now = self.clock.now()
        if any(at <= now and made_at < until + self.answer_within for at, until in spans):
            return StoreUnavailable(f"{AS_PLANNED}: {text}")
        return UnplannedOutage(text)

    async def delay(self) -> None:
        """Wait as long as a call has to that is made now."""
        now = self.clock.now()
        slow = [trouble for trouble in self._now("slow", now) if trouble.by]
        for trouble in slow:
            self.strikes.struck(trouble, now)
        await self.clock.sleep(sum(trouble.by for trouble in slow))

    def _note(self, made_at: Ticks, *, failed: bool) -> None:
        """A call met a silent store if it failed, or hung until the store spoke again."""
        now = self.clock.now()
        for trouble in self._now("down", made_at):
            if failed or now >= trouble.until:
                self.strikes.struck(trouble, made_at)

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
        asked_at = self.troubles.clock.now()
        try:
            async with AsyncExitStack() as stack:
                record = await self.troubles.met_by(
                    lambda: stack.enter_async_context(self.locks.hold(wait))
                )
                yield None if record is None else _TroubledRecord(record, self.troubles)
                if record is not None:
                    await self.troubles.delay()
        except StoreUnavailable as error:
            raise self.troubles.told(error, asked_at) from error


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
