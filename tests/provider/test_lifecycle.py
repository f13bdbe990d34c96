"""What can happen to an app, and what the token endpoint and the API answer from then on.

Sources: provider facts, section 7. Rotations of the secret: ``test_secret_rotation.py``.
"""

from typing import get_args

import pytest

from tests.provider.provider_requests import (
    a_call,
    a_policy,
    a_provider,
    a_token_request,
    asks,
    calls,
    issue,
)
from tokenrace.clock import HOUR, SECOND
from tokenrace.provider.lifecycle import (
    Change,
    ChangePolicy,
    Deactivate,
    DowngradeOwner,
    Reactivate,
    RevokeToken,
    RevokeTokens,
    RotateSecret,
    TransferOwnership,
    WithdrawConsent,
    in_words,
)
from tokenrace.provider.policy import Allowance
from tokenrace.trace.events import AppChanged, CallRefused, IssueRefused, TokenEvicted, TokenRevoked

THEN = 10 * SECOND
"""When the change happens."""


@pytest.fixture
def provider():
    """No cap on live tokens; token 1 is live."""
    made = a_provider(live_tokens=None)
    issue(made)
    return made


CHANGES = [
    (
        RotateSecret(new_secret="quiet"),
        "its secret is rotated; the old one ends at once",
    ),
    (
        RotateSecret(new_secret="quiet", overlap=90 * SECOND, revokes_tokens=True),
        "its secret is rotated; the old one ends in 90 s, and every token ends",
    ),
    (
        DowngradeOwner(),
        "its owner's role is downgraded, which costs its admin scopes",
    ),
    (
        DowngradeOwner(loses="tokens"),
        "its owner's role is downgraded, which costs every token's validity",
    ),
    (TransferOwnership(), "its ownership is transferred"),
    (Deactivate(), "deactivated"),
    (Reactivate(), "reactivated"),
    (RevokeToken(token=1), "one token is revoked"),
    (RevokeTokens(), "every token is revoked"),
    (RevokeTokens(which="newest"), "its newest token is revoked"),
    (
        ChangePolicy(policy=a_policy(live_tokens=2)),
        "at most 2 tokens live from now on",
    ),
    (
        ChangePolicy(policy=a_policy(live_tokens=1)),
        "at most 1 token lives from now on",
    ),
    (WithdrawConsent(), "its newest consent is withdrawn"),
    (WithdrawConsent(consent=3), "consent 3 is withdrawn"),
    (
        ChangePolicy(policy=a_policy(live_tokens=None)),
        "no cap from now on",
    ),
]


@pytest.mark.parametrize(("change", "words"), CHANGES)
def test_a_change_is_told_in_words_before_what_follows_from_it(provider, change, words):
    """The first event; a revocation comes after the reason for it. No secret is told."""
    first, *others = provider.undergo(change, THEN)

    assert first == AppChanged(at=THEN, change=words)
    assert in_words(change) == words
    ends_token = "token ends" in words or "revoked" in words
    assert others == ([TokenRevoked(at=THEN, token=1)] if ends_token else [])
    assert "quiet" not in words


def test_every_kind_of_change_is_in_the_table():
    """A kind added to ``Change`` needs a row."""
    assert {type(change) for change, _ in CHANGES} == set(get_args(Change))


def test_an_owner_without_admin_scopes_has_calls_refused_for_scopes():
    """Section 7 [documented]: "admin-level scopes are removed automatically"; so 400 with 4711, on
    live tokens at once. Scopes that are not of an admin stay; tokens are issued without the rest.
    """
    provider = a_provider(scopes=("user:read:user:admin", "meeting:read:meeting"))
    token = issue(provider)
    events = provider.undergo(DowngradeOwner(loses="scopes"), THEN)
    granted, _ = provider.issue(a_token_request(), THEN)

    assert len(events) == 1
    assert granted.scope == "meeting:read:meeting"
    assert calls(provider, granted.token, THEN) == (400, None)
    assert calls(provider, granted.token, THEN, "get_meeting") == (404, None)
    assert calls(provider, token, THEN) == (401, "evicted")


def test_an_owner_without_the_role_has_every_call_refused(provider):
    """Forum thread 94662: 401 on every endpoint, for fresh tokens too, while tokens are granted."""
    provider.undergo(DowngradeOwner(loses="tokens"), THEN)
    fresh = issue(provider, THEN)
    _, events = provider.call(a_call(fresh), THEN)

    assert events == [CallRefused(at=THEN, token=fresh, cause="owner_role", asked_by="p0.w1")]
    assert calls(provider, 1, THEN) == (401, "owner_role")


@pytest.mark.parametrize("loses", ["scopes", "tokens"])
def test_a_transfer_to_an_owner_with_the_role_mends_it(provider, loses):
    """Section 7 [documented]: "remedy: transfer ownership to an admin-role user". Same token."""
    provider.undergo(DowngradeOwner(loses=loses), THEN)
    assert calls(provider, 1, THEN)[0] != 200
    provider.undergo(TransferOwnership(), THEN + 1)

    assert calls(provider, 1, THEN + 1) == (200, None)


def test_a_deactivated_app_gets_no_token_and_its_tokens_are_refused(provider):
    """Section 7 [documented, s2s-oauth]: "deactivate app: tokens stop working". The refusal's
    reason is reported, section 3: "The app has been disabled by the developer"."""
    provider.undergo(Deactivate(), THEN)
    reply, events = provider.issue(a_token_request(), THEN)

    assert reply.message == "The app has been disabled by the developer"
    assert events == [IssueRefused(at=THEN, status=400, error="unauthorized_client", asked_by="p0")]
    assert calls(provider, 1, THEN) == (401, "app_deactivated")
    assert calls(provider, None, THEN) == (401, "unknown_token")
    assert asks(provider, THEN, secret="wrong") == (400, "invalid_client")


def test_a_reactivated_apps_tokens_are_accepted_up_to_their_expiry(provider):
    """Their time runs on meanwhile: token 1 expires an hour after tick 0 all the same."""
    provider.undergo(Deactivate(), THEN)
    provider.undergo(Reactivate(), THEN + HOUR // 2)

    assert calls(provider, 1, THEN + HOUR // 2) == (200, None)
    assert calls(provider, 1, HOUR - 1) == (200, None)
    assert calls(provider, 1, HOUR) == (401, "expired")
    assert asks(provider, THEN + HOUR // 2) is None


def test_causes_of_the_app_come_before_those_of_a_token(provider):
    """Deactivated, then blocked, then the owner's role, then what the token itself met."""
    provider.undergo(RevokeToken(token=1), THEN)
    provider.undergo(DowngradeOwner(loses="tokens"), THEN)
    assert calls(provider, 1, THEN) == (401, "owner_role")
    provider.standing.is_blocked = True
    assert calls(provider, 1, THEN) == (401, "app_blocked")
    provider.undergo(Deactivate(), THEN)
    assert calls(provider, 1, THEN) == (401, "app_deactivated")


def test_one_token_is_revoked_and_no_other(provider):
    """A second time nothing is left to revoke; neither is of a token never issued."""
    issue(provider)
    provider.undergo(RevokeToken(token=1), THEN)

    assert (calls(provider, 1, THEN), calls(provider, 2, THEN)) == ((401, "revoked"), (200, None))
    assert len(provider.undergo(RevokeToken(token=1), THEN + 1)) == 1
    assert len(provider.undergo(RevokeToken(token=99), THEN + 1)) == 1


def test_the_newest_token_is_the_one_issued_last(provider):
    """Of three the third; asked again, nothing: the third has ended, and the others stay."""
    newest = [issue(provider) for _ in range(2)][-1]
    events = provider.undergo(RevokeTokens(which="newest"), THEN)

    assert events[1:] == [TokenRevoked(at=THEN, token=newest)]
    assert len(provider.undergo(RevokeTokens(which="newest"), THEN)) == 1
    assert [calls(provider, token, THEN)[0] for token in (1, 2, 3)] == [200, 200, 401]


def test_without_a_token_there_is_none_to_revoke():
    """An app that nobody has used yet."""
    for which in ("newest", "all"):
        assert len(a_provider().undergo(RevokeTokens(which=which), THEN)) == 1


def test_tokens_above_a_lower_cap_go_with_the_next_issue(provider):
    """Three live, then at most two: the change itself ends none, the next issue ends two."""
    for _ in range(2):
        issue(provider)
    provider.undergo(ChangePolicy(policy=a_policy(live_tokens=2)), THEN)
    assert [calls(provider, token, THEN)[0] for token in (1, 2, 3)] == [200] * 3
    _, events = provider.issue(a_token_request(), THEN + 1)

    evicted = [event.token for event in events if isinstance(event, TokenEvicted)]
    assert evicted == [1, 2]
    assert [calls(provider, token, THEN + 1)[0] for token in (1, 2, 3, 4)] == [401, 401, 200, 200]


def test_a_changed_lifetime_is_that_of_tokens_to_come(provider):
    """Token 1 keeps its hour; token 2, issued after it, lives a minute and is told so."""
    provider.undergo(ChangePolicy(policy=a_policy(live_tokens=None, lifetime=60 * SECOND)), THEN)
    granted, _ = provider.issue(a_token_request(), THEN)

    assert granted.expires_in == 60
    assert calls(provider, 2, THEN + 60 * SECOND) == (401, "expired")
    assert calls(provider, 1, THEN + 60 * SECOND) == (200, None)
    assert provider.ledger.live_count(THEN + 60 * SECOND) == 1


def test_a_changed_throttle_counts_anew(provider):
    """Token 1 was issued before there was a throttle of one: one more may be."""
    throttled = a_policy(live_tokens=None, throttle=Allowance(count=1, window=HOUR))
    provider.undergo(ChangePolicy(policy=throttled), THEN)

    assert asks(provider, THEN) is None
    assert asks(provider, THEN) == (429, "too_many_requests")
    provider.undergo(ChangePolicy(policy=a_policy(live_tokens=None)), THEN)
    assert asks(provider, THEN) is None
