"""The provider over real HTTP: what one process's strategy and workers call on the wire engine."""

import asyncio
import json
import math
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Protocol

import aiohttp

from tokenrace.clock import Clock, Ticks, seconds, ticks
from tokenrace.fleet.ports import Answer, Errand
from tokenrace.provider.app import Credentials
from tokenrace.provider.messages import Operation
from tokenrace.provider.reading import CALLER_HEADER
from tokenrace.strategies.contract import Denied
from tokenrace.token import Token
from tokenrace.trace.outcomes import Silence
from tokenrace.trace.tally import ClientTally

_NO_ANSWER = (
    aiohttp.ClientConnectionError,
    aiohttp.ClientPayloadError,
    asyncio.TimeoutError,
    ConnectionError,
    json.JSONDecodeError,
)
"""What a network does to a request, and a provider to its answer."""


def exactly(timeout: Ticks) -> aiohttp.ClientTimeout:
    """Return a time-out that aiohttp does not round up to a whole second, as it does above 5 s."""
    return aiohttp.ClientTimeout(total=seconds(timeout), ceil_threshold=math.inf)


def silence_of(error: Exception) -> Silence:
    """Return why a request has no answer whose client raised ``error``."""
    if isinstance(error, TimeoutError):  # aiohttp's own are connection errors as well
        return "timed_out"
    return "unreadable_answer" if isinstance(error, json.JSONDecodeError) else "connection_lost"


_ROUTES: dict[Operation, tuple[str, str]] = {
    "create_meeting": ("POST", "/v2/users/{}/meetings"),
    "get_meeting": ("GET", "/v2/meetings/{}"),
    "delete_meeting": ("DELETE", "/v2/meetings/{}"),
    "get_user": ("GET", "/v2/users/{}"),
}
_NEW_MEETING = {"topic": "tokenrace", "type": 2, "duration": 30, "timezone": "UTC"}


def request_of(errand: Errand) -> tuple[str, str, Any]:
    """Return the method, the path and the JSON of the request that does ``errand``."""
    method, path = _ROUTES[errand.operation]
    body = _NEW_MEETING if errand.operation == "create_meeting" else None
    return method, path.format(errand.target), body


class InFlight(Protocol):
    """A count of unanswered requests that outlives the process that keeps it."""

    value: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """What every request of one process shares."""

    session: aiohttp.ClientSession
    base_url: str
    timeout: Ticks
    in_flight: InFlight
    tally: ClientTally

    async def send(
        self,
        method: str,
        path: str,
        caller: str,
        **request: Any,
    ) -> tuple[int, dict[str, str], Any] | Silence:
        """Send one request and read its whole answer; where none came that can be read, that is
        counted, and why is returned."""
        headers = {CALLER_HEADER: caller, **request.pop("headers", {})}
        try:
            with self.counted():
                async with self.session.request(
                    method,
                    self.base_url + path,
                    headers=headers,
                    timeout=exactly(self.timeout),
                    **request,
                ) as response:
                    body = await response.json() if response.status != 204 else None
                    return response.status, dict(response.headers), body
        except _NO_ANSWER as error:
            self.tally.unknown += 1
            return silence_of(error)

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Count one request more that is unanswered."""
        self.in_flight.value += 1
        try:
            yield
        finally:
            self.in_flight.value -= 1


def telling_what_left() -> aiohttp.TraceConfig:
    """Return what makes a session tell its token requests that they have left."""

    async def body_sent(
        _: aiohttp.ClientSession, context: SimpleNamespace, __: aiohttp.TraceRequestChunkSentParams
    ) -> None:
        left = context.trace_request_ctx
        if left is not None:
            asyncio.get_running_loop().call_soon(left)  # it is told just before it writes

    tracing = aiohttp.TraceConfig()
    tracing.on_request_chunk_sent.append(body_sent)
    return tracing


def basic_auth(credentials: Credentials) -> str:
    """Return the Authorization header of ``credentials`` (RFC 7617)."""
    pair = f"{credentials.client_id}:{credentials.client_secret}"
    return f"Basic {b64encode(pair.encode()).decode()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpTokenEndpoint:
    """``POST /oauth/token`` in the name of one process.

    ``left`` is called when a request has just left, where the session is ``telling_what_left``.
    """

    wire: Wire
    credentials: Credentials
    clock: Clock
    caller: str
    left: Callable[[], None] | None = None

    async def issue(self) -> Token | Denied:
        """Ask for a new token."""
        answer = await self.wire.send(
            "POST",
            "/oauth/token",
            self.caller,
            headers={"Authorization": basic_auth(self.credentials)},
            data={
                "grant_type": "account_credentials",
                "account_id": self.credentials.account_id,
            },
            trace_request_ctx=self.left,
        )
        if isinstance(answer, str):
            return Denied(status=None, error="", silence=answer)
        status, headers, body = answer
        now = self.clock.now()
        if status == 200:
            return Token(body["access_token"], now, now + ticks(body["expires_in"]))
        retry_after = headers.get("Retry-After", "")
        return Denied(
            status=status,
            error=body.get("error", ""),
            retry_after=ticks(int(retry_after)) if retry_after.isdigit() else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpApi:
    """The API in the name of one worker."""

    wire: Wire
    caller: str

    async def call(self, errand: Errand, token: Token) -> Answer | Silence:
        """Call once; where no answer came, return why."""
        method, path, body = request_of(errand)
        answer = await self.wire.send(
            method,
            path,
            self.caller,
            headers={"Authorization": f"Bearer {token.value}"},
            **({} if body is None else {"json": body}),
        )
        if isinstance(answer, str):
            return answer
        status, _, body = answer
        created = status == 201
        return Answer(status, meeting=body["id"] if created else None)
