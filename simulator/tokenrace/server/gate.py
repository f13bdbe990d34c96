"""Who may use the control API.

On loopback: every program of this machine, but no web page. A page of anybody's could otherwise
reach it through the user's browser, by a request to another origin or under a name that it has led
to 127.0.0.1. Elsewhere: who shows the token that was printed.
"""

import hmac
from typing import NamedTuple
from urllib.parse import urlsplit

from aiohttp import hdrs, web

LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})


class NotAdmitted(NamedTuple):
    """Why a request is turned away, and the status that says so."""

    status: int
    what: str


class Gate:
    """Lets in who shows ``token``; None lets in what comes to loopback."""

    def __init__(self, token: str | None) -> None:
        self._token = token

    def refusal(self, request: web.BaseRequest) -> NotAdmitted | None:
        """Return why ``request`` is turned away; None lets it in."""
        host = request.headers.get(hdrs.HOST, "")
        origin = request.headers.get(hdrs.ORIGIN)
        if origin is not None and origin != f"http://{host}":
            return NotAdmitted(403, "comes from a page of somewhere else")
        if self._token is not None:
            return None if self._shows_token(request) else _NO_TOKEN
        if _hostname(host) not in LOOPBACK_NAMES:
            return NotAdmitted(403, "is for a host that is not this machine's loopback")
        return None

    def _shows_token(self, request: web.BaseRequest) -> bool:
        assert self._token is not None
        scheme, _, shown = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
        is_same = hmac.compare_digest(shown.strip().encode(errors="replace"), self._token.encode())
        return is_same and scheme.lower() == "bearer"


_NO_TOKEN = NotAdmitted(401, "needs the token that the server printed, as Authorization: Bearer")


def _hostname(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None
