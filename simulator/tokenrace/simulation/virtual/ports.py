"""What a strategy sees of the simulated world: the token endpoint and the store."""

import asyncio
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial

from tokenrace.clock import Clock, Ticks, ticks
from tokenrace.engine.loop import VirtualLoop
from tokenrace.network.fates import NEVER
from tokenrace.network.links import LinkStream
from tokenrace.provider.messages import Granted, Refused, TokenRequest
from tokenrace.simulation.virtual.door import Door
from tokenrace.simulation.virtual.tether import Tether
from tokenrace.stores.contract import Lease, Record, SharedStore
from tokenrace.stores.simulated import copied
from tokenrace.strategies.contract import Denied
from tokenrace.token import Token
from tokenrace.trace.events import TokenId
from tokenrace.trace.outcomes import Silence
from tokenrace.trace.tally import ClientTally

Answer = Granted | Refused | Silence
"""What the token endpoint answered; why, where no answer came in time that can be read."""


NO_TOKEN: TokenId = 0
"""The number of whatever is no token of the provider's; those begin at 1."""


def token_value(token: TokenId) -> str:
    """Return the value of ``token`` on virtual time, where nobody could steal it.

    Longer than one character: Python keeps each of those only once, so that copies would be one.
    """
    return f"t{token}"


def token_number(value: str) -> TokenId:
    """Return the token that ``value`` is; ``NO_TOKEN`` where a class of the user's made it up."""
    digits = value[1:]
    return int(digits) if value[:1] == "t" and digits.isdecimal() else NO_TOKEN


@dataclass(frozen=True, slots=True, kw_only=True)
class VirtualTokenEndpoint:
    """``POST /oauth/token`` in the name of one process, over a simulated link.

    A request whose answer does not come within ``timeout``, or cannot be read, counts as unknown;
    should it arrive nevertheless, it takes effect. The process's ``clock`` dates tokens when their
    answer is read; messages go by the loop's.
    """

    loop: VirtualLoop
    clock: Clock
    door: Door
    trips: LinkStream
    request: TokenRequest
    timeout: Ticks
    tally: ClientTally
    tether: Tether | None

    async def issue(self) -> Token | Denied:
        """Ask for a new token; it takes effect when the request arrives."""
        asked = self._ask()
        return self.read(await (asked if self.tether is None else self.tether.request(asked)))

    async def _ask(self) -> Answer:
        """Return the answer; the request arrives even when the caller is gone."""
        heard: asyncio.Future[Answer] = self.loop.create_future()
        self._send(_Request(partial(_hear, heard), self.loop.now + self.timeout, wakes=heard))
        return await heard

    def send(self, hear: Callable[[Answer], None]) -> None:
        """Send a request, and have its answer given to ``hear`` when it is there."""
        self._send(_Request(hear, self.loop.now + self.timeout))

    def _send(self, request: "_Request") -> None:
        loop, now = self.loop, self.loop.now
        ways = self.trips.next(now)
        if ways.there + ways.back <= self.timeout:
            request.back = ways.back
            loop.post_first(now + ways.there, self._arrive, request)
            return
        if ways.there < NEVER:
            loop.post_first(now + ways.there, self._arrive_unheard, None)
        loop.post_first(request.deadline, _Request.end, request)

    def read(self, answer: Answer) -> Token | Denied:
        """Return what ``answer``, which the process reads now, means to it."""
        if isinstance(answer, Granted):
            now = self.clock.now()
            return Token(token_value(answer.token), now, now + ticks(answer.expires_in))
        if isinstance(answer, str):
            self.tally.unknown += 1
            return Denied(status=None, error="", silence=answer)
        return Denied(answer.status, answer.error, answer.retry_after)

    def _arrive(self, request: "_Request") -> None:
        loop = self.loop
        reached = self.door.issue(self.request, loop.now)
        heard_at = loop.now + request.back + reached.late
        if heard_at > request.deadline:
            heard_at = request.deadline
        else:
            request.answer = reached.reply
        loop.post_first(heard_at, _Request.end, request)

    def _arrive_unheard(self, _: None) -> None:
        self.door.issue(self.request, self.loop.now)


class _Request:
    """A token request under way. ``wakes`` is what waits for its end, where that is a task."""

    __slots__ = ("_hear", "answer", "back", "deadline", "wakes")

    def __init__(
        self,
        hear: Callable[[Answer], None],
        deadline: Ticks,
        wakes: "asyncio.Future[Answer] | None" = None,
    ) -> None:
        self._hear = hear
        self.deadline = deadline
        self.wakes = wakes
        self.back: Ticks = 0
        self.answer: Answer = "timed_out"

    def end(self) -> None:
        """Tell whoever asked: the answer is there, or its time is out."""
        self._hear(self.answer)


def _hear(heard: "asyncio.Future[Answer]", answer: Answer) -> None:
    if not heard.done():
        heard.set_result(answer)


READ_ALREADY: ContextVar[list[Record | None]] = ContextVar("tokenrace_read_already")
"""What the first read of a strategy's call will return: the worker has waited for it already."""


@dataclass(frozen=True, slots=True)
class ReadAhead:
    """``store``, except that a read made already is not made again."""

    store: SharedStore

    async def read(self) -> Record | None:
        """Return what was read already, once, or read."""
        made = READ_ALREADY.get([])
        return copied(made.pop()) if made else await self.store.read()

    async def write(self, token: Token | None, *, expected_version: int | None = None) -> bool:
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
