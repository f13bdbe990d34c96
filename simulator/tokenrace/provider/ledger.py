"""The tokens the provider has issued, and the only three ways one stops being live.

A token is *live* (RFC 7662 calls it active, section 2.2) from its issue until it

    expires     now reaches ``expires_at``: live before that instant, no longer live at it
    is revoked  on request (RFC 7009), or with the app's secret
    is evicted  a newer token takes its place, by the policy's rule at the cap

Its first end is its end: a token evicted at noon is still "evicted" past its expiry. Where evicting
the oldest is the rule, and without revocations, this gives the FIFO law, with M(t) tokens issued by
t and a cap of N: token k is live at t exactly when M(t) - k < N and t is before its expiry.

Three rules bend this. A token displaced with a ``grace`` has lost its place at once and its
validity only then. A new token is live, and not valid, until ``visible_after`` has passed. Where
access tokens end with the refresh token they were issued with, a token issued with a family's next
one displaces those issued with the ones before, which stay valid for the overlap.

Tokens are numbered from 1 in order of issue. Memory holds the live tokens and so many of the last
evictions and revocations (``ended_tokens.py``); an expiry needs no record.

Every method takes ``now``, which must not run backwards from one issue or revocation to the next.
Queries change nothing.
"""

from collections import OrderedDict
from collections.abc import Collection, Iterator
from typing import Literal

from tokenrace.clock import Ticks
from tokenrace.provider.ended_tokens import End, EndedTokens
from tokenrace.provider.policy import TokenPolicy
from tokenrace.provider.refresh_tokens import RefreshToken
from tokenrace.provider.token_records import TokenRecord, TokensByFamily, came_before
from tokenrace.trace.events import (
    Cause,
    FamilyId,
    ProviderEvent,
    TokenEvicted,
    TokenId,
    TokenIssued,
    TokenRevoked,
)


class Ledger:
    """The tokens of one app, kept by ``policy``; which may be replaced, for issues to come."""

    __slots__ = (
        "_ended",
        "_families",
        "_issued",
        "_live",
        "_mixed_until",
        "_policy",
    )

    def __init__(self, policy: TokenPolicy) -> None:
        self._policy = policy
        self._issued = 0
        # Oldest first. Not plain dicts: those walk over every deleted entry to find the first one.
        self._live: OrderedDict[TokenId, TokenRecord] = OrderedDict()
        self._families = TokensByFamily()  # of those in _live
        self._ended = EndedTokens()
        self._mixed_until: Ticks = 0  # from then on no older token expires after a newer one

    @property
    def tokens_issued(self) -> int:
        """How many tokens were ever issued, which is also the number of the newest."""
        return self._issued

    def change(self, policy: TokenPolicy) -> None:
        """Keep tokens by ``policy`` from now on.

        Live tokens keep their lifetime, and those above a lower cap go with the next issue.
        """
        if policy.lifetime != self._policy.lifetime:
            ends = (record.expires_at for record in self._live.values())
            self._mixed_until = max(ends, default=self._mixed_until)
        self._policy = policy

    def issue(
        self, now: Ticks, asked_by: str, slot: int = 0, refresh: RefreshToken | None = None
    ) -> tuple[TokenRecord, list[ProviderEvent]]:
        """Issue a token for ``asked_by``; return it with what happened, in order.

        Whether to issue at all is for the caller to decide (``reusable``, ``is_full``). A token
        that has expired takes no room and cannot be evicted any more.
        """
        self._forget_expired(now)
        self._issued += 1
        record = TokenRecord(
            token=self._issued,
            issued_at=now,
            expires_at=now + self._policy.lifetime,
            asked_by=asked_by,
            slot=slot,
            refresh=refresh,
        )
        events: list[ProviderEvent] = [
            self._evict(token, record) for token in self.displaced(now, slot, refresh)
        ]
        self._live[record.token] = record
        if refresh is not None:
            self._families.add(record)
        events.append(
            TokenIssued(at=now, token=record.token, expires_at=record.expires_at, asked_by=asked_by)
        )
        return record, events

    def revoke(self, token: TokenId, now: Ticks) -> list[ProviderEvent]:
        """End ``token`` if it is live or in its grace; return what happened: nothing if not."""
        record, end = self._live.get(token), self._ended.end_of(token)
        if record is not None and now < record.expires_at:
            self._take_out(token)
        elif end is None or now >= end.at:
            return []
        self._ended.remember(token, End("revoked", now))
        return [TokenRevoked(at=now, token=token)]

    def revoke_all(self, now: Ticks) -> list[ProviderEvent]:
        """End every token that is live or in its grace, oldest first."""
        return [event for token in self.valid_tokens(now) for event in self.revoke(token, now)]

    def revoke_family(self, family: FamilyId, now: Ticks) -> list[ProviderEvent]:
        """End every token that was issued with a refresh token of ``family``, oldest first."""
        return [event for token in self.of_family(family, now) for event in self.revoke(token, now)]

    def of_family(self, family: FamilyId, now: Ticks) -> list[TokenId]:
        """Return the valid tokens that were issued with a refresh token of ``family``."""
        own = self._families.of(family)
        live = (record.token for record in own if now < record.expires_at)
        return sorted([*self._ended.in_grace_of(family, now), *live])

    def state(self, token: TokenId, now: Ticks) -> Literal["live"] | Cause:
        """Return "live", or why ``token`` is not valid; "unknown_token" for one never issued."""
        record = self._live.get(token)
        if record is not None:
            if now < record.issued_at + self._policy.visible_after:
                return "not_yet_valid"
            return "live" if now < record.expires_at else "expired"
        if not 0 < token <= self._issued:
            return "unknown_token"
        return self._ended.state(token, now)

    def reusable(self, now: Ticks) -> TokenRecord | None:
        """Return the live token that the policy returns instead of a new one; None where it would
        issue, or refuse."""
        above = self._policy.reuse_above
        if above is None and self._policy.at_cap != "same_token":
            return None
        newest = next(self.newest_live(now), None)
        if newest is None:
            return None
        if above is not None and newest.expires_at - now >= above:
            return newest
        is_kept = self._policy.at_cap == "same_token" and self.is_full(now)
        return newest if is_kept else None

    def is_full(self, now: Ticks) -> bool:
        """Return whether as many tokens are live as may be."""
        cap = self._policy.live_tokens
        return cap is not None and self.live_count(now) >= cap

    def valid_until(self, token: TokenId, now: Ticks) -> Ticks:
        """Return up to when ``token`` is valid if nothing happens; ``now`` when it is not valid."""
        if self.state(token, now) != "live":
            return now
        end, record = self._ended.end_of(token), self._live.get(token)
        if record is not None:
            return record.expires_at
        assert end is not None, "what is live without a place is in its grace"
        return end.at

    def live_tokens(self, now: Ticks) -> list[TokenRecord]:
        """Return the live tokens, oldest first; not those that are in their grace."""
        return [record for record in self._live.values() if now < record.expires_at]

    def newest_live(self, now: Ticks) -> Iterator[TokenRecord]:
        """Yield the live tokens, newest first, and looks at no more of them than it yields, unless
        their lifetimes differ."""
        for record in reversed(self._live.values()):
            if now < record.expires_at:
                yield record
            elif now >= self._mixed_until:
                return

    def valid_tokens(self, now: Ticks) -> list[TokenId]:
        """Return every token that is live, visible yet or not, or in its grace; oldest first."""
        live = (record.token for record in self.live_tokens(now))
        return sorted([*self._ended.in_grace(now), *live])

    def live_count(self, now: Ticks) -> int:
        """Return how many tokens are live; cheap just after an issue."""
        expired = sum(1 for _ in self._expired(now)) if self._has_expired_ones(now) else 0
        return len(self._live) - expired

    def displaced(
        self, now: Ticks, slot: int = 0, refresh: RefreshToken | None = None
    ) -> list[TokenId]:
        """Return the tokens that an issue at ``now`` would evict, oldest first."""
        superseded = [] if refresh is None else self._superseded(refresh, now)
        over_cap = self._over_cap(now, slot, superseded)
        return sorted([*superseded, *over_cap]) if superseded else over_cap

    def _over_cap(self, now: Ticks, slot: int, gone: Collection[TokenId]) -> list[TokenId]:
        """Return what an issue evicts for its place, when ``gone`` have left theirs."""
        policy, cap = self._policy, self._policy.live_tokens
        if cap is None:
            return []
        if policy.at_cap == "replace_slot":
            return [record.token for record in self.live_tokens(now) if record.slot == slot]
        too_many = self.live_count(now) - len(gone) + 1 - cap
        if too_many <= 0:
            return []
        if policy.at_cap == "evict_all":
            too_many = len(self._live)
        over: list[TokenId] = []
        for token, record in self._live.items():
            if now < record.expires_at and token not in gone:
                over.append(token)
                if len(over) == too_many:
                    break
        return over

    def _superseded(self, refresh: RefreshToken, now: Ticks) -> list[TokenId]:
        """Return what ends with an issue for ``refresh``, an overlap later."""
        if not self._ends_with_refresh_token():
            return []
        before = self._families.before(refresh)
        return [record.token for record in before if now < record.expires_at]

    def _ends_with_refresh_token(self) -> bool:
        return self._policy.refresh is not None and self._policy.refresh.ends_access_tokens

    def _evict(self, token: TokenId, newer: TokenRecord) -> TokenEvicted:
        record, policy = self._take_out(token), self._policy
        is_superseded = self._ends_with_refresh_token() and came_before(record, newer.refresh)
        grace = policy.refresh.overlap if policy.refresh and is_superseded else policy.grace
        valid_until = min(newer.issued_at + grace, record.expires_at)
        cause: Cause = "expired" if valid_until == record.expires_at else "evicted"
        self._ended.remember(token, End(cause, valid_until, record.refresh))
        return TokenEvicted(
            at=newer.issued_at,
            token=token,
            displaced_by=newer.token,
            asked_by=newer.asked_by,
            valid_until=valid_until,
        )

    def _forget_expired(self, now: Ticks) -> None:
        if self._has_expired_ones(now):
            for token in list(self._expired(now)):
                self._take_out(token)

    def _take_out(self, token: TokenId) -> TokenRecord:
        """Let ``token`` leave its place; return what is known of it."""
        record = self._live.pop(token)
        if record.refresh is not None:
            self._families.take_out(record)
        return record

    def _has_expired_ones(self, now: Ticks) -> bool:
        """Return whether tokens may have expired since the last issue; one look tells, unless their
        lifetimes differ."""
        for oldest in self._live.values():
            return now >= oldest.expires_at or now < self._mixed_until
        return False

    def _expired(self, now: Ticks) -> Iterator[TokenId]:
        """Yield the tokens that have expired since the last issue, oldest first."""
        for record in self._live.values():
            if now >= record.expires_at:
                yield record.token
            elif now >= self._mixed_until:
                return
