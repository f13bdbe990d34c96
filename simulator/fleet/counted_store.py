"""A store that counts what a process asks of it: a strategy's cost in store calls."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from simulator.clock import Ticks
from simulator.stores.contract import Lease, Record, RowLocks, SharedStore, TokenStore
from simulator.token import Token
from simulator.trace.tally import ClientTally


class CountedStore:
    """``store``, with every call counted: reads as reads, all others as writes."""

    __slots__ = ("_store", "_tally")

    def __init__(self, store: SharedStore, tally: ClientTally) -> None:
        self._store = store
        self._tally = tally

    async def read(self) -> Record | None:
        """Count and read."""
        self._tally.store_reads += 1
        return await self._store.read()

    async def write(self, token: Token | None, *, expected_version: int | None = None) -> bool:
        """Count and write."""
        self._tally.store_writes += 1
        return await self._store.write(token, expected_version=expected_version)

    async def acquire(self, holder: str, ttl: Ticks) -> Lease | None:
        """Count and ask for the lease."""
        self._tally.store_writes += 1
        return await self._store.acquire(holder, ttl)

    async def release(self, lease: Lease) -> bool:
        """Count and give the lease back."""
        self._tally.store_writes += 1
        return await self._store.release(lease)

    async def delete_lease(self) -> None:
        """Count and end the lease."""
        self._tally.store_writes += 1
        await self._store.delete_lease()


def counted_locks(store: SharedStore, tally: ClientTally) -> RowLocks | None:
    """Return the locks of ``store``, with every call counted; None where it has none."""
    return CountedRowLocks(store, tally) if isinstance(store, RowLocks) else None


class CountedRowLocks:
    """``locks``, with every call counted: taking one and giving it back as a write each."""

    __slots__ = ("_locks", "_tally")

    def __init__(self, locks: RowLocks, tally: ClientTally) -> None:
        self._locks = locks
        self._tally = tally

    @asynccontextmanager
    async def hold(self, wait: Ticks) -> AsyncIterator[TokenStore | None]:
        """Count and hold."""
        self._tally.store_writes += 1
        async with self._locks.hold(wait) as record:
            if record is None:
                yield None
                return
            yield _CountedRecord(record, self._tally)
            self._tally.store_writes += 1


class _CountedRecord:
    __slots__ = ("_record", "_tally")

    def __init__(self, record: TokenStore, tally: ClientTally) -> None:
        self._record = record
        self._tally = tally

    async def read(self) -> Record | None:
        self._tally.store_reads += 1
        return await self._record.read()

    async def write(self, token: Token | None, *, expected_version: int | None = None) -> bool:
        self._tally.store_writes += 1
        return await self._record.write(token, expected_version=expected_version)
