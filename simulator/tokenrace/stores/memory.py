"""A store in the memory of one process: shared by its workers, and by nobody else."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tokenrace.clock import Clock, Ticks
from tokenrace.stores.contract import Lease, Record, TokenStore, version_of
from tokenrace.stores.row_queue import RowQueue, comes_within
from tokenrace.token import Token


@dataclass(slots=True)
class MemoryStore:
    """A record and a lease, kept as long as the process lives. Never unavailable.

    ``clock`` tells when a lease lapses.
    """

    clock: Clock
    _record: Record | None = field(default=None, init=False)
    _writes: int = field(default=0, init=False)
    _lease: Lease | None = field(default=None, init=False)
    _leases_granted: int = field(default=0, init=False)
    _queue: RowQueue = field(default_factory=RowQueue, init=False)

    def snapshot(self) -> Record | None:
        """Return the record at once."""
        return self._record

    async def read(self) -> Record | None:
        """Return the record, or None before the first write."""
        return self._record

    async def write(self, token: Token | None, *, expected_version: int | None = None) -> bool:
        """Replace the record; with ``expected_version``, only if that is still its version."""
        if expected_version not in (None, version_of(self._record)):
            return False
        self._record = self.next_record(token)
        self._writes += 1
        return True

    def next_record(self, token: Token | None) -> Record | None:
        """Return what the record is once ``token`` is written."""
        return None if token is None else Record(token, self._writes + 1)

    async def acquire(self, holder: str, ttl: Ticks) -> Lease | None:
        """Take the lease if nobody has it."""
        assert ttl > 0, ttl
        now = self.clock.now()
        if self._lease is not None and now < self._lease.lapses_at:
            return None
        self._leases_granted += 1
        self._lease = Lease(holder, self._leases_granted, now + ttl)
        return self._lease

    async def release(self, lease: Lease) -> bool:
        """Give ``lease`` back if it is still the current one."""
        if self._lease != lease or self.clock.now() >= lease.lapses_at:
            return False
        self._lease = None
        return True

    def lease(self) -> Lease | None:
        """Return the lease that somebody has now."""
        held = self._lease
        return held if held is not None and self.clock.now() < held.lapses_at else None

    def lose_lease(self) -> bool:
        """Forget the lease; return whether somebody had one."""
        is_held = self.lease() is not None
        self._lease = None
        return is_held

    async def delete_lease(self) -> None:
        """End the lease, whoever has it."""
        self._lease = None

    @asynccontextmanager
    async def hold(self, wait: Ticks) -> AsyncIterator[TokenStore | None]:
        """Hold the lock on the record, by agreement only: what is written is there at once."""
        turn = self._queue.join()
        try:
            yield self if await comes_within(turn, wait) else None
        finally:
            self._queue.leave(turn)
