"""A worker whose process brings its own HTTP client: the client gets its tokens, and calls.

What it does about a token that is refused is its own business too. The worker sees one answer per
operation. Which token the client showed, it reads from the request that was really sent.
"""

import asyncio
import json
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, NamedTuple

from simulator.clock import Clock, Ticks, seconds
from simulator.fleet.agenda import Agenda
from simulator.fleet.http_ports import request_of
from simulator.fleet.ports import Errand
from simulator.provider.reading import CALLER_HEADER
from simulator.strategies.contract import TokenUnavailable
from simulator.strategies.own_client import OwnClient
from simulator.token import Token
from simulator.trace.outcomes import Outcome
from simulator.trace.tally import ClientTally

_SHOWN = "Authorization"
_NO = {
    "aiohttp": ("ClientResponseError",),
    "httpx": ("HTTPStatusError",),
    "httpx2": ("HTTPStatusError",),
    "authlib.common.errors": ("AuthlibBaseError",),
}
"""What each library raises when it was answered no."""
_NO_ANSWER = {
    "aiohttp": ("ClientError",),
    "httpx": ("TransportError",),
    "httpx2": ("TransportError",),
}
"""What each raises for what a network does to a request, and a provider to its answer."""


_SILENCE = (TimeoutError, ConnectionError, json.JSONDecodeError)


class Answered(NamedTuple):
    """An answer of the API, and the token that was shown to it."""

    status: int
    token: str
    body: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientWorker:
    """One concurrent task of a process whose calls go through ``own``.

    An operation is given up after ``timeout``, with all that the client does on the way. ``sends``
    is entered while it waits. ``adopted`` is told each token when its answer is there.
    """

    own: OwnClient
    api_url: str
    name: str
    agenda: Agenda
    clock: Clock
    tally: ClientTally
    timeout: Ticks
    adopted: Callable[[Token], None]
    sends: Callable[[], AbstractContextManager[None]]

    async def operate(self, wanted_at: Ticks) -> None:
        """Do one operation that the service wanted at ``wanted_at``, and count how it ended."""
        errand = self.agenda.next()
        outcome = await self._outcome_of(errand)
        self.agenda.ended(errand, outcome)
        self.tally.finished(outcome, started_at=wanted_at, at=self.clock.now())

    async def _outcome_of(self, errand: Errand) -> Outcome:
        try:
            with self.sends():
                async with asyncio.timeout(seconds(self.timeout)):
                    answered = await self._call(errand)
        except TokenUnavailable as unavailable:
            return unavailable.outcome
        except Exception as error:
            if isinstance(error, _loaded(_NO)):
                return "refused"
            if isinstance(error, (*_SILENCE, *_loaded(_NO_ANSWER))):
                self.tally.unknown += 1
                return "unknown"
            raise
        if answered.token:
            now = self.clock.now()
            self.adopted(Token(answered.token, now, now))
        return self._settle(errand, answered)

    async def _call(self, errand: Errand) -> Answered:
        method, path, body = request_of(errand)
        response = await self.own.client().request(
            method,
            self.api_url + path,
            headers={CALLER_HEADER: self.name},
            **({} if body is None else {"json": body}),
        )
        if self.own.library == "aiohttp":
            async with response:
                content = await response.read()
            status, shown = response.status, response.request_info.headers.get(_SHOWN, "")
        else:
            content = await response.aread()
            status, shown = response.status_code, response.request.headers.get(_SHOWN, "")
        value = shown.partition(" ")[2]
        return Answered(status, value, json.loads(content) if status == 201 else None)

    def _settle(self, errand: Errand, answered: Answered) -> Outcome:
        if answered.status >= 400:
            return "refused"
        if errand.operation == "create_meeting" and answered.status == 201:
            self.agenda.created(answered.body["id"])
        return "ok"


async def close(own: OwnClient) -> None:
    """Close its client, if it has one."""
    client = own.opened()
    if client is not None:
        await (client.close() if own.library == "aiohttp" else client.aclose())


def _loaded(errors: Mapping[str, tuple[str, ...]]) -> tuple[type[Exception], ...]:
    """Return those of ``errors`` whose library has been imported."""
    return tuple(
        getattr(sys.modules[library], name)
        for library, names in errors.items()
        if library in sys.modules
        for name in names
    )
