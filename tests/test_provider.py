"""The provider by example: what it answers, in which order it checks, and what it writes down."""

import re

import pytest

from simulator.clock import HOUR, SECOND
from simulator.provider import Provider
from simulator.provider.app import App, Credentials, Directory
from simulator.provider.ledger import ENDED_KEPT, Ledger
from simulator.provider.messages import (
    Accepted,
    ApiCall,
    BodyProblem,
    FieldProblem,
    Granted,
    Refused,
    TokenRequest,
)
from simulator.provider.policy import TokenPolicy
from simulator.trace.events import CallRefused, IssueRefused, TokenEvicted, TokenIssued

CREDENTIALS = Credentials(client_id="shop", client_secret="hush", account_id="acct")
NO_SUCH_TOKEN = 99


def a_provider(*, live_tokens=1, **app):
    policy = TokenPolicy(lifetime=HOUR, live_tokens=live_tokens)
    return Provider(App(credentials=CREDENTIALS, **app), policy)


def a_token_request(**changes):
    request = {
        "client_id": "shop",
        "client_secret": "hush",
        "grant_type": "account_credentials",
        "account_id": "acct",
        "asked_by": "p0",
    }
    return TokenRequest(**request | changes)


def a_call(token, operation="get_user", target="me", **changes):
    return ApiCall(operation=operation, token=token, target=target, asked_by="p0.w1", **changes)


def issue(provider, now=0):
    granted, _ = provider.issue(a_token_request(), now)
    return granted.token


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


@pytest.mark.parametrize(
    ("token", "now", "cause", "message"),
    [
        (1, SECOND, "evicted", "Invalid access token."),
        (1, 3 * HOUR, "evicted", "Invalid access token."),
        (2, HOUR + SECOND, "expired", "Access token is expired."),
        (3, SECOND, "unknown_token", "Invalid access token."),
        (None, SECOND, "unknown_token", "Invalid access token."),
    ],
)
def test_a_401_carries_its_true_cause_in_the_event_only(token, now, cause, message):
    """Token 1 was evicted by token 2, which expires an hour later; its first end stays its end."""
    provider = a_provider()
    issue(provider, 0)
    issue(provider, SECOND)

    reply, events = provider.call(a_call(token), now)

    assert reply == Refused(status=401, error="124", message=message, cause=cause)
    seen = None if cause == "unknown_token" else token
    assert events == [CallRefused(at=now, token=seen, cause=cause, asked_by="p0.w1")]


def test_a_revoked_token_is_refused_as_revoked():
    """To the client it reads like any other ended token."""
    provider = a_provider()
    token = issue(provider)
    provider.ledger.revoke(token, SECOND)

    reply, _ = provider.call(a_call(token), SECOND)

    assert reply == Refused(
        status=401, error="124", message="Invalid access token.", cause="revoked"
    )


def test_a_live_token_answers_until_the_tick_before_it_expires():
    """Issued at 0 for an hour: the last good instant is HOUR - 1."""
    provider = a_provider()
    token = issue(provider)

    assert provider.call(a_call(token), HOUR - 1)[0] == Accepted(status=200, user="user-owner")
    assert provider.call(a_call(token), HOUR)[0].status == 401


def test_a_meeting_lives_from_its_create_to_its_delete():
    """Created, read, deleted; a second delete finds nothing."""
    provider = a_provider()
    token = issue(provider)
    ids = "10000000000"

    def call(operation, target):
        return provider.call(a_call(token, operation, target), SECOND)[0]

    assert call("create_meeting", "user-3-7") == Accepted(
        status=201, meeting=10_000_000_000, user="user-3-7"
    )
    assert call("get_meeting", ids) == Accepted(status=200, meeting=10_000_000_000, user="user-3-7")
    assert call("delete_meeting", ids) == Accepted(status=204)
    gone = Refused(status=404, error="3001", message="Meeting does not exist: 10000000000.")
    assert call("delete_meeting", ids) == gone
    assert call("get_meeting", ids) == gone


@pytest.mark.parametrize("target", ["abc", "", "-1", "1_0", "²", "9" * 5_000])
def test_a_meeting_id_that_is_no_number_is_a_meeting_that_does_not_exist(target):
    """Python's int() would take some of these, and choke on the last."""
    provider = a_provider()
    token = issue(provider)

    reply, _ = provider.call(a_call(token, "get_meeting", target), 0)

    assert reply == Refused(status=404, error="3001", message=f"Meeting does not exist: {target}.")


@pytest.mark.parametrize("operation", ["create_meeting", "get_user"])
@pytest.mark.parametrize("user", ["nobody", "user-" + "x" * 60])
def test_a_user_outside_the_directory_does_not_exist(operation, user):
    """Users are ``me`` and ids that begin with ``user-``, up to 64 characters."""
    provider = a_provider()
    token = issue(provider)

    reply, _ = provider.call(a_call(token, operation, user), 0)

    assert reply == Refused(status=404, error="1001", message=f"User does not exist: {user}.")


def test_the_api_checks_token_then_scope_then_body_then_target():
    """Each call below is wrong in every way that its answer does not mention."""
    problem = BodyProblem("Validation Failed.", (FieldProblem("type", "Invalid field."),))
    poor = a_provider(scopes=("user:read",))
    rich = a_provider()
    token = issue(poor)
    issue(rich)

    def create(provider, token, **body):
        return provider.call(a_call(token, "create_meeting", "nobody", **body), 0)[0]

    assert create(poor, NO_SUCH_TOKEN, body_problem=problem).status == 401
    assert create(poor, token, body_problem=problem) == Refused(
        status=400,
        error="4711",
        message="Invalid access token, does not contain"
        " scopes:[meeting:write:meeting:admin, meeting:write:meeting].",
    )
    assert create(rich, token, body_problem=problem) == Refused(
        status=400,
        error="300",
        message="Validation Failed.",
        fields=(FieldProblem("type", "Invalid field."),),
    )
    assert create(rich, token).error == "1001"


@pytest.mark.parametrize(
    ("scope", "status"),
    [
        ("user:read:user:admin", 200),
        ("user:read:user", 200),
        ("user:read:admin", 200),
        ("user:read", 200),
        ("user:read:list_users:admin", 400),
    ],
)
def test_any_one_of_four_scopes_lets_a_user_be_read(scope, status):
    """Granular or classic, account-wide or not; a neighbouring scope does not help."""
    provider = a_provider(scopes=(scope,))

    assert provider.call(a_call(issue(provider)), 0)[0].status == status


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


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: TokenPolicy(lifetime=0, live_tokens=1), "lifetime must be positive, got 0"),
        (
            lambda: TokenPolicy(lifetime=1, live_tokens=0),
            "live_tokens must be at least 1 or None, got 0",
        ),
        (
            lambda: Credentials(client_id="a", client_secret="", account_id="c"),
            "client_secret must not be empty",
        ),
        (
            lambda: Credentials(client_id="a:b", client_secret="s", account_id="c"),
            "client_id must not contain a colon",
        ),
        (lambda: Directory(prefix=""), "prefix must not be empty"),
        (lambda: Directory(owner="root"), "owner must be a user of the account, got 'root'"),
        (lambda: App(credentials=CREDENTIALS, scopes=("a b",)), "a scope is one word"),
    ],
)
def test_wrong_numbers_and_names_refuse_to_exist(build, message):
    """A provider that could not work is never built."""
    with pytest.raises(ValueError, match=re.escape(message)):
        build()


def test_a_secret_does_not_show_in_a_repr():
    """Values end up in logs and in failed assertions."""
    assert "hush" not in repr(CREDENTIALS)
