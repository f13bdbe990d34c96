"""The tokens the provider has issued, and the only three ways one stops being live.

A token is *live* (RFC 7662 calls it active, section 2.2) from its issue until it

    expires     now reaches ``expires_at``: live before that instant, no longer live at it
    is revoked  on request (RFC 7009)
    is evicted  the app has ``live_tokens`` live ones and a newer token takes its place

Its first end is its end: a token evicted at noon is still "evicted" past its expiry. Without
revocations this gives the FIFO law, with M(t) tokens issued by t and a cap of N: token k is live at
t exactly when M(t) - k < N and t is before its expiry.

Tokens are numbered from 1 in order of issue, and all have one lifetime, so the oldest live token is
also the next to expire. Memory holds the live tokens and the last ``ENDED_KEPT`` evictions and
revocations; an expiry needs no record. ``state`` is exact for every token younger than the youngest
whose record was dropped; of older ones it says "evicted", which is what ends tokens where so many
ends come before expiry.

Every method takes ``now``, which must not run backwards from one issue or revocation to the next.
Queries change nothing.
"""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from simulator.clock import Ticks
from simulator.provider.policy import TokenPolicy
from simulator.trace.events import (
    Cause,
    ProviderEvent,
    TokenEvicted,
    TokenId,
    TokenIssued,
    TokenRevoked,
)

ENDED_KEPT = 100_000
"""How many evictions and revocations are remembered: about 10 MB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRecord:
    """A token as the provider knows it. ``expires_at`` is the first instant it is not live."""

    token: TokenId
    issued_at: Ticks
    expires_at: Ticks
    asked_by: str


class Ledger:
    """The tokens of one app."""

    __slots__ = ("_ended", "_forgotten_up_to", "_issued", "_live", "_policy")

    def __init__(self, policy: TokenPolicy) -> None:
        self._policy = policy
        self._issued = 0
        # Oldest first. Not plain dicts: those walk over every deleted entry to find the first one.
        self._live: OrderedDict[TokenId, TokenRecord] = OrderedDict()
        self._ended: OrderedDict[TokenId, Cause] = OrderedDict()
        self._forgotten_up_to: TokenId = 0

    @property
    def tokens_issued(self) -> int:
        """How many tokens were ever issued, which is also the number of the newest."""
        return self._issued

    def issue(self, now: Ticks, asked_by: str) -> tuple[TokenRecord, list[ProviderEvent]]:
        """Issue a token for ``asked_by``; return it with what happened, in order.

        At the cap the oldest live token is evicted first. A token that has expired takes no room
        and cannot be evicted any more.
        """
        self._forget_expired(now)
        self._issued += 1
        record = TokenRecord(
            token=self._issued,
            issued_at=now,
            expires_at=now + self._policy.lifetime,
            asked_by=asked_by,
        )
        events: list[ProviderEvent] = []
        if len(self._live) == self._policy.live_tokens:
            events.append(self._evict_oldest(record))
        self._live[record.token] = record
        events.append(
            TokenIssued(at=now, token=record.token, expires_at=record.expires_at, asked_by=asked_by)
        )
        assert self._policy.live_tokens is None or len(self._live) <= self._policy.live_tokens
        return record, events

    def revoke(self, token: TokenId, now: Ticks) -> list[ProviderEvent]:
        """End ``token`` if it is live; return what happened: nothing when it was not."""
        if self.state(token, now) != "live":
            return []
        del self._live[token]
        self._remember_end(token, "revoked")
        return [TokenRevoked(at=now, token=token)]

    def state(self, token: TokenId, now: Ticks) -> Literal["live"] | Cause:
        """Return "live", or how ``token`` ended; "unknown_token" for one never issued."""
        record = self._live.get(token)
        if record is not None:
            return "live" if now < record.expires_at else "expired"
        if not 0 < token <= self._issued:
            return "unknown_token"
        cause = self._ended.get(token)
        if cause is not None:
            return cause
        return "expired" if token > self._forgotten_up_to else "evicted"

    def next_displaced(self, now: Ticks) -> TokenId | None:
        """Return the token that an issue at ``now`` would evict; None when there would be room."""
        if self.live_count(now) != self._policy.live_tokens:
            return None
        return next(token for token, record in self._live.items() if now < record.expires_at)

    def expiry(self, token: TokenId, now: Ticks) -> Ticks:
        """Return when ``token`` will expire; ``now`` when it is not live."""
        record = self._live.get(token)
        return now if record is None else max(now, record.expires_at)

    def live_tokens(self, now: Ticks) -> list[TokenRecord]:
        """Return the live tokens, oldest first."""
        return [record for record in self._live.values() if now < record.expires_at]

    def live_count(self, now: Ticks) -> int:
        """Return how many tokens are live; cheap just after an issue."""
        return len(self._live) - sum(1 for _ in self._expired(now))

    def _evict_oldest(self, newer: TokenRecord) -> TokenEvicted:
        token, _ = self._live.popitem(last=False)
        self._remember_end(token, "evicted")
        return TokenEvicted(
            at=newer.issued_at, token=token, displaced_by=newer.token, asked_by=newer.asked_by
        )

    def _remember_end(self, token: TokenId, cause: Cause) -> None:
        self._ended[token] = cause
        if len(self._ended) > ENDED_KEPT:
            dropped, _ = self._ended.popitem(last=False)
            self._forgotten_up_to = max(self._forgotten_up_to, dropped)

    def _forget_expired(self, now: Ticks) -> None:
        for token in list(self._expired(now)):
            del self._live[token]

    def _expired(self, now: Ticks) -> Iterator[TokenId]:
        """Yield the tokens that have expired since the last issue, oldest first."""
        for record in self._live.values():
            if now < record.expires_at:
                return
            yield record.token
