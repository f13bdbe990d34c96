"""The token endpoint's answers, as a pure machine.

A request takes effect when it arrives, which is when it is handled, and before its answer leaves.
The client is checked first, then the grant, then the account or that there is a refresh token, then
what the policy allows, and the refresh token last: a request refused for another reason spends
none. Where Zoom's own order is not known this is ours, and the first check that fails answers.
"""

from collections.abc import Sequence
from functools import lru_cache

from msgspec.structs import replace

from tokenrace.clock import Ticks
from tokenrace.provider.allowance import Counted
from tokenrace.provider.app import App
from tokenrace.provider.ledger import Ledger
from tokenrace.provider.messages import Granted, Refused, TokenRequest
from tokenrace.provider.policy import TokenPolicy
from tokenrace.provider.refresh_tokens import RefreshPolicy, RefreshToken, RefreshTokens
from tokenrace.provider.standing import Standing
from tokenrace.provider.token_records import TokenRecord
from tokenrace.trace.events import AppChanged, FamilyEnded, ProviderEvent, TokenId

_NOTHING: Sequence[ProviderEvent] = ()
_SLOT_DIGITS_MAX = 6

# The reasons are those reported for Zoom: provider facts, section 3.
_INVALID_CLIENT = Refused(
    status=400, error="invalid_client", message="Invalid client_id or client_secret"
)
_MISSING_GRANT = Refused(status=400, error="invalid_request", message="Missing grant type")
_UNSUPPORTED_GRANT = Refused(
    status=400, error="unsupported_grant_type", message="unsupported grant type"
)
_BAD_REQUEST = Refused(status=400, error="invalid_request", message="Bad request")
# Reported for a user app's bad refresh token: raycast/extensions 10896 and 12533.
_INVALID_GRANT = Refused(status=400, error="invalid_grant", message="Invalid Token!")
# Of these the reason is reported, or nothing is; the rest is ours.
_DISABLED = Refused(
    status=400,
    error="unauthorized_client",
    message="The app has been disabled by the developer",
)
_THROTTLED = Refused(status=429, error="too_many_requests", message="Too Many Requests")
_FULL = Refused(
    status=400, error="invalid_request", message="The number of access tokens is at its limit"
)


class TokenEndpoint:
    """What the token endpoint answers for one app. Every issue of ``ledger`` goes through here."""

    __slots__ = (
        "_app",
        "_issues",
        "_ledger",
        "_policy",
        "_standing",
        "_throttled",
        "refresh_tokens",
    )

    def __init__(self, app: App, ledger: Ledger, standing: Standing, policy: TokenPolicy) -> None:
        self._app = app
        self._ledger = ledger
        self._standing = standing
        self.refresh_tokens = RefreshTokens(policy.refresh or RefreshPolicy())
        self.take_policy(policy)

    def forgive(self) -> None:
        """Count the issues that may block the app anew."""
        block = self._policy.block
        self._issues = None if block is None else Counted(block)

    def take_policy(self, policy: TokenPolicy) -> None:
        """Answer by ``policy`` from now on; what it allows is counted anew."""
        self._policy = policy
        if policy.refresh is not None:
            self.refresh_tokens.change(policy.refresh)
        self._throttled = None if policy.throttle is None else Counted(policy.throttle)
        self.forgive()

    def issue(
        self, request: TokenRequest, now: Ticks
    ) -> tuple[Granted | Refused, Sequence[ProviderEvent]]:
        """Answer one request."""
        refused = self._refusal_of(request, now)
        if refused is not None:
            return _refuse(refused, request, now)
        if request.refresh_token is None or self._policy.refresh is None:
            return self._issue(request, now, None)
        answer, events = self.refresh_tokens.use(request.refresh_token, now, request.asked_by)
        if not isinstance(answer, RefreshToken):
            reply, refusal = _refuse(_INVALID_GRANT, request, now)
            return reply, [*events, *self.ended_with(events, now), *refusal]
        return self._issue(request, now, answer)

    def ended_with(self, events: Sequence[ProviderEvent], now: Ticks) -> Sequence[ProviderEvent]:
        """End the access tokens of the families that ended by ``events``; return what happened."""
        if self._policy.refresh is None or not self._policy.refresh.ends_access_tokens:
            return _NOTHING
        families = [event.family for event in events if isinstance(event, FamilyEnded)]
        return [event for family in families for event in self._ledger.revoke_family(family, now)]

    def endangered(self, request: TokenRequest, now: Ticks) -> Sequence[TokenId]:
        """Return the valid tokens that ``request`` would end, at once or after a grace."""
        if self._refusal_of(request, now) is not None or self._ledger.reusable(now) is not None:
            return ()
        refresh, policy = request.refresh_token, self._policy.refresh
        if refresh is None or policy is None:
            return self._endangered_by_issue(request, now, None)
        answer = self.refresh_tokens.answer(refresh, now)
        if isinstance(answer, RefreshToken):
            return self._endangered_by_issue(request, now, answer)
        ends_family = answer == "reused" and policy.detects_reuse
        ends_tokens = ends_family and policy.ends_access_tokens
        return self._ledger.of_family(refresh.family, now) if ends_tokens else ()

    def _endangered_by_issue(
        self, request: TokenRequest, now: Ticks, refresh: RefreshToken | None
    ) -> Sequence[TokenId]:
        if self._issues is not None and self._issues.free_at(now) > now:
            return self._ledger.valid_tokens(now)  # one issue too many: it blocks the app
        return self._ledger.displaced(now, self._slot_of(request) or 0, refresh)

    def _issue(
        self, request: TokenRequest, now: Ticks, refresh: RefreshToken | None
    ) -> tuple[Granted, Sequence[ProviderEvent]]:
        kept = self._ledger.reusable(now)
        if kept is not None:
            return self._grant(kept, now, is_new=False), _NOTHING
        blocked = self._count_issue(now)
        slot = self._slot_of(request) or 0
        record, events = self._ledger.issue(now, request.asked_by, slot, refresh)
        return self._grant(record, now, is_new=True), [*events, *blocked]

    def _grant(self, record: TokenRecord, now: Ticks, *, is_new: bool) -> Granted:
        refresh = self._policy.refresh
        is_told = refresh is not None and (refresh.rotates or refresh.repeats)
        return Granted(
            token=record.token,
            issued_at=record.issued_at,
            expires_at=record.expires_at,
            expires_in=self._policy.told_lifetime(record.expires_at - now),
            scope=_joined(self._standing.scopes),
            is_new=is_new,
            refresh_token=record.refresh if is_told else None,
        )

    def _count_issue(self, now: Ticks) -> Sequence[ProviderEvent]:
        """Count an issue; return the block where it is one too many."""
        if self._throttled is not None:
            self._throttled.add(now)
        if self._issues is None:
            return _NOTHING
        is_too_many = self._issues.free_at(now) > now
        self._issues.add(now)
        if not is_too_many or self._standing.is_blocked:
            return _NOTHING
        self._standing.is_blocked = True
        return [AppChanged(at=now, change="blocked: too many tokens were issued")]

    def _slot_of(self, request: TokenRequest) -> int | None:
        """Return the slot that ``request`` names, 0 where it names none; None for one there is not.

        Without slots in the policy any will do [documented: ignored since June 2023].
        """
        slots = self._policy.live_tokens
        if self._policy.at_cap != "replace_slot" or slots is None or request.slot is None:
            return 0
        if not request.slot.isdecimal() or len(request.slot) > _SLOT_DIGITS_MAX:
            return None
        return int(request.slot) if int(request.slot) < slots else None

    def _refusal_of(self, request: TokenRequest, now: Ticks) -> Refused | None:
        refused = self._refusal_of_client(request, now)
        return self._refusal_by_policy(now) if refused is None else refused

    def _refusal_of_client(self, request: TokenRequest, now: Ticks) -> Refused | None:
        if not self._standing.accepts(request.client_id, request.client_secret, now):
            return _INVALID_CLIENT
        if not self._standing.is_active:
            return _DISABLED
        if request.grant_type is None:
            return _MISSING_GRANT
        if self._policy.refresh is not None:
            grant, is_whole = "refresh_token", request.refresh_token is not None
        else:
            is_account = request.account_id == self._app.credentials.account_id
            grant = "account_credentials"
            is_whole = is_account and self._slot_of(request) is not None
        if request.grant_type != grant:
            return _UNSUPPORTED_GRANT
        return None if is_whole else _BAD_REQUEST

    def _refusal_by_policy(self, now: Ticks) -> Refused | None:
        """Return why no token may be issued; returning one that is live is no issue."""
        if self._throttled is None and self._policy.at_cap != "refuse":
            return None
        if self._ledger.reusable(now) is not None:
            return None
        if self._throttled is not None and self._throttled.free_at(now) > now:
            return replace(_THROTTLED, retry_after=self._throttled.free_at(now) - now)
        is_full = self._policy.at_cap == "refuse" and self._ledger.is_full(now)
        return _FULL if is_full else None


@lru_cache(maxsize=64)  # a value, asked for with every token
def _joined(scopes: tuple[str, ...]) -> str:
    return " ".join(scopes)


def _refuse(
    refused: Refused, request: TokenRequest, now: Ticks
) -> tuple[Refused, list[ProviderEvent]]:
    return refused, [refused.issue_refused(now, request.asked_by)]
