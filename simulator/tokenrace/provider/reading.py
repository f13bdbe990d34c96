"""Reads HTTP requests: which endpoint is meant, who asks, and what it shows.

Decides nothing about tokens. What cannot be read becomes None, and the provider answers to that.
"""

import binascii
from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import parse_qsl

from tokenrace.provider.messages import Operation, TokenRequest
from tokenrace.provider.redaction import Redaction
from tokenrace.provider.refresh_tokens import NO_REFRESH_TOKEN, RefreshToken

CALLER_HEADER = "x-tokenrace-caller"
"""A client may name itself here, as in ``p3.w7``; otherwise its User-Agent's product names it."""
CALLER_PARAMETER = "tokenrace_caller"
"""Or in the query, where the URL is all that we give a client."""
CALLER_LENGTH_MAX = 64
_CALLER_READ_MAX = 1_024
_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """One request as it came in.

    ``path`` and ``query`` are percent-decoded; of a repeated parameter ``query`` has the first.
    ``headers`` has its names in lower case, or does not care about case.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""


class Route(NamedTuple):
    """A known path: what each method of it does (None asks for a token), and its variable part."""

    methods: Mapping[str, Operation | None]
    target: str


class Shown(NamedTuple):
    """A value shown as an access token, and whether it came in the query string."""

    value: str
    in_query: bool


_TOKEN: Mapping[str, Operation | None] = {"POST": None}
_USER_MEETINGS: Mapping[str, Operation | None] = {"POST": "create_meeting"}
_USER: Mapping[str, Operation | None] = {"GET": "get_user"}
_MEETING: Mapping[str, Operation | None] = {"GET": "get_meeting", "DELETE": "delete_meeting"}


@lru_cache(maxsize=1_024)  # most clients ask for few paths
def route_of(path: str) -> Route | None:
    """Return the endpoint at ``path``, or None when there is none."""
    match path.split("/"):
        case ["", "oauth", "token"]:
            return Route(_TOKEN, "")
        case ["", "v2", "users", user, "meetings"]:
            return Route(_USER_MEETINGS, user)
        case ["", "v2", "users", user]:
            return Route(_USER, user)
        case ["", "v2", "meetings", meeting]:
            return Route(_MEETING, meeting)
        case _:
            return None


def asked_by(request: HttpRequest, redaction: Redaction) -> str:
    """Return a name for the caller, at most 64 printable characters and no secret among them."""
    headers = request.headers
    own = headers.get(CALLER_HEADER) or request.query.get(CALLER_PARAMETER)
    return redaction.shortened(_caller(own, headers.get("user-agent")), CALLER_LENGTH_MAX)


@lru_cache(maxsize=1_024)  # a client says the same every time
def _caller(own: str | None, agent: str | None) -> str:
    product = (agent or "").partition("/")[0].partition(" ")[0]
    for name in (own or "", product):
        printable = "".join(filter(str.isprintable, name[:_CALLER_READ_MAX])).strip()
        if printable:
            return printable
    return "unknown"


def shown_token(request: HttpRequest) -> Shown | None:
    """Return what the caller shows as its token: its Bearer header, else ``?access_token=``."""
    header = request.headers.get("authorization")
    if header is None:
        value = request.query.get("access_token")
        return None if value is None else Shown(value, in_query=True)
    scheme, _, value = header.partition(" ")
    return Shown(value.strip(), in_query=False) if scheme.lower() == "bearer" else None


def read_token_request(
    request: HttpRequest,
    read_refresh: Callable[[str], RefreshToken | None],
    redaction: Redaction,
) -> TokenRequest:
    """Read ``POST /oauth/token``; ``read_refresh`` reads the value of a refresh token, and
    ``redaction`` keeps secrets out of the caller's name.

    Parameters may come in a form body or in the query, both documented; where both have one, the
    body's counts. The client shows itself by Basic auth only.
    """
    parameters = {**request.query, **_form(request)}
    client_id, client_secret = _basic(request.headers.get("authorization", ""))
    refresh = parameters.get("refresh_token")
    return TokenRequest(
        client_id=client_id,
        client_secret=client_secret,
        grant_type=parameters.get("grant_type"),
        account_id=parameters.get("account_id"),
        slot=parameters.get("token_index"),
        asked_by=asked_by(request, redaction),
        refresh_token=None if refresh is None else read_refresh(refresh) or NO_REFRESH_TOKEN,
    )


def _form(request: HttpRequest) -> dict[str, str]:
    """Return the form in the body; empty when the body says it is something else."""
    kind = request.headers.get("content-type", _FORM).partition(";")[0].strip().lower()
    if kind != _FORM:
        return {}
    try:
        pairs = parse_qsl(request.body.decode(), max_num_fields=100)
    except ValueError:
        return {}
    return dict(reversed(pairs))  # of a repeated parameter the first counts


def _basic(header: str) -> tuple[str | None, str | None]:
    """Return the id and secret of a Basic header (RFC 7617); None twice when it is malformed."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None, None
    try:
        decoded = b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        return None, None
    client_id, colon, client_secret = decoded.partition(":")
    return (client_id, client_secret) if colon else (None, None)
