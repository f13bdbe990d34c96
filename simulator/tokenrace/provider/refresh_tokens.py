"""Refresh tokens: what each consent of the user's is worth, as a pure machine.

One consent starts a *family*: its first refresh token and all that descend from it. A family ends
by time, for want of use, with a reuse, when newer consents take its place, or on request; then none
of its refresh tokens is accepted any more. A family's refresh tokens have places, from 1.

Where the policy rotates, the newest place is accepted, and each use of it makes the next. The place
before the newest is accepted while the overlap lasts, which runs from the first use of it, and
yields the newest once more. Every older one is *spent*, overlap or not: "only the previous token
can be reused; if the second-to-last one is exchanged, breach detection will be triggered" [Auth0,
Configure Refresh Token Rotation].

Not modelled: forks. Here a retry gets the token that the first try got, so both answers go on.
Auth0 issues one more, and the answer that is left behind is refused later: two clients that showed
one refresh token at once both work here, and there one of them loses its consent.

Knows one app and one user of it, and no access token. What becomes of those is for the ledger.

Every method takes ``now``, which must not run backwards. Queries change nothing.
"""

from collections import OrderedDict
from dataclasses import dataclass
from typing import NamedTuple

from tokenrace.clock import Ticks
from tokenrace.trace.events import (
    FamilyAuthorized,
    FamilyEnd,
    FamilyEnded,
    FamilyId,
    ProviderEvent,
    RefreshCause,
    RefreshRefused,
)

ENDED_KEPT = 10_000
"""Of how many families it is remembered why they ended: about 1 MB."""


class RefreshToken(NamedTuple):
    """A refresh token: its family, and its place there from 1."""

    family: FamilyId
    place: int


NO_REFRESH_TOKEN = RefreshToken(0, 0)
"""What stands for a value that is no refresh token of ours: no family has this number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshPolicy:
    """How long a consent lasts, and what a use of its refresh token does.

    ``rotates``: a use yields a new refresh token; the one used is accepted for ``overlap`` more.
    Without, a use yields none, unless the provider ``repeats`` the one used.
    ``detects_reuse``: a spent refresh token, shown again, ends its family (RFC 9700 section
    4.14.2). ``families_max``: one consent more ends the oldest; None is no cap. A family ends
    ``lifetime`` after its consent and when it was not used for ``idle``; None never.
    ``ends_access_tokens``: an access token ends with the refresh token it was issued with, which
    is at the end of the overlap, or with the family where that ends before its time.
    """

    rotates: bool = False
    overlap: Ticks = 0
    repeats: bool = False
    detects_reuse: bool = False
    families_max: int | None = None
    lifetime: Ticks | None = None
    idle: Ticks | None = None
    ends_access_tokens: bool = False

    def __post_init__(self) -> None:
        if not self.rotates and (self.overlap or self.detects_reuse):
            raise ValueError("overlap and detects_reuse need rotates: else nothing is ever spent")
        if self.overlap < 0:
            raise ValueError(f"overlap must not be negative, got {self.overlap}")
        for name in ("families_max", "lifetime", "idle"):
            number = getattr(self, name)
            if number is not None and number < 1:
                raise ValueError(f"{name} must be at least 1 or None, got {number}")


@dataclass(slots=True)
class _Family:
    authorized_at: Ticks
    used_at: Ticks
    place: int = 1
    rotated_at: Ticks = 0


class RefreshTokens:
    """The families of one app and user, kept by ``policy``; which may be replaced.

    A new policy holds for every family at once. Memory holds the families that have not ended;
    one that ended by time goes when it is next used, or counted against the cap.
    """

    __slots__ = ("_authorized", "_ended", "_families", "_policy")

    def __init__(self, policy: RefreshPolicy) -> None:
        self._policy = policy
        self._authorized: FamilyId = 0
        self._families: OrderedDict[FamilyId, _Family] = OrderedDict()  # oldest consent first
        self._ended: OrderedDict[FamilyId, RefreshCause] = OrderedDict()

    def change(self, policy: RefreshPolicy) -> None:
        """Keep refresh tokens by ``policy`` from now on."""
        self._policy = policy

    def authorize(self, now: Ticks) -> tuple[RefreshToken, list[ProviderEvent]]:
        """Take the user's consent; return the first refresh token of a new family, and what
        happened: the families at the cap that end for it, oldest first, come before it."""
        events: list[ProviderEvent] = []
        if self._policy.families_max is not None:
            live = self.live_families(now)
            too_many = max(0, len(live) + 1 - self._policy.families_max)
            events += [self._end(family, "evicted", now) for family in live[:too_many]]
        self._authorized += 1
        self._families[self._authorized] = _Family(authorized_at=now, used_at=now)
        events.append(FamilyAuthorized(at=now, family=self._authorized))
        return RefreshToken(self._authorized, 1), events

    def answer(self, token: RefreshToken, now: Ticks) -> RefreshToken | RefreshCause:
        """Return what a use of ``token`` would yield, or why it would be refused.

        Of a family that ended more than ``ENDED_KEPT`` ends ago, "unknown".
        """
        family = self._families.get(token.family)
        if family is None:
            return self._ended.get(token.family, "unknown")
        if not 0 < token.place <= family.place:
            return "unknown"
        if self._has_run_out(family, now):
            return "expired"
        if token.place == family.place:
            return RefreshToken(token.family, family.place + self._policy.rotates)
        is_previous = token.place == family.place - 1
        if is_previous and now < family.rotated_at + self._policy.overlap:
            return RefreshToken(token.family, family.place)
        return "reused"

    def use(
        self, token: RefreshToken, now: Ticks, asked_by: str
    ) -> tuple[RefreshToken | RefreshCause, list[ProviderEvent]]:
        """Use ``token``; return the refresh token that stands from now on, or why it is refused,
        and what happened."""
        answer = self.answer(token, now)
        if isinstance(answer, RefreshToken):
            family = self._families[token.family]
            family.used_at = now
            if answer.place > family.place:
                family.place, family.rotated_at = answer.place, now
            return answer, []
        return answer, self._refused(token, answer, now, asked_by)

    def revoke(self, family: FamilyId, now: Ticks) -> list[ProviderEvent]:
        """End ``family``: its consent is withdrawn. Return what happened: nothing if it is over."""
        return [self._end(family, "revoked", now)] if family in self.live_families(now) else []

    def live_families(self, now: Ticks) -> list[FamilyId]:
        """Return the families that have not ended, oldest consent first."""
        return [
            number
            for number, family in self._families.items()
            if not self._has_run_out(family, now)
        ]

    def _refused(
        self, token: RefreshToken, cause: RefreshCause, now: Ticks, asked_by: str
    ) -> list[ProviderEvent]:
        family = None if cause == "unknown" else token.family
        events: list[ProviderEvent] = [
            RefreshRefused(at=now, family=family, cause=cause, asked_by=asked_by)
        ]
        if cause == "reused" and self._policy.detects_reuse:
            events.append(self._end(token.family, "reused", now))
        return events

    def _has_run_out(self, family: _Family, now: Ticks) -> bool:
        lifetime, idle = self._policy.lifetime, self._policy.idle
        is_over = lifetime is not None and now >= family.authorized_at + lifetime
        return is_over or (idle is not None and now >= family.used_at + idle)

    def _end(self, family: FamilyId, reason: FamilyEnd, now: Ticks) -> FamilyEnded:
        del self._families[family]
        self._ended[family] = "evicted" if reason == "evicted" else "revoked"
        if len(self._ended) > ENDED_KEPT:
            self._ended.popitem(last=False)
        return FamilyEnded(at=now, family=family, reason=reason)
