"""What the provider answers: the token endpoint and the API, and what happens to the app.

One pure machine: a request takes effect when it arrives, which is when it is handled, and every
method takes ``now``.
"""

from collections.abc import Sequence
from typing import assert_never

from tokenrace.clock import Ticks
from tokenrace.provider.api import Api
from tokenrace.provider.app import App
from tokenrace.provider.bursts import Bursts
from tokenrace.provider.ledger import Ledger
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
from tokenrace.provider.limits import ApiLimits
from tokenrace.provider.meetings import Meetings
from tokenrace.provider.messages import Accepted, ApiCall, Granted, Refused, TokenRequest
from tokenrace.provider.policy import TokenPolicy
from tokenrace.provider.quotas import Quotas
from tokenrace.provider.refresh_tokens import RefreshToken
from tokenrace.provider.standing import Standing
from tokenrace.provider.token_endpoint import TokenEndpoint
from tokenrace.rng import Streams
from tokenrace.trace.events import AppChanged, FamilyId, ProviderEvent, TokenId


class Provider:
    """One app at one provider: its tokens, its meetings, and how it answers."""

    __slots__ = (
        "_api",
        "_is_limited",
        "_token_endpoint",
        "app",
        "bursts",
        "ledger",
        "meetings",
        "policy",
        "standing",
    )

    def __init__(
        self,
        app: App,
        policy: TokenPolicy,
        limits: ApiLimits | None = None,
        bursts: Bursts | None = None,
    ) -> None:
        self.app = app
        self.bursts = Bursts((), Streams(0)) if bursts is None else bursts
        self.policy = policy
        self.ledger = Ledger(policy)
        self.meetings = Meetings()
        self.standing = Standing(app)
        self._token_endpoint = TokenEndpoint(app, self.ledger, self.standing, policy)
        self._is_limited = limits is not None
        quotas = None if limits is None else Quotas(limits)
        self._api = Api(app, self.ledger, self.standing, self.meetings, quotas)

    def issue(
        self, request: TokenRequest, now: Ticks
    ) -> tuple[Granted | Refused, Sequence[ProviderEvent]]:
        """Answer the token endpoint; return the answer and what happened."""
        return self._token_endpoint.issue(request, now)

    def call(self, call: ApiCall, now: Ticks) -> tuple[Accepted | Refused, Sequence[ProviderEvent]]:
        """Answer the API; return the answer and what happened."""
        return self._api.call(call, now)

    def authorize(self, now: Ticks) -> tuple[RefreshToken, Sequence[ProviderEvent]]:
        """Take the user's consent; return the first refresh token of it, and what happened.

        Raises:
            ValueError: the policy knows no refresh tokens.
        """
        if self.policy.refresh is None:
            raise ValueError("this policy grants tokens for the app's credentials alone")
        token, events = self._token_endpoint.refresh_tokens.authorize(now)
        return token, [*events, *self._token_endpoint.ended_with(events, now)]

    def live_consents(self, now: Ticks) -> Sequence[FamilyId]:
        """Return the consents whose refresh tokens are accepted, oldest first."""
        if self.policy.refresh is None:
            return ()
        return self._token_endpoint.refresh_tokens.live_families(now)

    def limit(self, limits: ApiLimits | None) -> None:
        """Limit the API's calls by ``limits`` from now on; None: not at all. Counts begin anew."""
        self._is_limited = limits is not None
        self._api.quotas = None if limits is None else Quotas(limits)

    def undergo(self, change: Change, now: Ticks) -> Sequence[ProviderEvent]:
        """Let ``change`` happen to the app; return what happened."""
        events = self._change(change, now)
        self._api.take_scopes()
        return [AppChanged(at=now, change=in_words(change)), *events]

    def endangered(self, request: TokenRequest, now: Ticks) -> Sequence[TokenId]:
        """Return the valid tokens that would end, at once or after a grace, if ``request`` arrived
        at ``now``."""
        return self._token_endpoint.endangered(request, now)

    def surely_valid_until(self, token: TokenId, now: Ticks) -> Ticks:
        """Return the instant up to which calls with ``token`` succeed, unless a request of
        somebody's or a change ends it; ``now`` when it is not valid."""
        return self.ledger.valid_until(token, now) if self._api.accepts(token, now) else now

    def plain_until(self, now: Ticks) -> Ticks | None:
        """Return until when a call's answer follows from its token alone, ``now`` where it does not
        and None where it always will: no burst strikes the API, and no call is one too many."""
        return now if self._is_limited else self.bursts.plain_until("api", now)

    def _change(self, change: Change, now: Ticks) -> Sequence[ProviderEvent]:
        match change:
            case RotateSecret():
                self.standing.rotate(change.new_secret, now + change.overlap, now)
                self._token_endpoint.forgive()
                return self.ledger.revoke_all(now) if change.revokes_tokens else ()
            case DowngradeOwner(loses=lost):
                self.standing.owner_lacks = lost
            case TransferOwnership():
                self.standing.owner_lacks = "nothing"
            case Deactivate():
                self.standing.is_active = False
            case Reactivate():
                self.standing.is_active = True
            case RevokeTokens() | RevokeToken():
                return self._revoke(change, now)
            case WithdrawConsent(consent=consent):
                return self._withdraw(consent, now)
            case ChangePolicy(policy=policy):
                self.policy = policy
                self.ledger.change(policy)
                self._token_endpoint.take_policy(policy)
            case _:  # pragma: no cover
                assert_never(change)
        return ()

    def _revoke(self, change: RevokeTokens | RevokeToken, now: Ticks) -> Sequence[ProviderEvent]:
        match change:
            case RevokeTokens(which="all"):
                return self.ledger.revoke_all(now)
            case RevokeTokens():
                return self.ledger.revoke(self.ledger.tokens_issued, now)
            case RevokeToken(token=token):
                return self.ledger.revoke(token, now)

    def _withdraw(self, consent: FamilyId | None, now: Ticks) -> Sequence[ProviderEvent]:
        live = self.live_consents(now)
        withdrawn = live[-1:] if consent is None else [each for each in live if each == consent]
        tokens = self._token_endpoint.refresh_tokens
        events = [event for each in withdrawn for event in tokens.revoke(each, now)]
        return [*events, *self._token_endpoint.ended_with(events, now)]
