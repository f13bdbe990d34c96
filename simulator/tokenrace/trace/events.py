"""What happened in a run: typed events, in the order they happened.

Every event has ``at``, the instant in ticks since the run began. ``asked_by`` names who sent a
request: ``"p3"`` is process 3, ``"p3.w7"`` its worker 7, any other text a client of the user's own.
Token values are secrets and appear in no event: a token is known by its serial number, which is
its place in the provider's order of issue (the first is 1).
"""

from typing import Literal, Protocol, get_args

from msgspec import Struct

from tokenrace.clock import Ticks

TokenId = int
Cause = Literal[
    "evicted",
    "expired",
    "revoked",
    "not_yet_valid",
    "app_blocked",
    "app_deactivated",
    "owner_role",
    "unknown_token",
]
CAUSES: tuple[Cause, ...] = get_args(Cause)
"""Why the provider answered 401, in the order tables and plots show them."""

FamilyId = int
"""A consent of the user's, with every refresh token that descends from it; numbered from 1."""
RefreshCause = Literal["reused", "expired", "evicted", "revoked", "unknown"]
REFRESH_CAUSES: tuple[RefreshCause, ...] = get_args(RefreshCause)
"""Why the provider refused a refresh token."""
FamilyEnd = Literal["evicted", "reused", "revoked"]
FAMILY_ENDS: tuple[FamilyEnd, ...] = get_args(FamilyEnd)
"""What ended a family before its time."""


class _Tagged(Struct, frozen=True, gc=False, tag_field="event", forbid_unknown_fields=True):
    """One kind of event. Its ``tag`` names it in a trace."""


class TokenIssued(_Tagged, frozen=True, kw_only=True, tag="token_issued"):
    """The provider created ``token``. It is live from ``at`` until it ends, at ``expires_at`` at
    the latest."""

    at: Ticks
    token: TokenId
    expires_at: Ticks
    asked_by: str


class TokenEvicted(_Tagged, frozen=True, kw_only=True, tag="token_evicted"):
    """``token`` ended because the newer token ``displaced_by`` took its place; ``asked_by`` asked
    for that newer one. It is accepted up to ``valid_until``: ``at``, unless there is a grace."""

    at: Ticks
    token: TokenId
    displaced_by: TokenId
    asked_by: str
    valid_until: Ticks


class TokenRevoked(_Tagged, frozen=True, kw_only=True, tag="token_revoked"):
    """``token`` ended on request (RFC 7009) or with the authorization it belonged to."""

    at: Ticks
    token: TokenId


class IssueRefused(_Tagged, frozen=True, kw_only=True, tag="issue_refused"):
    """The token endpoint answered no."""

    at: Ticks
    status: int
    error: str
    asked_by: str


class CallRefused(_Tagged, frozen=True, kw_only=True, tag="call_refused"):
    """The API answered 401, for the reason ``cause``.

    ``token`` is None where the caller showed none of ours. No client can see ``cause``.
    """

    at: Ticks
    token: TokenId | None
    cause: Cause
    asked_by: str


class FamilyAuthorized(_Tagged, frozen=True, kw_only=True, tag="family_authorized"):
    """The user consented, and got the first refresh token of ``family``."""

    at: Ticks
    family: FamilyId


class RefreshRefused(_Tagged, frozen=True, kw_only=True, tag="refresh_refused"):
    """A refresh token was refused, for the reason ``cause``, which no client can see.

    ``family`` is None where none of ours was shown. "reused" is a token spent before.
    """

    at: Ticks
    family: FamilyId | None
    cause: RefreshCause
    asked_by: str


class FamilyEnded(_Tagged, frozen=True, kw_only=True, tag="family_ended"):
    """No refresh token of ``family`` is accepted any more: a newer consent took its place, one of
    them was reused, or the consent was withdrawn. The end of its time is no event."""

    at: Ticks
    family: FamilyId
    reason: FamilyEnd


class AppChanged(_Tagged, frozen=True, kw_only=True, tag="app_changed"):
    """Something happened to the app as a whole; ``change`` says what, in words."""

    at: Ticks
    change: str


class FaultStruck(_Tagged, frozen=True, kw_only=True, tag="fault_struck"):
    """A fault of the scenario, by its place in the file from 0, really happened: to the first
    request or message that met it, if it is such a fault. ``what`` says it in words."""

    at: Ticks
    fault: int
    what: str


class TrialMade(_Tagged, frozen=True, kw_only=True, tag="trial_made"):
    """Somebody outside the fleet tried whether the app works: had a token issued and called the API
    with it at once, as a fault of the scenario says.

    ``status`` is what the call was answered with. Where no token was issued, ``token`` is None and
    ``status`` the token endpoint's. None: no answer that could be read.
    """

    at: Ticks
    fault: int
    token: TokenId | None
    status: int | None


class TokenAdopted(_Tagged, frozen=True, kw_only=True, tag="token_adopted"):
    """Process ``process`` began to hand out ``token`` to its workers."""

    at: Ticks
    token: TokenId
    process: int


class ProcessEnded(_Tagged, frozen=True, kw_only=True, tag="process_ended"):
    """Process ``process`` died before the run's end with ``in_flight`` requests unanswered.

    ``process`` is its number in the fleet, or the name of a process that is no part of it: the
    provider's, the broker's. ``fault`` is the fault of the scenario that ended it, by its place in
    the file; None where nobody had asked for its death.
    """

    at: Ticks
    process: int | str
    in_flight: int
    reason: str
    fault: int | None = None

    @property
    def who(self) -> str:
        """What messages call the process."""
        return called(self.process)


def called(process: int | str) -> str:
    """Return what messages call a ``process`` that died: by its number or its name."""
    return process if isinstance(process, str) else f"process {process}"


class ProcessStarted(_Tagged, frozen=True, kw_only=True, tag="process_started"):
    """Process ``process`` began its ``life``, counted from 1. The first lives of the processes that
    there are at first are not told of."""

    at: Ticks
    process: int
    life: int


ProviderEvent = (
    TokenIssued
    | TokenEvicted
    | TokenRevoked
    | IssueRefused
    | CallRefused
    | FamilyAuthorized
    | RefreshRefused
    | FamilyEnded
    | AppChanged
    | FaultStruck
    | TrialMade
)
Event = ProviderEvent | TokenAdopted | ProcessEnded | ProcessStarted
KINDS: tuple[type[Event], ...] = get_args(Event)
"""Every kind of event."""


class EventSink(Protocol):
    """Where events go, in the order they happen."""

    def write(self, event: Event) -> None:
        """Take one event."""
        ...
