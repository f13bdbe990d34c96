"""Requests as aiohttp has them, read as the provider wants them; within bounds of size and time."""

import asyncio
import zlib

from aiohttp import HttpVersion11, hdrs, web

from tokenrace.provider.reading import HttpRequest

BODY_MAX = 1024 * 1024
"""Bytes of a body, unpacked."""
BODIES_MAX = 64 * BODY_MAX
PATIENCE_S = 20.0
_TOO_LARGE = f"must be at most {BODY_MAX} bytes"
_NOT_AS_SAID = "is not encoded as its headers say"
_DEFLATE = 8  # the method in the first byte of zlib's header, which some leave out


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
        encoding = _encoding(request)
        body = bytearray()
        try:
            async with asyncio.timeout(self._patience_s):
                await _go_on(request)
                await self._fill(body, request)
        except TimeoutError:
            raise BodyRefused(408, f"did not come within {self._patience_s:g} s") from None
        except web.RequestPayloadError:
            raise BodyRefused(400, _NOT_AS_SAID) from None
        finally:
            self.held -= len(body)
        return bytes(body) if encoding is None else _unpacked(bytes(body), encoding)

    async def _fill(self, body: bytearray, request: web.BaseRequest) -> None:
        while chunk := await request.content.readany():
            body += chunk
            self.held += len(chunk)
            if len(body) > BODY_MAX:
                raise BodyRefused(413, _TOO_LARGE)
            if self.held > BODIES_MAX:
                raise BodyRefused(503, "comes while too many others do; try again")


def _encoding(request: web.BaseRequest) -> str | None:
    """Return how the body is packed; None where it is not.

    Raises:
        BodyRefused: in a way that is not known.
    """
    named = request.headers.get(hdrs.CONTENT_ENCODING, "").strip().lower()
    if named in ("", "identity"):
        return None
    if named not in ("gzip", "x-gzip", "deflate"):
        raise BodyRefused(400, "has a Content-Encoding other than gzip and deflate")
    return named


async def _go_on(request: web.BaseRequest) -> None:
    """Say so to a client that waits to be told before it sends the body (RFC 9110, 10.1.1).

    Raises:
        BodyRefused: it expects something else.
    """
    expected = request.headers.get(hdrs.EXPECT)
    if expected is None or request.version < HttpVersion11:
        return
    if expected.strip().lower() != "100-continue":
        raise BodyRefused(417, "expects something other than 100-continue")
    if request.transport is not None:
        request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")


def _unpacked(packed: bytes, encoding: str) -> bytes:
    """Return what was packed; never more than is allowed is unpacked at all.

    Raises:
        BodyRefused: it is too large, or is not packed so.
    """
    has_no_header = encoding == "deflate" and (not packed or packed[0] & 0xF != _DEFLATE)
    unpacking = zlib.decompressobj(wbits=-zlib.MAX_WBITS if has_no_header else zlib.MAX_WBITS | 32)
    try:
        body = unpacking.decompress(packed, BODY_MAX + 1)
    except zlib.error:
        raise BodyRefused(400, _NOT_AS_SAID) from None
    if len(body) > BODY_MAX:
        raise BodyRefused(413, _TOO_LARGE)
    if not unpacking.eof or unpacking.unused_data:
        raise BodyRefused(400, _NOT_AS_SAID)
    return body


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
