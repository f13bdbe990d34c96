"""A shared store on simulated time: what processes share, at a distance.

Every call takes a round trip, drawn from the caller's own stream, and takes effect when it arrives.
A read returns a copy, as from any store outside the process: never the object that was written.
A read may lag: it then sees the record as it was that long ago, as a replica would. Leases lapse on
the store's own clock. Knows no engine: it waits on the ``Clock`` it is given.

The lock on the record is a queue at the store: a wait for it lasts as long as its holder keeps it,
and each message about it takes its way like any other. What a holder writes becomes the record when
its block ends, as a transaction's commit does.
"""

from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import NoReturn

from tokenrace.clock import Clock, Ticks
from tokenrace.network.fates import NEVER
from tokenrace.network.links import LinkStream
from tokenrace.stores.contract import Lease, Record, StoreUnavailable, TokenStore, version_of
from tokenrace.stores.memory import MemoryStore
from tokenrace.stores.row_queue import RowQueue, Turn, comes_within
from tokenrace.token import Token


def _nothing() -> None:
    """Nobody wants to know."""


def _unwatched(_: Record | None, __: Token) -> None:
    """Nobody looks at what replaces what."""


@dataclass(slots=True)
class SharedState:
    """What a store holds. ``clock`` is the store's own.

    ``lag`` is how far reads are behind writes, now; it never exceeds ``lag_max``. ``before_write``
    is called before a write that will take place, and ``replacing`` with the record it replaces and
    its token.
    """

    clock: Clock
    lag_max: Ticks = 0
    lag: Ticks = 0
    before_write: Callable[[], None] = _nothing
    replacing: Callable[[Record | None, Token], None] = _unwatched
    queue: RowQueue = field(default_factory=RowQueue, init=False)
    _memory: MemoryStore = field(init=False)
    _older: deque[tuple[Ticks, Record | None]] = field(init=False)
    _loses_writes: deque[Callable[[], None]] = field(default_factory=deque, init=False)
    _loses_locks: deque[Callable[[], None]] = field(default_factory=deque, init=False)

    def __post_init__(self) -> None:
        self._memory = MemoryStore(self.clock)
        self._older = deque()  # records that lagging reads may still see, and when each ended

    def visible(self) -> Record | None:
        """Return the record as a read that arrives now sees it."""
        if not self.lag:
            return self._memory.snapshot()
        seen_at = self.clock.now() - self.lag
        older = (record for ended_at, record in self._older if ended_at > seen_at)
        return next(older, self._memory.snapshot())

    def lose_write(self, struck: Callable[[], None]) -> None:
        """Acknowledge the next write that would take place, and do not keep it; then ``struck``."""
        self._loses_writes.append(struck)

    def lose_lock(self, struck: Callable[[], None]) -> None:
        """Forget who holds the lease or the lock on the record, now or as soon as somebody does;
        then ``struck``."""
        is_held = self._memory.lose_lease()
        if self.queue.lose_lock() or is_held:
            struck()
        else:
            self._loses_locks.append(struck)

    def locked(self, turn: Turn) -> None:
        """Learn that ``turn`` has come, and who waited in it holds the lock on the record."""
        if self._loses_locks and self.queue.leave(turn):
            self._loses_locks.popleft()()

    def newest(self) -> Record | None:
        """Return the record as the holder of its lock sees it: without lag."""
        return self._memory.snapshot()

    def after_write(self, token: Token | None) -> Record | None:
        """Return what the record is once ``token`` is written."""
        return self._memory.next_record(token)

    async def write(self, token: Token | None, expected_version: int | None) -> bool:
        """Replace the record now, if it has the expected version; None clears it."""
        record = self._memory.snapshot()
        if expected_version in (None, version_of(record)):
            if self._loses_writes:
                self._loses_writes.popleft()()
                return True
            self.before_write()
            if token is not None:
                self.replacing(record, token)
            if self.lag_max:
                self._keep(record)
        return await self._memory.write(token, expected_version=expected_version)

    def _keep(self, replaced: Record | None) -> None:
        """Keep what is ``replaced`` now for reads that lag; drop what none can see any more."""
        now = self.clock.now()
        while self._older and self._older[0][0] <= now - self.lag_max:
            self._older.popleft()
        self._older.append((now, replaced))

    async def acquire(self, holder: str, ttl: Ticks) -> Lease | None:
        """Grant the lease now, if nobody has it."""
        lease = await self._memory.acquire(holder, ttl)
        if lease is not None and self._loses_locks:
            self._memory.lose_lease()
            self._loses_locks.popleft()()
        return lease

    async def release(self, lease: Lease) -> bool:
        """Take ``lease`` back now, if it is the current one."""
        return await self._memory.release(lease)

    async def delete_lease(self) -> Lease | None:
        """End the lease now, whoever has it; return it if somebody did."""
        ended = self._memory.lease()
        await self._memory.delete_lease()
        return ended


@dataclass(slots=True, kw_only=True)
class SimulatedStore:
    """The way of one process to the shared ``state``. ``trips`` are its round trips.

    A call of which a message is lost raises ``StoreUnavailable`` after ``timeout``; one that is
    slow does not. What was lost was the request or only its answer, and the caller cannot tell.
    ``lease_broken`` is called when the process ends a lease that another one has.
    """

    state: SharedState
    clock: Clock
    trips: LinkStream
    timeout: Ticks
    lease_broken: Callable[[], None] = _nothing
    _granted: Lease | None = field(default=None, init=False)

    async def read(self) -> Record | None:
        """Return the record, or None before the first write."""
        back = await self.go()
        record = copied(self.state.visible())
        await self.come_back(back)
        return record

    async def write(self, token: Token | None, *, expected_version: int | None = None) -> bool:
        """Replace the record; with ``expected_version``, only if that is still its version."""
        back = await self.go()
        is_written = await self.state.write(token, expected_version)
        await self.come_back(back)
        return is_written

    async def acquire(self, holder: str, ttl: Ticks) -> Lease | None:
        """Take the lease if nobody has it. It counts from its grant, not from the answer."""
        back = await self.go()
        lease = await self.state.acquire(holder, ttl)
        self._granted = lease or self._granted
        await self.come_back(back)
        return lease

    async def release(self, lease: Lease) -> bool:
        """Give ``lease`` back if it is still the current one."""
        back = await self.go()
        is_released = await self.state.release(lease)
        await self.come_back(back)
        return is_released

    async def delete_lease(self) -> None:
        """End the lease, whoever has it."""
        back = await self.go()
        ended = await self.state.delete_lease()
        if ended is not None and ended != self._granted:
            self.lease_broken()
        await self.come_back(back)

    @asynccontextmanager
    async def hold(self, wait: Ticks) -> AsyncIterator[TokenStore | None]:
        """Hold the lock on the record for the block. The wait counts from the request's arrival.

        Where a message is lost, or the block raises, the connection breaks: the store ends the
        turn and forgets the write.
        """
        back = await self.go()
        turn = self.state.queue.join()
        try:
            if await comes_within(turn, wait):
                self.state.locked(turn)
                async with self._transaction(back, turn) as record:
                    yield record
                return
        finally:
            self.state.queue.leave(turn)
        await self.come_back(back)
        yield None

    @asynccontextmanager
    async def _transaction(self, back: Ticks, turn: Turn) -> AsyncIterator["_HeldRecord"]:
        await self.come_back(back)
        record = _HeldRecord(self)
        yield record
        back = await self.go()
        if not self.state.queue.leave(turn):
            raise StoreUnavailable("the transaction is over")
        if record.writes:
            await self.state.write(record.writes[-1], None)
        await self.come_back(back)

    async def go(self) -> Ticks:
        """Travel to the store; return how long the way back is."""
        ways = self.trips.next(self.clock.now())
        if ways.there >= NEVER:
            await self._wait_in_vain()
        await self.clock.sleep(ways.there)
        return ways.back

    async def come_back(self, back: Ticks) -> None:
        """Travel back, which takes ``back``."""
        if back >= NEVER:
            await self._wait_in_vain()
        await self.clock.sleep(back)

    async def _wait_in_vain(self) -> NoReturn:
        await self.clock.sleep(self.timeout)
        raise StoreUnavailable("no answer")


@dataclass(slots=True)
class _HeldRecord:
    """The record as the holder of its lock reads and writes it, until the end of the block."""

    store: SimulatedStore
    writes: list[Token | None] = field(default_factory=list)

    async def read(self) -> Record | None:
        back = await self.store.go()
        record = copied(self._seen())
        await self.store.come_back(back)
        return record

    async def write(self, token: Token | None, *, expected_version: int | None = None) -> bool:
        back = await self.store.go()
        is_written = expected_version in (None, version_of(self._seen()))
        if is_written:
            self.writes.append(token)
        await self.store.come_back(back)
        return is_written

    def _seen(self) -> Record | None:
        """Return the last write of this holder; its writes are one write to everybody else."""
        state = self.store.state
        return state.after_write(self.writes[-1]) if self.writes else state.newest()


def copied(record: Record | None) -> Record | None:
    """Return a copy of ``record`` that shares no object with it."""
    if record is None:
        return None
    token = record.token
    value = token.value[:1] + token.value[1:]  # a new object where there is more than one character
    return Record(Token(value, token.obtained_at, token.expires_at), record.version)
