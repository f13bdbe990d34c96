"""What Zoom's token endpoint answers, with its source as docs/provider-facts.md names it."""

import json
from base64 import b64encode

import pytest

from tests.provider.zoom_requests import BASIC, FORM, GRANT, TRACKED, a_server, token_request
from tokenrace.clock import HOUR, SECOND
from tokenrace.trace.events import IssueRefused, TokenIssued

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
