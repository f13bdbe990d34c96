"""``grant_type=refresh_token`` over HTTP: what is refused, and what does not pass for what."""

import json
from base64 import urlsafe_b64decode
from dataclasses import replace

import pytest

from tests.provider.refreshing import (
    INVALID_GRANT,
    LINKED,
    OVERLAP,
    a_request,
    a_server,
    granted,
    refresh,
    status,
)
from tests.provider.zoom_requests import GRANT, token_request
from tokenrace.clock import HOUR, MINUTE
from tokenrace.provider.lifecycle import ChangePolicy
from tokenrace.provider.policy import Allowance, TokenPolicy
from tokenrace.provider.refresh_tokens import NO_REFRESH_TOKEN, RefreshPolicy, RefreshToken


@pytest.mark.parametrize(
    ("policy", "body", "answer"),
    [
        pytest.param(
            None,
            b"grant_type=refresh_token&refresh_token=x",
            b'{"reason":"unsupported grant type","error":"unsupported_grant_type"}',
            id="a server-to-server app has none",
        ),
        pytest.param(
            RefreshPolicy(),
            GRANT.encode(),
            b'{"reason":"unsupported grant type","error":"unsupported_grant_type"}',
            id="and these apps have no other",
        ),
        pytest.param(
            RefreshPolicy(),
            b"grant_type=refresh_token",
            b'{"reason":"Bad request","error":"invalid_request"}',
            id="no refresh token: RFC 6749 5.2, the reason is ours",
        ),
        pytest.param(
            RefreshPolicy(),
            b"grant_type=refresh_token&refresh_token=a.b.c",
            INVALID_GRANT,
            id="garbage: raycast/extensions#10896, #12533",
        ),
    ],
)
def test_a_request_that_cannot_be_granted_is_refused(policy, body, answer):
    """Always 400, as every refusal of Zoom's token endpoint."""
    exchange = a_server(policy).handle(token_request(body=body), 0)

    assert (exchange.response.status, exchange.response.body) == (400, answer)


def test_a_refused_request_spends_no_refresh_token():
    """Throttled before its refresh token is looked at, a client may come again with it."""
    server = a_server(RefreshPolicy(rotates=True), throttle=Allowance(count=1, window=MINUTE))
    first, _ = server.authorize(0)
    _, second = granted(server, first)

    assert refresh(server, second, 1).response.status == 429
    assert refresh(server, second, MINUTE).response.status == 200


def test_neither_kind_of_token_passes_for_the_other():
    """A refresh token as a Bearer, and an access token at the token endpoint."""
    server = a_server(RefreshPolicy())
    value, _ = server.authorize(0)
    access, _ = granted(server, value)

    assert status(server, value, 0) == 401
    assert refresh(server, access).response.body == INVALID_GRANT


def test_a_refresh_token_cannot_pass_for_a_real_one():
    """Issuer and audience are ours, and there is no instant that a client could go by."""
    server = a_server(RefreshPolicy())
    value, _ = server.authorize(0)
    _, payload, _ = value.split(".")
    claims = json.loads(urlsafe_b64decode(payload + "=="))

    assert claims["iss"] == "urn:tokenrace:cid:shop"
    assert claims["aud"] == "urn:tokenrace:oauth"
    assert claims["code"] == "tokenrace-refresh-1-1"
    assert claims.keys().isdisjoint({"nbf", "exp", "iat"})


@pytest.mark.parametrize("tail", ["x", "."], ids=["a byte more", "a part more"])
def test_a_changed_refresh_token_is_not_read(tail):
    """The signature covers every byte."""
    server = a_server(RefreshPolicy())
    value, _ = server.authorize(0)

    assert server.tokens.read_refresh(value) == RefreshToken(1, 1)
    for changed in (value + tail, value.replace("ey", "eY", 1), tail):
        assert server.tokens.read_refresh(changed) is None


def test_a_consent_needs_a_policy_with_refresh_tokens():
    """Our caller asks first; a family that no grant serves would mislead."""
    with pytest.raises(ValueError, match="credentials alone"):
        a_server().authorize(0)


@pytest.mark.parametrize(
    "wrong", [{"reuse_above": MINUTE}, {"at_cap": "same_token"}, {"at_cap": "replace_slot"}]
)
def test_tokens_are_not_shared_between_consents(wrong):
    """A rule that returns a live token would hand one consent's to another."""
    with pytest.raises(ValueError, match="refresh does not go with"):
        TokenPolicy(lifetime=HOUR, live_tokens=1, refresh=RefreshPolicy(), **wrong)


def test_refresh_families_outlive_a_policy_without_the_grant():
    """Switched off and on again, old values must not name new families."""
    server = a_server(RefreshPolicy())
    value, _ = server.authorize(0)
    for policy in (None, RefreshPolicy(repeats=True)):
        changed = TokenPolicy(lifetime=HOUR, live_tokens=None, refresh=policy)
        server.provider.undergo(ChangePolicy(policy=changed), 1)

    assert granted(server, value, 2)[1] == value


def test_what_a_refresh_would_end_can_be_asked_beforehand():
    """Rotation ends its own family's; a reuse all of them; a refusal without reuse none."""
    server = a_server(LINKED)
    provider = server.provider
    first, _ = server.authorize(0)
    _, second = granted(server, first)
    shown = [server.tokens.read_refresh(value) for value in (first, second)]

    assert provider.endangered(a_request(shown[1]), 1) == [1]
    assert provider.endangered(a_request(shown[0]), 1) == []
    assert provider.endangered(a_request(shown[0]), OVERLAP) == [1]
    assert provider.endangered(a_request(NO_REFRESH_TOKEN), 1) == ()

    unlinked = replace(LINKED, ends_access_tokens=False)
    policy = replace(provider.policy, refresh=unlinked)
    provider.undergo(ChangePolicy(policy=policy), 1)
    assert provider.endangered(a_request(shown[0]), OVERLAP) == ()
