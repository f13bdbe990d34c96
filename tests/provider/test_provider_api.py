"""The API by example: what it answers, in which order it checks, and what it writes down."""

import pytest

from tests.provider.provider_requests import a_call, a_provider, issue
from tokenrace.clock import HOUR, SECOND
from tokenrace.provider.messages import Accepted, BodyProblem, FieldProblem, Refused
from tokenrace.trace.events import CallRefused

NO_SUCH_TOKEN = 99


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
