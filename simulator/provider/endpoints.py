"""What the provider answers: the token endpoint and the API, as one pure machine.

A request takes effect when it arrives, which is when it is handled: its token is judged at ``now``,
and an issue is done before its answer leaves. The token endpoint checks the client, then the grant,
then the account; the API checks the token, then its scope, then the body, then the target. Where
Zoom's own order is not known this is ours, and the first check that fails answers.

Nothing here limits rates, blocks an app or changes its owner.
"""

from collections.abc import Sequence
from typing import assert_never

from simulator.clock import Ticks
from simulator.provider.ledger import Ledger
from simulator.provider.meetings import Meetings
from simulator.provider.messages import (
    Accepted,
    ApiCall,
    Granted,
    Refused,
    Reply,
    Request,
    TokenRequest,
)
from simulator.provider.policy import App, TokenPolicy
from simulator.provider.scopes import forbidden_operations
from simulator.trace.events import (
    CAUSES,
    CallRefused,
    Cause,
    IssueRefused,
    ProviderEvent,
    TokenId,
)

_NOTHING: Sequence[ProviderEvent] = ()
_MEETING_ID_DIGITS_MAX = 18

# The reasons are those reported for Zoom: provider facts, section 3.
_INVALID_CLIENT = Refused(
    status=400, error="invalid_client", message="Invalid client_id or client_secret"
)
_MISSING_GRANT = Refused(status=400, error="invalid_request", message="Missing grant type")
_UNSUPPORTED_GRANT = Refused(
    status=400, error="unsupported_grant_type", message="unsupported grant type"
)
_BAD_ACCOUNT = Refused(status=400, error="invalid_request", message="Bad request")

_EXPIRED_MESSAGE = "Access token is expired."
_INVALID_MESSAGE = "Invalid access token."
_QUERY_MESSAGE = (
    "Invalid access token, this access token is not supported as query parameter string."
)
# Only natural expiry has words of its own: an evicted token and garbage read the same.
_UNAUTHORIZED: dict[Cause, Refused] = {
    cause: Refused(
        status=401,
        error="124",
        message=_EXPIRED_MESSAGE if cause == "expired" else _INVALID_MESSAGE,
        cause=cause,
    )
    for cause in CAUSES
}
_IN_QUERY = Refused(status=401, error="124", message=_QUERY_MESSAGE, cause="unknown_token")
_DELETED = Accepted(status=204)


class Provider:
    """One app at one provider: its tokens, its meetings, and how it answers."""

    __slots__ = ("_forbidden", "_scope", "app", "ledger", "meetings", "policy")

    def __init__(self, app: App, policy: TokenPolicy) -> None:
        self.app = app
        self.policy = policy
        self.ledger = Ledger(policy)
        self.meetings = Meetings()
        self._scope = " ".join(app.scopes)
        self._forbidden = {
            operation: Refused(status=400, error="4711", message=message)
            for operation, message in forbidden_operations(app.scopes).items()
        }

    def handle(self, request: Request, now: Ticks) -> tuple[Reply, Sequence[ProviderEvent]]:
        """Answer ``request``, which arrives at ``now``; return the answer and what happened."""
        match request:
            case TokenRequest():
                return self.issue(request, now)
            case ApiCall():
                return self.call(request, now)
            case _:  # pragma: no cover
                assert_never(request)

    def issue(
        self, request: TokenRequest, now: Ticks
    ) -> tuple[Granted | Refused, Sequence[ProviderEvent]]:
        """Answer the token endpoint."""
        refused = self._refusal_of(request)
        if refused is not None:
            return refused, [
                IssueRefused(
                    at=now, status=refused.status, error=refused.error, asked_by=request.asked_by
                )
            ]
        record, events = self.ledger.issue(now, request.asked_by)
        granted = Granted(
            token=record.token,
            expires_at=record.expires_at,
            expires_in=self.policy.expires_in,
            scope=self._scope,
        )
        return granted, events

    def call(self, call: ApiCall, now: Ticks) -> tuple[Accepted | Refused, Sequence[ProviderEvent]]:
        """Answer the API."""
        token = call.token
        state = "unknown_token" if token is None else self.ledger.state(token, now)
        if state != "live":
            return _unauthorized(call, state, now)
        forbidden = self._forbidden.get(call.operation)
        if forbidden is not None:
            return forbidden, _NOTHING
        problem = call.body_problem
        if problem is not None:
            refused = Refused(
                status=400, error="300", message=problem.message, fields=problem.fields
            )
            return refused, _NOTHING
        return self._perform(call), _NOTHING

    def endangered(self, request: TokenRequest, now: Ticks) -> Sequence[TokenId]:
        """Return the live tokens that would end if ``request`` arrived at ``now``."""
        if self._refusal_of(request) is not None:
            return ()
        displaced = self.ledger.next_displaced(now)
        return () if displaced is None else (displaced,)

    def surely_live_until(self, token: TokenId, now: Ticks) -> Ticks:
        """Return the instant up to which calls with ``token`` succeed, unless a request of
        somebody's ends it: its expiry, or ``now`` when it is not live."""
        return self.ledger.expiry(token, now)

    def _refusal_of(self, request: TokenRequest) -> Refused | None:
        known = self.app.credentials
        if (request.client_id, request.client_secret) != (known.client_id, known.client_secret):
            return _INVALID_CLIENT
        if request.grant_type is None:
            return _MISSING_GRANT
        if request.grant_type != "account_credentials":
            return _UNSUPPORTED_GRANT
        if request.account_id != known.account_id:
            return _BAD_ACCOUNT
        return None

    def _perform(self, call: ApiCall) -> Accepted | Refused:
        match call.operation:
            case "create_meeting" | "get_user":
                return self._perform_on_user(call)
            case "get_meeting":
                meeting = _meeting_id(call.target)
                host = self.meetings.host_of(meeting)
                if host is None:
                    return _no_meeting(call.target)
                return Accepted(status=200, meeting=meeting, user=host)
            case "delete_meeting":
                deleted = self.meetings.delete(_meeting_id(call.target))
                return _DELETED if deleted else _no_meeting(call.target)
            case _:  # pragma: no cover
                assert_never(call.operation)

    def _perform_on_user(self, call: ApiCall) -> Accepted | Refused:
        user = self.app.directory.find(call.target)
        if user is None:
            message = f"User does not exist: {call.target}."
            return Refused(status=404, error="1001", message=message)
        if call.operation == "get_user":
            return Accepted(status=200, user=user)
        return Accepted(status=201, meeting=self.meetings.create(user), user=user)


def _unauthorized(
    call: ApiCall, cause: Cause, now: Ticks
) -> tuple[Refused, Sequence[ProviderEvent]]:
    token: TokenId | None = None if cause == "unknown_token" else call.token
    refused = _IN_QUERY if call.shown_in == "query" else _UNAUTHORIZED[cause]
    return refused, [CallRefused(at=now, token=token, cause=cause, asked_by=call.asked_by)]


def _meeting_id(target: str) -> int:
    """Read a meeting id; -1, which no meeting has, for anything else."""
    if target.isascii() and target.isdigit() and len(target) <= _MEETING_ID_DIGITS_MAX:
        return int(target)
    return -1


def _no_meeting(target: str) -> Refused:
    return Refused(status=404, error="3001", message=f"Meeting does not exist: {target}.")
