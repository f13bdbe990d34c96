"""Connections that neither wait for ever nor repeat what was sent.

A request's head must have come whole within ``HEAD_S`` of the connection's start or of the answer
before, or the connection is closed; aiohttp counts that as its keep-alive time. Who has sent half
of one by then is answered 408. Heads with a line of more than 8,190 bytes or with more than 128
fields are refused.
"""

import asyncio
import json
import traceback
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from aiohttp import web

HEAD_S = 20.0
"""Longer than clients commonly keep an idle connection: aiohttp 15 s, httpx 5 s."""
LINGER_S = 2.0
"""How long the rest of a refused body is read, so that its sender comes to read the answer."""
JSON_TYPE = "application/json"
_UNREADABLE = (
    "is not a request that can be read: no HTTP/1.1, or a head of more than 8190 bytes a line or "
    "128 fields"
)
_WHY = json.dumps({"problems": [{"where": "", "what": "its head did not come in time"}]})
_TOO_SLOW = (
    "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n"
    f"Content-Type: {JSON_TYPE}\r\nContent-Length: {len(_WHY)}\r\n\r\n{_WHY}"
).encode()

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
Answer = TypeVar("Answer")


class Connection(web.RequestHandler):
    """One client's connection."""

    _is_amid_head = False
    _ends_with_it: asyncio.Task[Any] | None = None

    def connection_lost(self, exc: BaseException | None) -> None:
        """Take note that the client is gone: who waits for it alone waits no more."""
        if self._ends_with_it is not None:
            self._ends_with_it.cancel()
        super().connection_lost(exc)

    async def while_it_lasts(self, answering: Awaitable[Answer]) -> Answer:
        """Return what ``answering`` comes to; it is cancelled where the client goes away."""
        self._ends_with_it = asyncio.current_task()
        try:
            return await answering
        finally:
            self._ends_with_it = None

    def data_received(self, data: bytes) -> None:
        """Take ``data``, and note whether a head is still to be completed: who waits for requests
        waits on then."""
        super().data_received(data)
        self._is_amid_head = self._waiter is not None and not self._waiter.done()

    def force_close(self) -> None:
        """Close the connection; who has sent half a head is told why."""
        if self._is_amid_head and self.transport is not None:
            self._is_amid_head = False
            self.transport.write(_TOO_SLOW)
        super().force_close()

    async def send(self, data: bytes) -> None:
        """Send ``data``, and wait while the client reads nothing.

        Raises:
            ConnectionError: the client is gone.
        """
        if self.transport is not None:
            self.transport.write(data)
        await self._drain_helper()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 - it quotes what was sent
    ) -> web.StreamResponse:
        """Answer what aiohttp could not read, or where we failed. What was sent may hold secrets,
        so it is in no log and in no answer."""
        if isinstance(exc, ConnectionError):
            raise exc
        if status < 500:
            response = refusal(status, _UNREADABLE)
        else:
            self.log_exception("Error handling request from %s", request.remote, exc_info=exc)
            response = refusal(status, "failed inside the server, which is a bug")
        response.force_close()
        return response

    def log_exception(self, *args: Any, **details: Any) -> None:
        """Log a failure of ours, without its message: that may quote what was sent. Not that a
        body was no such thing as its headers said, which aiohttp finds once more when it looks for
        the end of a body that was refused."""
        error = details.pop("exc_info", None)
        if isinstance(error, web.RequestPayloadError):
            return
        text, *values = args
        frames = error.__traceback__ if isinstance(error, BaseException) else None
        where = "".join(traceback.format_tb(frames))
        kind = type(error).__name__ if isinstance(error, BaseException) else "no error"
        super().log_exception(f"{text}\n%s%s", *values, where, kind, exc_info=None)


class ConnectionServer(web.Server):
    """Makes a ``Connection`` of each one that comes in."""

    def __init__(self, handler: Handler, head_s: float) -> None:
        super().__init__(handler)
        self._head_s = head_s

    def __call__(self) -> Connection:
        """Return the protocol of a new connection."""
        return Connection(
            self,
            loop=asyncio.get_running_loop(),
            keepalive_timeout=self._head_s,
            lingering_time=LINGER_S,
            auto_decompress=False,  # incoming.py does, within bounds
            access_log=None,  # type: ignore[arg-type]  # the journal tells more, and no secret
        )


async def while_connected(request: web.BaseRequest, answering: Awaitable[Answer]) -> Answer:
    """Return what ``answering`` comes to; it is cancelled where the client of ``request`` goes."""
    connection = request.protocol
    assert isinstance(connection, Connection)
    return await connection.while_it_lasts(answering)


def refusal(status: int, what: str, where: str = "") -> web.Response:
    """Return an answer that says what is wrong with the request."""
    body = {"problems": [{"where": where, "what": what}]}
    return web.Response(status=status, body=json.dumps(body).encode(), content_type=JSON_TYPE)
