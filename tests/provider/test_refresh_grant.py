"""``grant_type=refresh_token`` over HTTP: what clients send and get, and what ends with it."""

import json

import pytest

from tests.provider.refreshing import (
    INVALID_GRANT,
    LINKED,
    OVERLAP,
    a_server,
    granted,
    refresh,
    status,
)
from tokenrace.clock import HOUR, MINUTE, SECOND
from tokenrace.provider.lifecycle import ChangePolicy
from tokenrace.provider.policy import TokenPolicy
from tokenrace.provider.refresh_tokens import RefreshPolicy, RefreshToken
from tokenrace.trace.events import (
    FamilyAuthorized,
    FamilyEnded,
    IssueRefused,
    RefreshRefused,
    TokenEvicted,
    TokenIssued,
    TokenRevoked,
)


def test_a_refresh_grants_an_access_token_and_the_next_refresh_token():
    """The shape is RFC 6749 section 5.1's in Zoom's order; the access token works at once."""
    server = a_server(RefreshPolicy(rotates=True))
    first, events = server.authorize(0)
    assert events == [FamilyAuthorized(at=0, family=1)]

    exchange = refresh(server, first, SECOND)

    body = json.loads(exchange.response.body)
    assert exchange.response.status == 200
    assert list(body) == [
        "access_token",
        "token_type",
        "refresh_token",
        "expires_in",
        "scope",
        "api_url",
    ]
    assert body["refresh_token"] == server.tokens.write_refresh(RefreshToken(1, 2))
    assert exchange.events == [
        TokenIssued(at=SECOND, token=1, expires_at=HOUR + SECOND, asked_by="unknown")
    ]
    assert status(server, body["access_token"], SECOND) == 200


@pytest.mark.parametrize(
    ("policy", "is_told"),
    [(RefreshPolicy(), False), (RefreshPolicy(repeats=True), True)],
    ids=["google: no refresh_token in the answer", "hubspot: the same one again"],
)
def test_without_rotation_the_answer_repeats_the_refresh_token_or_leaves_it_out(policy, is_told):
    """A client that stores what is not there loses its consent: a bug worth meeting here."""
    server = a_server(policy)
    value, _ = server.authorize(0)

    for now in (0, HOUR):
        assert granted(server, value, now)[1] == (value if is_told else None)


def test_a_reuse_ends_the_family_and_its_access_tokens():
    """
    Atlassian: "Reuse of old tokens outside the leeway interval invalidates all refresh tokens"
    [community 54172], and the access token issued with a revoked one is revoked [83103]. The other
    consent's tokens stay.
    """
    server = a_server(LINKED)
    value, _ = server.authorize(0)
    other, _ = server.authorize(0)
    access, _ = granted(server, value)
    others, _ = granted(server, other)

    exchange = refresh(server, value, OVERLAP)

    assert (exchange.response.status, exchange.response.body) == (400, INVALID_GRANT)
    assert exchange.events == [
        RefreshRefused(at=OVERLAP, family=1, cause="reused", asked_by="unknown"),
        FamilyEnded(at=OVERLAP, family=1, reason="reused"),
        TokenRevoked(at=OVERLAP, token=1),
        IssueRefused(at=OVERLAP, status=400, error="invalid_grant", asked_by="unknown"),
    ]
    assert status(server, access, OVERLAP) == 401
    assert status(server, others, OVERLAP) == 200


def test_an_access_token_outlives_the_refresh_it_came_with_by_the_overlap():
    """
    Atlassian: after an exchange "the old access and refresh tokens will enter a 10-minutes grace
    period" [community 83103]. A retry is no exchange: it ends nothing.
    """
    server = a_server(LINKED)
    first, _ = server.authorize(0)
    access, second = granted(server, first)
    retried, _ = granted(server, first, SECOND)

    exchange = refresh(server, second, MINUTE)

    assert exchange.events == [
        *(
            TokenEvicted(
                at=MINUTE,
                token=token,
                displaced_by=3,
                asked_by="unknown",
                valid_until=MINUTE + OVERLAP,
            )
            for token in (1, 2)
        ),
        TokenIssued(at=MINUTE, token=3, expires_at=HOUR + MINUTE, asked_by="unknown"),
    ]
    for token in (access, retried):
        assert status(server, token, MINUTE + OVERLAP - 1) == 200
        assert status(server, token, MINUTE + OVERLAP) == 401


def test_a_reuse_ends_access_tokens_in_their_overlap_too():
    """They were issued with a refresh token of the family; the overlap is no refuge."""
    server = a_server(LINKED)
    first, _ = server.authorize(0)
    access, second = granted(server, first)
    granted(server, second, MINUTE)

    refresh(server, first, MINUTE)

    assert status(server, access, MINUTE) == 401


def test_where_access_tokens_are_not_linked_a_reuse_leaves_them():
    """They expire by the clock, which is why they are short-lived."""
    server = a_server(RefreshPolicy(rotates=True, detects_reuse=True))
    first, _ = server.authorize(0)
    access, _ = granted(server, first)
    refresh(server, first, 1)

    assert status(server, access, HOUR - 1) == 200


def test_a_consent_above_the_cap_ends_the_oldest_with_its_access_tokens():
    """
    Salesforce revokes both tokens of the oldest approval [reported: hotovo.com, 2017]; the client
    learns of it by a 401 and an invalid_grant.
    """
    server = a_server(RefreshPolicy(families_max=1, ends_access_tokens=True))
    oldest, _ = server.authorize(0)
    access, _ = granted(server, oldest)

    _, events = server.authorize(5)

    assert events == [
        FamilyEnded(at=5, family=1, reason="evicted"),
        FamilyAuthorized(at=5, family=2),
        TokenRevoked(at=5, token=1),
    ]
    assert status(server, access, 5) == 401
    assert refresh(server, oldest, 5).response.body == INVALID_GRANT


def test_the_cap_on_access_tokens_counts_places_that_a_rotation_leaves():
    """With room for two, the token that ends by rotation makes room, and no other must go."""
    server = a_server(LINKED)
    policy = TokenPolicy(lifetime=HOUR, live_tokens=2, refresh=LINKED)
    server.provider.undergo(ChangePolicy(policy=policy), 0)
    first, _ = server.authorize(0)
    other, _ = server.authorize(0)
    granted(server, other)
    _, second = granted(server, first)

    ended = [event.token for event in refresh(server, second, 1).events[:-1]]

    assert ended == [2]


def test_a_lower_cap_takes_what_a_rotation_leaves_over():
    """Three live, one from now on: the rotation ends token 1, and the cap the two others."""
    server = a_server(LINKED)
    first, _ = server.authorize(0)
    _, second = granted(server, first)
    for _ in range(2):
        other, _ = server.authorize(0)
        granted(server, other)
    policy = TokenPolicy(lifetime=HOUR, live_tokens=1, refresh=LINKED)
    server.provider.undergo(ChangePolicy(policy=policy), 0)

    *evicted, _ = refresh(server, second, 1).events

    assert [(event.token, event.valid_until) for event in evicted] == [
        (1, 1 + OVERLAP),
        (2, 1),
        (3, 1),
    ]
