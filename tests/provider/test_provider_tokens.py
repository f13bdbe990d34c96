"""The token endpoint by example: what it grants, what it refuses, and what that ends."""

import pytest

from tests.provider.provider_requests import a_provider, a_token_request, issue
from tokenrace.clock import HOUR, SECOND
from tokenrace.provider.ended_tokens import ENDED_KEPT
from tokenrace.provider.ledger import Ledger
from tokenrace.provider.messages import Granted
from tokenrace.provider.policy import TokenPolicy
from tokenrace.trace.events import IssueRefused, TokenEvicted, TokenIssued


def test_an_issue_grants_a_token_for_the_policys_lifetime():
    """One hour: 3600 seconds on the wire, and every scope of the app in one string."""
    reply, events = a_provider().issue(a_token_request(), 5 * SECOND)

    assert reply == Granted(
        token=1,
        expires_at=HOUR + 5 * SECOND,
        expires_in=3600,
        issued_at=5 * SECOND,
        scope="meeting:write:meeting:admin meeting:read:meeting:admin"
        " meeting:delete:meeting:admin user:read:user:admin",
    )
    assert events == [
        TokenIssued(at=5 * SECOND, token=1, expires_at=HOUR + 5 * SECOND, asked_by="p0")
    ]


def test_issuing_at_the_cap_evicts_the_oldest_and_says_for_whom():
    """With room for one, process 7's token ends process 0's."""
    provider = a_provider()
    issue(provider)

    _, events = provider.issue(a_token_request(asked_by="p7"), SECOND)

    assert events == [
        TokenEvicted(at=SECOND, token=1, displaced_by=2, asked_by="p7", valid_until=SECOND),
        TokenIssued(at=SECOND, token=2, expires_at=HOUR + SECOND, asked_by="p7"),
    ]


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"client_secret": "old"}, "invalid_client", "Invalid client_id or client_secret"),
        ({"client_id": None}, "invalid_client", "Invalid client_id or client_secret"),
        ({"client_id": None, "grant_type": None}, "invalid_client", "Invalid client_id or"),
        ({"grant_type": None, "account_id": None}, "invalid_request", "Missing grant type"),
        ({"grant_type": "password"}, "unsupported_grant_type", "unsupported grant type"),
        ({"grant_type": "password", "account_id": "x"}, "unsupported_grant_type", "unsupported"),
        ({"account_id": "other"}, "invalid_request", "Bad request"),
        ({"account_id": None}, "invalid_request", "Bad request"),
    ],
)
def test_the_token_endpoint_checks_the_client_then_the_grant_then_the_account(
    changes, error, message
):
    """The first check that fails answers, always 400, and no token is issued."""
    provider = a_provider()

    reply, events = provider.issue(a_token_request(**changes), 7)

    assert (reply.status, reply.error, reply.cause) == (400, error, None)
    assert reply.message.startswith(message)
    assert events == [IssueRefused(at=7, status=400, error=error, asked_by="p0")]
    assert provider.ledger.tokens_issued == 0


def test_without_a_cap_no_token_ends_before_it_expires():
    """Zoom since 2023-06-20: a hundred issues evict nobody."""
    provider = a_provider(live_tokens=None)
    for now in range(100):
        issue(provider, now)

    assert provider.ledger.live_count(100) == 100
    assert provider.ledger.state(1, HOUR - 1) == "live"


def test_ends_long_past_are_told_from_each_other_up_to_a_bound():
    """
    Token 1 is revoked, token 2 expires, and each issue after that evicts the one before. After
    ENDED_KEPT of them there are ENDED_KEPT - 1 evictions and one revocation: all remembered. One
    more drops token 1's record, so it reads "evicted"; token 2's expiry needs no record. The next
    drops token 3's, and token 2, now older than a dropped record, reads "evicted", as documented.
    """
    ledger = Ledger(TokenPolicy(lifetime=HOUR, live_tokens=1))
    ledger.issue(0, "p0")
    ledger.revoke(1, 0)
    ledger.issue(0, "p0")
    for _ in range(ENDED_KEPT):
        ledger.issue(HOUR, "p0")
    assert [ledger.state(token, HOUR) for token in (1, 2, 3)] == ["revoked", "expired", "evicted"]

    ledger.issue(HOUR, "p0")
    assert [ledger.state(token, HOUR) for token in (1, 2, 3)] == ["evicted", "expired", "evicted"]

    ledger.issue(HOUR, "p0")
    assert [ledger.state(token, HOUR) for token in (1, 2, 3)] == ["evicted", "evicted", "evicted"]
