"""What ties a process to the messages it has sent, in a run in which something befalls processes.

A message goes its way whatever becomes of its sender. So each is carried by a task of nobody's:
a process that stands still reads the answer when it goes on; one that has died never does, and
whatever it still tries while its ``finally`` blocks run does not leave it and has no end.

A message that is back before anything can befall its sender needs no task: its sender waits for it.
"""

import asyncio
from bisect import bisect_left
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from contextvars import copy_context
from dataclasses import dataclass
from typing import Any, TypeVar

from tokenrace.clock import Ticks
from tokenrace.engine.loop import VirtualLoop
from tokenrace.stores.contract import Lease, Record, RowLocks, SharedStore, TokenStore
from tokenrace.token import Token
from tokenrace.user_code.ownership import OWNER

T = TypeVar("T")


class Tether:
    """One life's. ``requests`` counts its token requests that are unanswered, ``under_way`` all
    messages that are, but for those of quiet times: nothing befalls the process within ``patience``
    of them, and no message takes longer than that. ``disturbances`` are the instants at which
    something may, in order; None: at any.
    """

    __slots__ = (
        "_context",
        "_disturbances",
        "_loop",
        "_patience",
        "is_cut",
        "requests",
        "under_way",
    )

    def __init__(
        self, loop: VirtualLoop, disturbances: Sequence[Ticks] | None = None, patience: Ticks = 0
    ) -> None:
        self._loop = loop
        self._disturbances = disturbances
        self._patience = patience
        self._context = copy_context()
        self._context.run(OWNER.set, None)
        self.is_cut = False
        self.requests = 0
        self.under_way = 0

    def _is_quiet(self) -> bool:
        instants, now = self._disturbances, self._loop.now
        if instants is None or self.is_cut:
            return False
        coming = bisect_left(instants, now)
        return coming == len(instants) or instants[coming] > now + self._patience

    async def hold_out(self) -> None:
        """Return at once in a living process, and never in a dead one."""
        if self.is_cut:
            await self._loop.create_future()

    async def request(self, call: Coroutine[Any, Any, T]) -> T:
        """Return what the token request ``call`` brings."""
        if self._is_quiet():
            return await call
        self.requests += 1
        try:
            return await self.carry(call)
        finally:
            if not self.is_cut:
                self.requests -= 1

    async def carry(self, call: Coroutine[Any, Any, T]) -> T:
        """Return what ``call`` brings, which goes on when nobody waits for that any more."""
        if self._is_quiet():
            return await call
        if self.is_cut:
            call.close()
            await self.hold_out()
        self.under_way += 1
        heard: asyncio.Future[T] = self._loop.create_future()
        carrying = self._loop.create_task(call, name="message", context=self._context.copy())

        def arrive(carried: asyncio.Task[T]) -> None:
            self.under_way -= 1
            error = None if carried.cancelled() else carried.exception()
            if heard.done():
                return
            if error is None:
                heard.set_result(carried.result())
            else:
                heard.set_exception(error)
                heard.exception()  # fetched, or asyncio complains where the caller dies now

        carrying.add_done_callback(arrive, context=self._context)
        return await heard


@dataclass(frozen=True, slots=True)
class TetheredStore:
    """``store``, as a process reaches it that may stand still or die."""

    store: SharedStore
    tether: Tether

    async def read(self) -> Record | None:
        """Read."""
        return await self.tether.carry(self.store.read())

    async def write(self, token: Token | None, *, expected_version: int | None = None) -> bool:
        """Write."""
        written = self.store.write(token, expected_version=expected_version)
        return await self.tether.carry(written)

    async def acquire(self, holder: str, ttl: Ticks) -> Lease | None:
        """Ask for the lease."""
        return await self.tether.carry(self.store.acquire(holder, ttl))

    async def release(self, lease: Lease) -> bool:
        """Give the lease back."""
        return await self.tether.carry(self.store.release(lease))

    async def delete_lease(self) -> None:
        """End the lease."""
        await self.tether.carry(self.store.delete_lease())


@dataclass(frozen=True, slots=True)
class TetheredRowLocks:
    """``locks``, as a process reaches them that may die. A holder's messages end with it, as its
    connection does, and its transaction with them."""

    locks: RowLocks
    tether: Tether

    @asynccontextmanager
    async def hold(self, wait: Ticks) -> AsyncIterator[TokenStore | None]:
        """Hold the lock."""
        await self.tether.hold_out()
        async with self.locks.hold(wait) as record:
            yield record
