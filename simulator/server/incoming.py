"""Requests as aiohttp has them, read as the provider wants them; within bounds of size and time."""

import asyncio
from aiohttp import web

from simulator.provider.reading import HttpRequest

BODY_MAX = 1024 * 1024
"""Bytes of a body, unpacked: aiohttp's own limit for a request."""


class BodyRefused(Exception):  # noqa: N818
    """A body was not read to its end; ``status`` and ``reason`` are for whoever sent it."""

    def __init__(self, status: int, reason: str) -> None:
        self.status = status
        self.reason = reason
        super().__init__(status, reason)


async def read_body(request: web.BaseRequest, patience_s: float) -> bytes:
    """Return the body of ``request``.

    Raises:
        BodyRefused: it is too large, does not come within ``patience_s``, or is not what its
            headers say.
    """
    if not request.can_read_body:
        return b""
    if (request.content_length or 0) > BODY_MAX:
        raise BodyRefused(413, f"must be at most {BODY_MAX} bytes")
    try:
        async with asyncio.timeout(patience_s):
            return await request.read()
    except TimeoutError:
        raise BodyRefused(408, f"did not come within {patience_s:g} s") from None
    except web.HTTPRequestEntityTooLarge:
        raise BodyRefused(413, f"must be at most {BODY_MAX} bytes") from None
    except web.RequestPayloadError:
        raise BodyRefused(400, "is not encoded as its headers say") from None


def as_asked(request: web.BaseRequest, body: bytes) -> HttpRequest:
    """Return ``request`` with ``body`` as the provider reads it."""
    query = request.query
    return HttpRequest(
        method=request.method,
        path=request.path,
        query={name: query[name] for name in query} if query else {},
        headers={name.lower(): value for name, value in request.headers.items()},
        body=body,
    )


def hang_up(request: web.BaseRequest) -> web.Response:
    """Close the connection; return an answer that can no longer be sent."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
