"""One process's line to its broker over HTTP."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp

from tokenrace.clock import MILLISECOND, Clock, Ticks, seconds
from tokenrace.fleet.broker import BROKER, NO_BROKER
from tokenrace.fleet.broker_words import (
    CURRENT,
    NEWS,
    NONE_TO_GIVE,
    OTHER,
    denial_said,
    token_said,
)
from tokenrace.stores.contract import StoreUnavailable
from tokenrace.strategies.contract import TokenUnavailable
from tokenrace.token import Token
from tokenrace.trace.tally import ClientTally

LISTEN_AGAIN: Ticks = 100 * MILLISECOND
"""The pause before a process whose news have ended listens again."""
_SILENCE = (aiohttp.ClientError, TimeoutError, OSError)


@dataclass(slots=True, kw_only=True)
class HttpBrokerLine:
    """A line to the broker at ``url``. Each question is counted as a read of what is shared."""

    session: aiohttp.ClientSession
    url: str
    timeout: Ticks
    clock: Clock
    tally: ClientTally
    _take: Callable[[Token], None] | None = field(default=None, init=False)

    async def current(self) -> Token:
        """Return the token the broker has."""
        return await self._ask(CURRENT, "")

    async def other_than(self, refused: Token) -> Token:
        """Say that ``refused`` will not do; return what the broker has then."""
        return await self._ask(OTHER, refused.value)

    def listen(self, take: Callable[[Token], None]) -> None:
        """Have ``take`` called with every new token, while the process is ``listening``."""
        self._take = take

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Hear the broker's news during the block."""
        hearing = asyncio.create_task(self._hear_on())
        try:
            yield
        finally:
            hearing.cancel()

    async def _hear_on(self) -> None:
        while self._take is not None:
            try:
                await self._hear(self._take)
            except _SILENCE:
                await self.clock.sleep(LISTEN_AGAIN)

    async def _hear(self, take: Callable[[Token], None]) -> None:
        unlimited = aiohttp.ClientTimeout(total=None, sock_read=None)
        async with self.session.get(self.url + NEWS, timeout=unlimited) as news:
            async for line in news.content:
                take(token_said(line))
        raise aiohttp.ServerDisconnectedError

    async def _ask(self, path: str, body: str) -> Token:
        self.tally.store_reads += 1
        patience = aiohttp.ClientTimeout(total=seconds(self.timeout))
        try:
            async with self.session.post(self.url + path, data=body, timeout=patience) as answer:
                words = await answer.read()
                status = answer.status
        except _SILENCE as silence:
            self.tally.store_failed(BROKER, NO_BROKER, self.clock.now())
            raise StoreUnavailable(NO_BROKER) from silence
        if status == NONE_TO_GIVE:
            raise TokenUnavailable(denial_said(words))
        return token_said(words)
