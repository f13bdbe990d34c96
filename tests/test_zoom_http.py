"""Each fact known of Zoom's wire, with its source, and the exact bytes we answer.

Sources are named as in docs/provider-facts.md: "DF n" is a thread of Zoom's developer forum.
"""

import json
from base64 import b64encode, urlsafe_b64decode
from dataclasses import dataclass, field

import pytest

from simulator.clock import HOUR, SECOND
from simulator.provider import Provider
from simulator.provider.http import DETAILS_KEPT, ZoomHttp
from simulator.provider.policy import App, Credentials, TokenPolicy
from simulator.provider.reading import HttpRequest
from simulator.provider.token_format import READ_KEPT, TokenFormat, token_named_in
from simulator.trace.events import CallRefused, IssueRefused, TokenIssued

CREDENTIALS = Credentials(client_id="shop", client_secret="hush", account_id="acct")
KEY = b"a key for these tests"
EPOCH = 1_700_000_000  # 2023-11-14T22:13:20Z
BASIC = "Basic " + b64encode(b"shop:hush").decode()
FORM = {"content-type": "application/x-www-form-urlencoded", "authorization": BASIC}
GRANT = "grant_type=account_credentials&account_id=acct"
TRACKED = "v=2.0;clid=tokenrace;rid=WEB_"


def a_server(**app):
    policy = TokenPolicy(lifetime=HOUR, live_tokens=1)
    provider = Provider(App(credentials=CREDENTIALS, **app), policy)
    return ZoomHttp(provider, signing_key=KEY, epoch=EPOCH, api_url="http://127.0.0.1:8080")


def a_request(method, path, *, query=(), headers=(), body=b""):
    return HttpRequest(
        method=method, path=path, query=dict(query), headers=dict(headers), body=body
    )


def token_request(**changes):
    request = {"headers": FORM, "body": GRANT.encode()} | changes
    return a_request("POST", "/oauth/token", **request)


def issue(server, now=0):
    exchange = server.handle(token_request(), now)
    return json.loads(exchange.response.body)["access_token"]


def bearer(value):
    return {"authorization": f"Bearer {value}"}


def call(server, line, value, *, now=0, body=b""):
    """Send ``line``, a method and a path, with ``value`` as the token."""
    method, path = line.split()
    return server.handle(a_request(method, path, headers=bearer(value), body=body), now)


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


INVALID_CLIENT = b'{"reason":"Invalid client_id or client_secret","error":"invalid_client"}'
BAD_ACCOUNT = b'{"reason":"Bad request","error":"invalid_request"}'
MISSING_GRANT = b'{"reason":"Missing grant type","error":"invalid_request"}'


def basic(text):
    return {**FORM, "authorization": "Basic " + b64encode(text).decode()}


@pytest.mark.parametrize(
    ("changes", "body"),
    [
        pytest.param({"headers": basic(b"shop:old")}, INVALID_CLIENT, id="zoom-laravel#3; zulip"),
        pytest.param({"headers": basic(b"shop")}, INVALID_CLIENT, id="no colon: our choice"),
        pytest.param({"headers": basic(b"\xff:x")}, INVALID_CLIENT, id="not UTF-8: our choice"),
        pytest.param(
            {"headers": {**FORM, "authorization": "Basic !"}}, INVALID_CLIENT, id="not base64"
        ),
        pytest.param(
            {"headers": {**FORM, "authorization": "Basic \xe9"}}, INVALID_CLIENT, id="not ASCII"
        ),
        pytest.param({"headers": {}}, INVALID_CLIENT, id="no Basic auth: our choice"),
        pytest.param(
            {"body": b"grant_type=authorization_code&account_id=acct"},
            b'{"reason":"unsupported grant type","error":"unsupported_grant_type"}',
            id="server-to-server-oauth-token#3",
        ),
        pytest.param(
            {"body": b"grant_type=account_credentials&account_id=x"}, BAD_ACCOUNT, id="zulip"
        ),
        pytest.param(
            {"body": b"grant_type=account_credentials"}, BAD_ACCOUNT, id="unknown: our choice"
        ),
        pytest.param({"body": b"account_id=acct"}, MISSING_GRANT, id="code 4706; mocks"),
        pytest.param({"body": b"\xff"}, MISSING_GRANT, id="a body that is no text"),
        pytest.param({"body": b"a=1&" * 101}, MISSING_GRANT, id="a form of 101 fields"),
        pytest.param(
            {"headers": {**FORM, "content-type": "application/json"}, "body": b"{}"},
            MISSING_GRANT,
            id="a body that is no form",
        ),
    ],
)
def test_the_token_endpoint_refuses_with_reason_and_error(changes, body):
    """Always 400, never ``code`` and ``message``; facts, section 3."""
    exchange = a_server().handle(token_request(**changes), 9)

    assert (exchange.response.status, exchange.response.body) == (400, body)
    assert exchange.response.headers["Cache-Control"] == "no-store"
    assert exchange.endpoint == "token"
    error = json.loads(body)["error"]
    assert exchange.events == [IssueRefused(at=9, status=400, error=error, asked_by="unknown")]


QUERY = {"grant_type": "account_credentials", "account_id": "acct"}


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({}, id="form body: s2s-oauth page"),
        pytest.param({"query": QUERY, "body": b""}, id="query: docs/rooms/oauth"),
        pytest.param({"headers": {"authorization": BASIC}}, id="a form without its type"),
        pytest.param({"query": {"account_id": "x"}}, id="the body counts: our choice"),
        pytest.param({"body": (GRANT + "&account_id=x").encode()}, id="the first of two counts"),
        pytest.param({"query": {"token_index": "3"}}, id="token_index ignored: changelog 2023-06"),
    ],
)
def test_a_token_is_granted_from_body_or_query(changes):
    """
    Facts, section 1: bearer in lower case, 3600 seconds (DF 79648), one scope string, api_url.
    """
    server = a_server(scopes=("user:read:user:admin", "meeting:write:meeting:admin"))

    exchange = server.handle(token_request(**changes), SECOND)

    value = server.tokens.write(1, issued_at=SECOND, expires_at=HOUR + SECOND)
    assert exchange.response.status == 200
    assert exchange.response.body.decode() == (
        f'{{"access_token":"{value}","token_type":"bearer","expires_in":3600,'
        '"scope":"user:read:user:admin meeting:write:meeting:admin",'
        '"api_url":"http://127.0.0.1:8080"}'
    )
    assert dict(exchange.response.headers) == {
        "Content-Type": "application/json;charset=UTF-8",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
        "Pragma": "no-cache",
        "Expires": "Thu, 01 Jan 1970 00:00:00 GMT",
        "x-zm-trackingid": TRACKED + "0" * 31 + "1",
    }
    assert exchange.events == [
        TokenIssued(at=SECOND, token=1, expires_at=HOUR + SECOND, asked_by="unknown")
    ]


def test_a_created_meeting_is_shown_whole_and_read_back_the_same():
    """Facts, section 6: 201 and every field of the recorded response; the read is a 200."""
    server = a_server()
    value = issue(server)
    asked = b'{"topic":"Stand-up","type":2,"duration":15,"start_time":"2024-01-02T03:04:05Z"}'

    created = call(server, "POST /v2/users/me/meetings", value, now=90 * SECOND, body=asked)
    read = call(server, "GET /v2/meetings/10000000000", value, now=100 * SECOND)

    assert (created.response.status, read.response.status) == (201, 200)
    assert created.response.body == read.response.body
    shown = json.loads(created.response.body)
    made_up = ["uuid", "password", "h323_password", "pstn_password", "encrypted_password"]
    assert all(isinstance(shown.pop(name), str) for name in made_up)
    join_url, settings = shown.pop("join_url"), shown.pop("settings")
    assert join_url.startswith("https://tokenrace.invalid/j/10000000000?pwd=")
    assert settings["waiting_room"] is True
    assert shown == {
        "id": 10_000_000_000,
        "host_id": "user-owner",
        "host_email": "user-owner@tokenrace.invalid",
        "topic": "Stand-up",
        "type": 2,
        "status": "waiting",
        "start_time": "2024-01-02T03:04:05Z",
        "duration": 15,
        "timezone": "UTC",
        "agenda": "",
        "created_at": "2023-11-14T22:14:50Z",  # EPOCH + 90 s
        "start_url": "https://tokenrace.invalid/s/10000000000?zak=tokenrace",
    }


def test_a_repeated_create_makes_a_second_meeting():
    """No idempotency key is in the spec; facts, section 6."""
    server = a_server()
    value = issue(server)

    answers = [call(server, "POST /v2/users/me/meetings", value, body=b"{}") for _ in "12"]

    ids = [json.loads(answer.response.body)["id"] for answer in answers]
    assert ids == [10_000_000_000, 10_000_000_001]


def test_a_delete_answers_204_with_nothing_and_a_second_one_404():
    """OpenAPI; the second answer is inferred from the documented 404."""
    server = a_server()
    value = issue(server)
    call(server, "POST /v2/users/me/meetings", value, body=b"{}")

    first, second = (call(server, "DELETE /v2/meetings/10000000000", value) for _ in "12")

    assert (first.response.status, first.response.body) == (204, b"")
    assert "Content-Type" not in first.response.headers
    assert second.response.status == 404


def test_details_are_kept_for_the_latest_meetings_only():
    """Memory must not grow: of DETAILS_KEPT + 1 meetings the first is shown with the defaults."""
    server = a_server()
    value = issue(server)
    for _ in range(DETAILS_KEPT + 1):
        call(server, "POST /v2/users/me/meetings", value, now=SECOND, body=b'{"topic":"x"}')

    first, second = (
        json.loads(call(server, f"GET /v2/meetings/{meeting}", value).response.body)
        for meeting in (10_000_000_000, 10_000_000_001)
    )

    assert (first["topic"], first["created_at"]) == ("Zoom Meeting", "2023-11-14T22:13:20Z")
    assert (second["topic"], second["created_at"]) == ("x", "2023-11-14T22:13:21Z")


def test_the_user_is_shown_with_every_field_of_the_specification():
    """``me`` is the owner of the app; facts, section 6."""
    server = a_server()
    value = issue(server)

    me, other = (
        json.loads(call(server, f"GET /v2/users/{user}", value).response.body)
        for user in ("me", "user-3-7")
    )

    assert list(me) == [
        "id",
        "first_name",
        "last_name",
        "display_name",
        "email",
        "type",
        "role_name",
        "pmi",
        "timezone",
        "verified",
        "created_at",
        "account_id",
        "account_number",
        "status",
    ]
    assert (me["id"], me["email"]) == ("user-owner", "user-owner@tokenrace.invalid")
    assert (other["id"], other["account_id"]) == ("user-3-7", "acct")
    assert 10**9 <= me["pmi"] < 10**10


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


def claims_of(value):
    return [json.loads(urlsafe_b64decode(part + "==")) for part in value.split(".")[:2]]


def test_a_token_has_zooms_shape_and_our_issuer():
    """Facts, section 1: HS512, version 7 claims in their order, about 600 characters."""
    value = TokenFormat(KEY, CREDENTIALS, EPOCH).write(5, issued_at=SECOND, expires_at=HOUR)

    header, claims = claims_of(value)
    assert list(header) == ["alg", "v", "kid"]
    assert (header["alg"], header["v"], len(header["kid"])) == ("HS512", "2.0", 36)
    assert list(claims) == [
        "ver", "auid", "code", "iss", "gno", "type", "tid", "aud", "uid", "nbf", "exp", "iat",
        "aid", "jti",
    ]  # fmt: skip
    assert claims["iss"] == "urn:tokenrace:cid:shop"
    assert claims["aud"] == "urn:tokenrace:oauth"
    assert (claims["ver"], claims["gno"], claims["type"], claims["tid"]) == (7, 0, 0, 0)
    assert (claims["nbf"], claims["iat"], claims["exp"]) == (EPOCH + 1, EPOCH + 1, EPOCH + 3600)
    assert claims["aid"] == "acct"
    assert 550 <= len(value) <= 800


def test_a_value_is_read_back_by_a_reader_that_never_wrote_it():
    """Nothing about a token is remembered, so memory does not grow with tokens issued."""
    value = TokenFormat(KEY, CREDENTIALS, EPOCH).write(5, issued_at=0, expires_at=HOUR)
    reader = TokenFormat(KEY, CREDENTIALS, EPOCH)

    assert [reader.read(value), reader.read(value)] == [5, 5]


def test_values_beyond_those_remembered_are_still_read():
    """The memory of READ_KEPT values only saves time."""
    tokens = TokenFormat(KEY, CREDENTIALS, EPOCH)
    values = [
        tokens.write(token, issued_at=0, expires_at=HOUR) for token in range(1, READ_KEPT + 3)
    ]

    assert [tokens.read(values[place]) for place in (0, 1, -1)] == [1, 2, READ_KEPT + 2]


def test_a_forged_or_altered_value_is_not_ours():
    """Another key, another number inside, a cut or stretched signature, and plain nonsense."""
    tokens = TokenFormat(KEY, CREDENTIALS, EPOCH)
    value = tokens.write(5, issued_at=0, expires_at=HOUR)
    head, payload, signature = value.split(".")
    other = TokenFormat(b"another key of ours", CREDENTIALS, EPOCH)
    _, payload_of_6, _ = tokens.write(6, issued_at=0, expires_at=HOUR).split(".")
    forgeries = [
        other.write(5, issued_at=0, expires_at=HOUR),
        f"{head}.{payload_of_6}.{signature}",
        value[:-1],
        value + "=",
        f"{head}.{payload}",
        "",
        ".",
        "é",
        "\udcff.\udcff",
    ]

    assert [tokens.read(forgery) for forgery in forgeries] == [None] * len(forgeries)


def test_a_client_can_tell_which_token_a_value_is_without_the_key():
    """It reads the number and checks nothing; what is not shaped like ours names no token."""
    value = TokenFormat(KEY, CREDENTIALS, EPOCH).write(5, issued_at=0, expires_at=HOUR)

    def named(payload):
        return token_named_in("a." + b64encode(payload).decode() + ".b")

    assert token_named_in(value) == 5
    assert named(b'{"code":"tokenrace-12"}') == 12
    strange = [b"{}", b"[]", b"{", b"\xff", b"[" * 100_000, b'{"code":7}', b'{"code":"x-1"}',
               b'{"code":"tokenrace-"}', b'{"code":"tokenrace-1_0"}',
               b'{"code":"tokenrace-' + b"9" * 5_000 + b'"}']  # fmt: skip
    assert [named(payload) for payload in strange] == [None] * len(strange)
    assert [token_named_in(text) for text in ("garbage", "a.b.c", "")] == [None] * 3


def test_a_short_signing_key_is_refused():
    """A guessable key would let anyone issue tokens."""
    with pytest.raises(ValueError, match="at least 16 bytes, got 5"):
        TokenFormat(b"short", CREDENTIALS, EPOCH)


def test_the_same_requests_get_the_same_bytes():
    """No clock, no chance: two servers with one key agree to the last byte."""
    first, second = (
        [
            server.handle(token_request(), 0).response,
            call(server, "POST /v2/users/me/meetings", issue(server), body=b"{}").response,
        ]
        for server in (a_server(), a_server())
    )

    assert first == second
