"""Tokens that lost their place before their time, as far back as the provider remembers them.

Knows nothing of tokens that only expired: that needs no record.
"""

from collections import OrderedDict
from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from tokenrace.clock import Ticks
from tokenrace.provider.refresh_tokens import RefreshToken
from tokenrace.trace.events import Cause, FamilyId, TokenId

ENDED_KEPT = 100_000
"""How many evictions and revocations are remembered: about 10 MB."""


class End(Struct, frozen=True, gc=False):
    """Why a token ended that lost its place before its time, and from when it is not valid."""

    cause: Cause
    at: Ticks
    refresh: RefreshToken | None = None


class EndedTokens:
    """The last ``ENDED_KEPT`` evictions and revocations.

    ``state`` is exact for every token younger than the youngest whose record was dropped; of older
    ones it says "evicted", which is what ends tokens where so many ends come before expiry.
    """

    __slots__ = ("_ends", "_forgotten_up_to")

    def __init__(self) -> None:
        self._ends: OrderedDict[TokenId, End] = OrderedDict()
        self._forgotten_up_to: TokenId = 0

    def remember(self, token: TokenId, end: End) -> None:
        """Take in the end of ``token``; one that was in its grace may end again, and sooner."""
        self._ends[token] = end
        if len(self._ends) > ENDED_KEPT:
            dropped, _ = self._ends.popitem(last=False)
            self._forgotten_up_to = max(self._forgotten_up_to, dropped)

    def end_of(self, token: TokenId) -> End | None:
        """Return how ``token`` ended; None where that is not, or no more, on record."""
        return self._ends.get(token)

    def state(self, token: TokenId, now: Ticks) -> Literal["live"] | Cause:
        """Return "live" for a token in its grace, or why ``token``, which was issued and has no
        place any more, is not valid."""
        end = self._ends.get(token)
        if end is not None:
            return "live" if now < end.at else end.cause
        return "expired" if token > self._forgotten_up_to else "evicted"

    def in_grace(self, now: Ticks) -> Iterator[TokenId]:
        """Yield the tokens that are valid still, in the order in which they lost their places."""
        return (token for token, end in self._ends.items() if now < end.at)

    def in_grace_of(self, family: FamilyId, now: Ticks) -> Iterator[TokenId]:
        """Yield those of them that were issued with a refresh token of ``family``."""
        for token in self.in_grace(now):
            refresh = self._ends[token].refresh
            if refresh is not None and refresh.family == family:
                yield token
