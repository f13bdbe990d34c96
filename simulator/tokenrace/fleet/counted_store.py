"""A store that counts what a process asks of it, and which of its calls fail."""

from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import TypeVar

from tokenrace.clock import Clock, Ticks
from tokenrace.stores.contract import (
    Lease,
    Record,
    RowLocks,
    SharedStore,
    StoreUnavailable,
    TokenStore,
)
from tokenrace.token import Token
from tokenrace.trace.tally import ClientTally

T = TypeVar("T")
_REASON_LETTERS = 120


@dataclass(frozen=True, slots=True)
class StoreTally:
    """Counts the calls of the store of one process in ``tally``, by the run's ``clock``."""

    tally: ClientTally
    clock: Clock

    async def reads(self, operation: str, call: Awaitable[T]) -> T:
        """Count and make a call that reads."""
        self.tally.store_reads += 1
        with self.failing(operation):
            return await call

    async def writes(self, operation: str, call: Awaitable[T]) -> T:
        """Count and make a call that changes something."""
        self.tally.store_writes += 1
        with self.failing(operation):
            return await call

    @contextmanager
    def failing(self, operation: str) -> Iterator[None]:
        """Count ``operation`` as failed where the block raises ``StoreUnavailable``, which passes
        through."""
        try:
            yield
        except StoreUnavailable as error:
            lines = str(error).splitlines() or ["no answer"]
            self.tally.store_failed(operation, lines[0][:_REASON_LETTERS], self.clock.now())
            raise


class CountedStore:
    """``store``, with every call counted: reads as reads, all others as writes."""

    __slots__ = ("_counts", "_store")

    def __init__(self, store: SharedStore, counts: StoreTally) -> None:
        self._store = store
        self._counts = counts

    async def read(self) -> Record | None:
        """Count and read."""
        return await self._counts.reads("read", self._store.read())

    async def write(self, token: Token | None, *, expected_version: int | None = None) -> bool:
        """Count and write."""
        written = self._store.write(token, expected_version=expected_version)
        return await self._counts.writes("write", written)

    async def acquire(self, holder: str, ttl: Ticks) -> Lease | None:
        """Count and ask for the lease."""
        return await self._counts.writes("acquire", self._store.acquire(holder, ttl))

    async def release(self, lease: Lease) -> bool:
        """Count and give the lease back."""
        return await self._counts.writes("release", self._store.release(lease))

    async def delete_lease(self) -> None:
        """Count and end the lease."""
        await self._counts.writes("delete_lease", self._store.delete_lease())


def counted_locks(store: SharedStore, counts: StoreTally) -> RowLocks | None:
    """Return the locks of ``store``, with every call counted; None where it has none."""
    return CountedRowLocks(store, counts) if isinstance(store, RowLocks) else None


class CountedRowLocks:
    """``locks``, with every call counted: taking one and giving it back as a write each."""

    __slots__ = ("_counts", "_locks")

    def __init__(self, locks: RowLocks, counts: StoreTally) -> None:
        self._locks = locks
        self._counts = counts

    @asynccontextmanager
    async def hold(self, wait: Ticks) -> AsyncIterator[TokenStore | None]:
        """Count and hold."""
        counts = self._counts
        async with AsyncExitStack() as stack:
            record = await counts.writes("hold", stack.enter_async_context(self._locks.hold(wait)))
            if record is None:
                yield None
                return
            yield _CountedRecord(record, counts)
            await counts.writes("hold", stack.aclose())


class _CountedRecord:
    __slots__ = ("_counts", "_record")

    def __init__(self, record: TokenStore, counts: StoreTally) -> None:
        self._record = record
        self._counts = counts

    async def read(self) -> Record | None:
        return await self._counts.reads("read", self._record.read())

    async def write(self, token: Token | None, *, expected_version: int | None = None) -> bool:
        written = self._record.write(token, expected_version=expected_version)
        return await self._counts.writes("write", written)
