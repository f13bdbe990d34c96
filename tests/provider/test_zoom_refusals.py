"""Each refusal of Zoom's API, byte for byte, with its source as docs/provider-facts.md names it."""

from dataclasses import dataclass, field

import pytest

from tests.provider.zoom_requests import BASIC, TRACKED, a_request, a_server, bearer, issue
from tokenrace.clock import HOUR, SECOND
from tokenrace.trace.events import CallRefused


@dataclass(frozen=True)
class Fact:
    """One request and the answer a source says it gets. ``shows`` names its token:
    "live", "evicted", "expired", "garbage" or "" for none."""

    says: str
    source: str
    method: str
    path: str
    status: int
    body: str
    shows: str = "live"
    query: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    sends: bytes = b""
    scopes: tuple[str, ...] = ("meeting:write", "meeting:read", "user:read")


NO_OBJECT = '{"code":300,"message":"Request Body should be a valid JSON object."}'
INVALID = '{"code":124,"message":"Invalid access token."}'
API_FACTS = [
    Fact("garbage reads as invalid", "DF 89884", "GET", "/v2/users/me", 401, INVALID, "garbage"),
    Fact("an evicted token reads like garbage", "DF 74432", "GET", "/v2/users/me", 401, INVALID,
         "evicted"),
    Fact("only natural expiry says so", "zulip; ZoomNet", "GET", "/v2/users/me", 401,
         '{"code":124,"message":"Access token is expired."}', "expired"),
    Fact("no token at all reads as invalid", "our choice", "GET", "/v2/users/me", 401, INVALID,
         ""),
    Fact("another scheme is no token", "our choice", "GET", "/v2/users/me", 401, INVALID, "",
         headers={"authorization": BASIC}),
    Fact("a token in the query string is refused", "passport-zoom-oauth2#6", "GET",
         "/v2/users/me", 401,
         '{"code":124,"message":"Invalid access token, this access token is not supported as query'
         ' parameter string."}', "", query={"access_token": "anything"}),
    Fact("a missing scope is a 400 that names it", "zoom-laravel#15, DF 108207", "GET",
         "/v2/users/me", 400,
         '{"code":4711,"message":"Invalid access token, does not contain'
         ' scopes:[user:read:user:admin, user:read:user]."}', scopes=("meeting:write",)),
    Fact("an unknown user", "OpenAPI", "GET", "/v2/users/nobody", 404,
         '{"code":1001,"message":"User does not exist: nobody."}'),
    Fact("a meeting for an unknown user", "OpenAPI", "POST", "/v2/users/nobody/meetings", 404,
         '{"code":1001,"message":"User does not exist: nobody."}', sends=b"{}"),
    Fact("reading an unknown meeting", "OpenAPI, measured", "GET", "/v2/meetings/123", 404,
         '{"code":3001,"message":"Meeting does not exist: 123."}'),
    Fact("deleting an unknown meeting", "OpenAPI, measured", "DELETE", "/v2/meetings/123", 404,
         '{"code":3001,"message":"Meeting does not exist: 123."}'),
    *[
        Fact(f"{sends[:9]!r} is no JSON object", "error definitions page", "POST",
             "/v2/users/me/meetings", 400, NO_OBJECT, sends=sends)
        for sends in (b"", b"{", b"[]", b"null", b"\xff\xfe{}", b'{"duration":NaN}',
                      b"[" * 100_000)
    ],
    Fact("each bad field is named", "error definitions page", "POST", "/v2/users/me/meetings",
         400,
         '{"code":300,"message":"Validation Failed.","errors":['
         '{"field":"topic","message":"Invalid field."},'
         '{"field":"type","message":"Invalid field."},'
         '{"field":"start_time","message":"Invalid field."},'
         '{"field":"duration","message":"Invalid field."}]}',
         sends=b'{"type":true,"duration":0,"topic":5,"start_time":"soon","later":1}'),
    Fact("a start time is text", "OpenAPI", "POST", "/v2/users/me/meetings", 400,
         '{"code":300,"message":"Validation Failed.","errors":['
         '{"field":"start_time","message":"Invalid field."}]}', sends=b'{"start_time":0}'),
]  # fmt: skip


@pytest.mark.parametrize("fact", API_FACTS, ids=lambda fact: fact.says)
def test_the_api_refuses_as_the_source_says(fact):
    """Cap 1 and three tokens: the first evicted, the second expired, the third live."""
    server = a_server(scopes=fact.scopes)
    now = HOUR + SECOND
    shown = {"evicted": issue(server, 0), "expired": issue(server, SECOND)}
    if fact.shows != "expired":
        shown |= {"live": issue(server, now)}
    shown |= {"garbage": "garbage", "": None}
    headers = {} if shown[fact.shows] is None else bearer(shown[fact.shows])
    request = a_request(
        fact.method, fact.path, query=fact.query, headers=headers | fact.headers, body=fact.sends
    )

    exchange = server.handle(request, now)

    assert exchange.response.status == fact.status
    assert exchange.response.body.decode() == fact.body
    assert exchange.endpoint == "api"
    assert exchange.reply.status == fact.status
    headers = dict(exchange.response.headers)
    assert headers.pop("x-zm-trackingid").startswith(TRACKED)
    on_401 = {
        "Cache-Control": "no-store",
        "Pragma": "no-cache",
        "Expires": "Thu, 01 Jan 1970 00:00:00 GMT",
        "Set-Cookie": "zm_aid=",
    }
    assert headers == {
        "Content-Type": "application/json;charset=UTF-8",
        "X-Content-Type-Options": "nosniff",
        **(on_401 if fact.status == 401 else {}),
    }, "DF 89884; no WWW-Authenticate was seen"


@pytest.mark.parametrize("path", ["/", "/v2/webinars/1", "/v2/users/me/", "/oauth/tokens"])
def test_a_path_we_do_not_serve_is_not_recognized(path):
    """Our choice: 404 with code 2300, no token looked at, no event."""
    exchange = a_server().handle(a_request("GET", path), 0)

    assert exchange.response.status == 404
    assert exchange.response.body == (
        b'{"code":2300,"message":"This API endpoint is not recognized."}'
    )
    assert (exchange.endpoint, exchange.reply, exchange.events) == (None, None, ())


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("GET", "/oauth/token", "POST"),
        ("PUT", "/v2/meetings/1", "GET, DELETE"),
        ("GET", "/v2/users/me/meetings", "POST"),
        ("PATCH", "/v2/users/me", "GET"),
    ],
)
def test_a_method_that_a_path_does_not_have_is_not_allowed(method, path, allow):
    """Our choice, after RFC 9110 section 15.5.6: 405 names what is allowed."""
    exchange = a_server().handle(a_request(method, path), 0)

    assert exchange.response.status == 405
    assert exchange.response.headers["Allow"] == allow
    assert exchange.endpoint is None


@pytest.mark.parametrize(
    ("headers", "caller"),
    [
        ({"x-tokenrace-caller": "p3.w7", "user-agent": "curl/8"}, "p3.w7"),
        ({"user-agent": "python-requests/2.32 CPython"}, "python-requests"),
        ({"user-agent": "Mozilla (X11)"}, "Mozilla"),
        ({"x-tokenrace-caller": "x" * 99}, "x" * 64),
        ({"x-tokenrace-caller": "a\x00\x1b[31m"}, "a[31m"),
        ({"x-tokenrace-caller": " \x7f", "user-agent": "/"}, "unknown"),
        ({}, "unknown"),
    ],
)
def test_the_caller_is_named_by_its_header_or_its_user_agent(headers, caller):
    """What it says ends up in traces and on terminals, so nothing unprintable passes."""
    exchange = a_server().handle(a_request("GET", "/v2/users/me", headers=headers), 4)

    assert exchange.events == [
        CallRefused(at=4, token=None, cause="unknown_token", asked_by=caller)
    ]
