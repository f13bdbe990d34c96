"""Requests as aiohttp has them, read as the provider wants them; within bounds of size and time."""

import asyncio

from aiohttp import web

from simulator.provider.reading import HttpRequest

BODY_MAX = 1024 * 1024
"""Bytes of a body, unpacked."""
BODIES_MAX = 64 * BODY_MAX
PATIENCE_S = 20.0
_TOO_LARGE = f"must be at most {BODY_MAX} bytes"


class BodyRefused(Exception):  # noqa: N818
    """A body was not read to its end; ``status`` and ``reason`` are for whoever sent it."""

    def __init__(self, status: int, reason: str) -> None:
        self.status = status
        self.reason = reason
        super().__init__(status, reason)


class BodyReader:
    """Reads bodies, each within ``patience_s``; all that are being read have ``BODIES_MAX`` bytes
    together, so that many senders cannot fill the memory."""

    def __init__(self, patience_s: float = PATIENCE_S) -> None:
        self._patience_s = patience_s
        self.held = 0
        """Bytes of the bodies that are being read."""

    async def read(self, request: web.BaseRequest) -> bytes:
        """Return the body of ``request``.

        Raises:
            BodyRefused: it is too large, does not come in time, is not what its headers say, or
                there is no room for it now.
        """
        if not request.can_read_body:
            return b""
        if (request.content_length or 0) > BODY_MAX:
            raise BodyRefused(413, _TOO_LARGE)
        body = bytearray()
        try:
            async with asyncio.timeout(self._patience_s):
                await self._fill(body, request)
        except TimeoutError:
            raise BodyRefused(408, f"did not come within {self._patience_s:g} s") from None
        except web.RequestPayloadError:
            raise BodyRefused(400, "is not encoded as its headers say") from None
        finally:
            self.held -= len(body)
        return bytes(body)

    async def _fill(self, body: bytearray, request: web.BaseRequest) -> None:
        while chunk := await request.content.readany():
            body += chunk
            self.held += len(chunk)
            if len(body) > BODY_MAX:
                raise BodyRefused(413, _TOO_LARGE)
            if self.held > BODIES_MAX:
                raise BodyRefused(503, "comes while too many others do; try again")


def as_asked(request: web.BaseRequest, body: bytes) -> HttpRequest:
    """Return ``request`` with ``body`` as the provider reads it."""
    query = request.query if request.query_string else {}
    return HttpRequest(
        method=request.method,
        path=request.path,
        query={name: query[name] for name in query},
        headers=request.headers,
        body=body,
    )


def hang_up(request: web.BaseRequest) -> web.Response:
    """Close the connection; return an answer that can no longer be sent."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
