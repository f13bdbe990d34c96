"""The provider's answers on their way out: known whole, and sent in one piece.

aiohttp's own ``Response`` takes about as long over an answer as the provider takes to find it,
since it provides for bodies that are compressed, chunked or still to come. None is here.
docs/decisions/0010 has the figures.
"""

from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus

from aiohttp import HttpVersion10, hdrs, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import SERVER_SOFTWARE

from tokenrace.machine_clock import unix_time
from tokenrace.provider.http import HttpResponse
from tokenrace.server.connections import Connection

_BODILESS = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)


class WholeAnswer(web.StreamResponse):
    """Sends ``response``; its names and values must be fit for a header, as no client's words are
    among them."""

    def __init__(self, response: HttpResponse) -> None:
        super().__init__(status=response.status)
        self._whole = response

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Send all of it, and wait while the client reads nothing.

        Raises:
            ConnectionError: the client is gone.
        """
        connection = request.protocol
        assert isinstance(connection, Connection)
        self._keep_alive = request.keep_alive
        await connection.send(self._head(request) + self._payload(request))
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        """Do nothing: it is sent."""

    def _head(self, request: web.BaseRequest) -> bytes:
        whole = self._whole
        lines = [f"HTTP/1.1 {whole.status} {self.reason}"]
        lines += [f"{name}: {value}" for name, value in whole.headers.items()]
        if whole.status not in _BODILESS:
            lines.append(f"Content-Length: {len(whole.body)}")
        lines.append(_stamp(unix_time()))
        if not request.keep_alive:
            lines.append("Connection: close")
        elif request.version == HttpVersion10:
            lines.append("Connection: keep-alive")
        return "\r\n".join([*lines, "", ""]).encode("latin-1")

    def _payload(self, request: web.BaseRequest) -> bytes:
        return b"" if request.method == hdrs.METH_HEAD else self._whole.body


@lru_cache(maxsize=1)
def _stamp(now: int) -> str:
    """Return what every answer of one second has."""
    return f"Date: {formatdate(now, usegmt=True)}\r\nServer: {SERVER_SOFTWARE}"
