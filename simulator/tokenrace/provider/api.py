"""The API's answers, as a pure machine.

A call takes effect when it arrives, which is when it is handled: its token is judged at ``now``.
The token is checked first, then its scope, then the body, then the target. Where Zoom's own order
is not known this is ours, and the first check that fails answers. Calls are counted
against the account's limits, where it has some, once their token and scope are right.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import assert_never

from msgspec.structs import replace

from tokenrace.clock import Ticks
from tokenrace.provider.app import App
from tokenrace.provider.ledger import Ledger
from tokenrace.provider.meetings import Meetings
from tokenrace.provider.messages import Accepted, ApiCall, Operation, Refused
from tokenrace.provider.quotas import Quotas
from tokenrace.provider.scopes import forbidden_operations
from tokenrace.provider.standing import Standing
from tokenrace.trace.events import CAUSES, CallRefused, Cause, ProviderEvent, TokenId

_NOTHING: Sequence[ProviderEvent] = ()
_MEETING_ID_DIGITS_MAX = 18

# Only natural expiry has words of its own: an evicted token and garbage read the same. Reported:
# provider facts, section 4.
_EXPIRED_MESSAGE = "Access token is expired."
_INVALID_MESSAGE = "Invalid access token."
_QUERY_MESSAGE = (
    "Invalid access token, this access token is not supported as query parameter string."
)
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


class Api:
    """What the API answers for one app; ``ledger`` and ``standing`` say which tokens are valid."""

    __slots__ = ("_app", "_forbidden", "_ledger", "_meetings", "_standing", "quotas")

    def __init__(
        self,
        app: App,
        ledger: Ledger,
        standing: Standing,
        meetings: Meetings,
        quotas: Quotas | None = None,
    ) -> None:
        self._app = app
        self._ledger = ledger
        self._standing = standing
        self._meetings = meetings
        self.quotas = quotas
        """What counts the calls against the account's limits; None where there are none."""
        self._forbidden: dict[Operation, Refused] = {}
        self.take_scopes()

    def take_scopes(self) -> None:
        """Learn that what tokens may do has changed."""
        self._forbidden = {
            operation: Refused(status=400, error="4711", message=message)
            for operation, message in forbidden_operations(self._standing.scopes).items()
        }

    def call(self, call: ApiCall, now: Ticks) -> tuple[Accepted | Refused, Sequence[ProviderEvent]]:
        """Answer one call."""
        token = call.token
        state = "unknown_token" if token is None else self._ledger.state(token, now)
        if state != "unknown_token":
            state = self._standing.refusal() or state
        if state != "live":
            return _unauthorized(call, state, now)
        forbidden = self._forbidden.get(call.operation)
        if forbidden is not None:
            return forbidden, _NOTHING
        return self._perform_within_limits(call, now), _NOTHING

    def accepts(self, token: TokenId, now: Ticks) -> bool:
        """Return whether every operation would be accepted with ``token`` at ``now``."""
        in_order = self._standing.refusal() is None and not self._forbidden
        return in_order and self._ledger.state(token, now) == "live"

    def _perform_within_limits(self, call: ApiCall, now: Ticks) -> Accepted | Refused:
        if self.quotas is None:
            return self._perform(call)
        creates = call.operation == "create_meeting" and call.body_problem is None
        host = self._app.directory.find(call.target) if creates else None
        taken = self.quotas.take(call.operation, host, now)
        return taken if isinstance(taken, Refused) else replace(self._perform(call), quota=taken)

    def _perform(self, call: ApiCall) -> Accepted | Refused:
        problem = call.body_problem
        if problem is not None:
            return Refused(status=400, error="300", message=problem.message, fields=problem.fields)
        match call.operation:
            case "create_meeting" | "get_user":
                return self._perform_on_user(call)
            case "get_meeting":
                meeting = _meeting_id(call.target)
                host = self._meetings.host_of(meeting)
                if host is None:
                    return _no_meeting(call.target)
                return Accepted(status=200, meeting=meeting, user=host)
            case "delete_meeting":
                deleted = self._meetings.delete(_meeting_id(call.target))
                return _DELETED if deleted else _no_meeting(call.target)
            case _:  # pragma: no cover
                assert_never(call.operation)

    def _perform_on_user(self, call: ApiCall) -> Accepted | Refused:
        user = self._app.directory.find(call.target)
        if user is None:
            message = f"User does not exist: {call.target}."
            return Refused(status=404, error="1001", message=message)
        if call.operation == "get_user":
            return _user_read(user)
        return Accepted(status=201, meeting=self._meetings.create(user), user=user)


def _unauthorized(
    call: ApiCall, cause: Cause, now: Ticks
) -> tuple[Refused, Sequence[ProviderEvent]]:
    token: TokenId | None = None if cause == "unknown_token" else call.token
    refused = _IN_QUERY if call.shown_in == "query" else _UNAUTHORIZED[cause]
    return refused, [CallRefused(at=now, token=token, cause=cause, asked_by=call.asked_by)]


@lru_cache(maxsize=1_024)  # a value, asked for over and over
def _user_read(user: str) -> Accepted:
    return Accepted(status=200, user=user)


def _meeting_id(target: str) -> int:
    """Read a meeting id; -1, which no meeting has, for anything else."""
    if target.isascii() and target.isdigit() and len(target) <= _MEETING_ID_DIGITS_MAX:
        return int(target)
    return -1


def _no_meeting(target: str) -> Refused:
    return Refused(status=404, error="3001", message=f"Meeting does not exist: {target}.")
