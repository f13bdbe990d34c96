"""A shared store on simulated time: what processes share, at a distance.

Every call takes a round trip, drawn from the caller's own stream, and takes effect when it arrives.
A read may lag: it then sees the record as it was that long ago, as a replica would. Leases lapse on
the store's own clock. Knows no engine: it waits on the ``Clock`` it is given.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NoReturn

from simulator.clock import Clock, Ticks
from simulator.network.fates import NEVER
from simulator.network.links import LinkStream
from simulator.stores.contract import Lease, Record, StoreUnavailable
from simulator.stores.memory import MemoryStore
from simulator.token import Token


def _nothing() -> None:
    """Nobody wants to know."""


@dataclass(slots=True)
class SharedState:
    """What a store holds. ``clock`` is the store's own.

    ``lag`` is how far reads are behind writes; ``before_write`` is called before a write that will
    take place.
    """

    clock: Clock
    lag: Ticks = 0
    before_write: Callable[[], None] = _nothing
    _memory: MemoryStore = field(init=False)
    _older: deque[tuple[Ticks, Record | None]] = field(init=False)

    def __post_init__(self) -> None:
        self._memory = MemoryStore(self.clock)
        self._older = deque()  # records that lagging reads may still see, and when each ended

    def visible(self) -> Record | None:
        """Return the record as a read that arrives now sees it."""
        seen_at = self.clock.now() - self.lag
        while self._older and self._older[0][0] <= seen_at:
            self._older.popleft()
        return self._older[0][1] if self._older else self._memory.snapshot()

    async def write(self, token: Token, expected_version: int | None) -> bool:
        """Replace the record now, if it has the expected version."""
        record = self._memory.snapshot()
        if expected_version in (None, 0 if record is None else record.version):
            self.before_write()
            if self.lag:
                self._older.append((self.clock.now(), record))
        return await self._memory.write(token, expected_version=expected_version)

    async def acquire(self, holder: str, ttl: Ticks) -> Lease | None:
        """Grant the lease now, if nobody has it."""
        return await self._memory.acquire(holder, ttl)

    async def release(self, lease: Lease) -> bool:
        """Take ``lease`` back now, if it is the current one."""
        return await self._memory.release(lease)

    async def delete_lease(self) -> None:
        """End the lease now, whoever has it."""
        await self._memory.delete_lease()


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedStore:
    """One process's way to the shared ``state``. ``trips`` are its round trips.

    A call of which a message is lost raises ``StoreUnavailable`` after ``timeout``; one that is
    slow does not. What was lost was the request or only its answer, and the caller cannot tell.
    """

    state: SharedState
    clock: Clock
    trips: LinkStream
    timeout: Ticks

    async def read(self) -> Record | None:
        """Return the record, or None before the first write."""
        back = await self._go()
        record = self.state.visible()
        await self._return(back)
        return record

    async def write(self, token: Token, *, expected_version: int | None = None) -> bool:
        """Replace the record; with ``expected_version``, only if that is still its version."""
        back = await self._go()
        is_written = await self.state.write(token, expected_version)
        await self._return(back)
        return is_written

    async def acquire(self, holder: str, ttl: Ticks) -> Lease | None:
        """Take the lease if nobody has it. It counts from its grant, not from the answer."""
        back = await self._go()
        lease = await self.state.acquire(holder, ttl)
        await self._return(back)
        return lease

    async def release(self, lease: Lease) -> bool:
        """Give ``lease`` back if it is still the current one."""
        back = await self._go()
        is_released = await self.state.release(lease)
        await self._return(back)
        return is_released

    async def delete_lease(self) -> None:
        """End the lease, whoever has it."""
        back = await self._go()
        await self.state.delete_lease()
        await self._return(back)

    async def _go(self) -> Ticks:
        """Travel to the store; return how long the way back is."""
        ways = self.trips.next(self.clock.now())
        if ways.there >= NEVER:
            await self._wait_in_vain()
        await self.clock.sleep(ways.there)
        return ways.back

    async def _return(self, back: Ticks) -> None:
        if back >= NEVER:
            await self._wait_in_vain()
        await self.clock.sleep(back)

    async def _wait_in_vain(self) -> NoReturn:
        await self.clock.sleep(self.timeout)
        raise StoreUnavailable("no answer")
