"""What a strategy sees of the simulated world: the token endpoint and the store."""

import asyncio
from contextvars import ContextVar
from dataclasses import dataclass

from simulator.clock import Clock, Ticks, ticks
from simulator.engine.loop import VirtualLoop
from simulator.network.fates import NEVER
from simulator.network.links import LinkStream
from simulator.provider.messages import Granted, Refused, TokenRequest
from simulator.simulation.virtual.door import Door, Reached
from simulator.simulation.virtual.tether import Tether
from simulator.stores.contract import Lease, Record, SharedStore
from simulator.strategies.contract import Denied
from simulator.token import Token
from simulator.trace.events import TokenId
from simulator.trace.tally import ClientTally


def token_value(token: TokenId) -> str:
    """Return the value of ``token`` on virtual time, where nobody could steal it."""
    return str(token)


def token_number(value: str) -> TokenId:
    """Return the token that ``value`` is."""
    return int(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class VirtualTokenEndpoint:
    """``POST /oauth/token`` in the name of one process, over a simulated link.

    A request whose answer does not come within ``timeout``, or cannot be read, counts as unknown;
    should it arrive nevertheless, it takes effect. The process's ``clock`` dates tokens when their
    answer is read; messages go by ``true`` time.
    """

    loop: VirtualLoop
    clock: Clock
    true: Clock
    door: Door
    trips: LinkStream
    request: TokenRequest
    timeout: Ticks
    tally: ClientTally
    tether: Tether | None

    async def issue(self) -> Token | Denied:
        """Ask for a new token; it takes effect when the request arrives."""
        if self.tether is None:
            reply = await self._ask()
        else:
            reply = await self.tether.request(self._ask())
        match reply:
            case None:
                self.tally.unknown += 1
                return Denied(status=None, error="")
            case Refused():
                return Denied(reply.status, reply.error, reply.retry_after)
            case Granted():
                now = self.clock.now()
                return Token(token_value(reply.token), now, now + ticks(reply.expires_in))

    async def _ask(self) -> Granted | Refused | None:
        """Return the answer when it is there, None when none came in time that can be read."""
        ways = self.trips.next(self.loop.now)
        if sum(ways) > self.timeout:
            if ways.there < NEVER:
                self.loop.post_first(self.loop.now + ways.there, self._arrive_unheard, None)
            await self.true.sleep(self.timeout)
            return None
        reply, late = await self._arrive(ways.there)
        if sum(ways) + late > self.timeout:
            await self.true.sleep(self.timeout - ways.there)
            return None
        await self.true.sleep(ways.back + late)
        return reply

    async def _arrive(self, there: Ticks) -> Reached:
        """Wait until the request has arrived, which it does even when the caller is gone."""
        arrived: asyncio.Future[Reached] = self.loop.create_future()
        self.loop.post_first(self.loop.now + there, self._take_effect, arrived)
        return await arrived

    def _take_effect(self, arrived: asyncio.Future[Reached]) -> None:
        reached = self.door.issue(self.request, self.loop.now)
        if not arrived.done():
            arrived.set_result(reached)

    def _arrive_unheard(self, _: None) -> None:
        self.door.issue(self.request, self.loop.now)


READ_ALREADY: ContextVar[list[Record | None]] = ContextVar("tokenrace_read_already")
"""What the first read of a strategy's call will return: the worker has waited for it already."""


@dataclass(frozen=True, slots=True)
class ReadAhead:
    """``store``, except that a read made already is not made again."""

    store: SharedStore

    async def read(self) -> Record | None:
        """Return what was read already, once, or read."""
        made = READ_ALREADY.get([])
        return made.pop() if made else await self.store.read()

    async def write(self, token: Token, *, expected_version: int | None = None) -> bool:
        """Write."""
        return await self.store.write(token, expected_version=expected_version)

    async def acquire(self, holder: str, ttl: Ticks) -> Lease | None:
        """Ask for the lease."""
        return await self.store.acquire(holder, ttl)

    async def release(self, lease: Lease) -> bool:
        """Give the lease back."""
        return await self.store.release(lease)

    async def delete_lease(self) -> None:
        """End the lease."""
        await self.store.delete_lease()
