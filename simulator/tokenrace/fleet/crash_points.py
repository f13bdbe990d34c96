"""Thin ports that tell how far a process has come with its next token.

Either engine puts them around the ports of a process that a fault waits for, and decides what
follows: a crash of the process at a point, or the end of a caller when a request is on its way. A
strategy that keeps its token in memory never comes to ``stored_not_released``: it stores nothing.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Literal, Protocol

from tokenrace.clock import Ticks
from tokenrace.stores.contract import Lease, Record, RowLocks, SharedStore, TokenStore
from tokenrace.strategies.contract import Denied, TokenEndpoint
from tokenrace.token import Token

CrashPoint = Literal["before_issue", "issued_not_stored", "stored_not_released"]


class RefreshWatch(Protocol):
    """Is told how far one process has come; every call is made by the code of that process."""

    def reached(self, point: CrashPoint) -> None:
        """Learn that the process is at ``point``, and has done nothing since.

        ``before_issue``: it is about to send a token request. ``issued_not_stored``: it has got the
        token. ``stored_not_released``: a write of a token was acknowledged; a lock under which it
        was written has not been given back (where the store has transactions, that write is not
        committed yet). Need not return.
        """
        ...

    def has_left(self) -> None:
        """Learn that a token request is on its way; called in the next turn of the loop."""
        ...


@dataclass(frozen=True, slots=True)
class WatchedEndpoint:
    """``endpoint``, of which ``watch`` is told."""

    endpoint: TokenEndpoint
    watch: RefreshWatch

    async def issue(self) -> Token | Denied:
        """Ask for a new token."""
        self.watch.reached("before_issue")
        asyncio.get_running_loop().call_soon(self.watch.has_left)
        answer = await self.endpoint.issue()
        if isinstance(answer, Token):
            self.watch.reached("issued_not_stored")
        return answer


@dataclass(frozen=True, slots=True)
class WatchedStore:
    """``store``, of whose writes ``watch`` is told."""

    store: SharedStore
    watch: RefreshWatch

    async def read(self) -> Record | None:
        """Read."""
        return await self.store.read()

    async def write(self, token: Token | None, *, expected_version: int | None = None) -> bool:
        """Write."""
        is_written = await self.store.write(token, expected_version=expected_version)
        if is_written and token is not None:
            self.watch.reached("stored_not_released")
        return is_written

    async def acquire(self, holder: str, ttl: Ticks) -> Lease | None:
        """Ask for the lease."""
        return await self.store.acquire(holder, ttl)

    async def release(self, lease: Lease) -> bool:
        """Give the lease back."""
        return await self.store.release(lease)

    async def delete_lease(self) -> None:
        """End the lease."""
        await self.store.delete_lease()


def watched_locks(locks: RowLocks | None, watch: RefreshWatch) -> RowLocks | None:
    """Return ``locks``, of whose holders' writes ``watch`` is told; None where there are none."""
    return None if locks is None else _WatchedRowLocks(locks, watch)


@dataclass(frozen=True, slots=True)
class _WatchedRowLocks:
    _locks: RowLocks
    _watch: RefreshWatch

    @asynccontextmanager
    async def hold(self, wait: Ticks) -> AsyncIterator[TokenStore | None]:
        async with self._locks.hold(wait) as record:
            yield None if record is None else _WatchedRecord(record, self._watch)


@dataclass(frozen=True, slots=True)
class _WatchedRecord:
    _record: TokenStore
    _watch: RefreshWatch

    async def read(self) -> Record | None:
        return await self._record.read()

    async def write(self, token: Token | None, *, expected_version: int | None = None) -> bool:
        is_written = await self._record.write(token, expected_version=expected_version)
        if is_written and token is not None:
            self._watch.reached("stored_not_released")
        return is_written
