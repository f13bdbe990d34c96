"""Tokens that were issued to a fleet which had no need of them: an invariant of a run's history.

A token is needless if the newest one before it was live, with more than half of its life to come.
So a client that refreshes when half of the life is over, or later, has none; neither has one that
replaces what was revoked, evicted or has expired. Pure, and O(1) for each event.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from tokenrace.trace.events import (
    ProviderEvent,
    TokenEvicted,
    TokenId,
    TokenIssued,
    TokenRevoked,
)

_PROCESS = re.compile(r"p\d+")
_FLEET = ""


@dataclass(slots=True)
class NeedlessIssues:
    """Counts them among the events of a run: ``of_fleet``, and ``of_processes`` where each process
    is taken by itself. Tokens that others asked for are not the fleet's."""

    of_fleet: int = 0
    of_processes: int = 0
    _newest: dict[str, TokenIssued] = field(default_factory=dict, init=False)
    _holders: dict[TokenId, str] = field(default_factory=dict, init=False)

    def take(self, events: Sequence[ProviderEvent]) -> None:
        """Take what happened at one instant; what a token displaces was there before it."""
        for event in events:
            if isinstance(event, TokenIssued):
                self._issued(event)
        for event in events:
            if isinstance(event, TokenEvicted | TokenRevoked):
                self._end(event.token)

    def _issued(self, token: TokenIssued) -> None:
        asker = _PROCESS.match(token.asked_by)
        if asker is None:
            return
        self.of_fleet += self._is_needless(_FLEET, token)
        self.of_processes += self._is_needless(asker[0], token)
        self._holders[token.token] = asker[0]

    def _is_needless(self, holder: str, token: TokenIssued) -> bool:
        """Return whether ``holder`` had no need of ``token``, which is its newest from now on."""
        before = self._newest.get(holder)
        self._newest[holder] = token
        if before is None:
            return False
        if holder != _FLEET:
            self._holders.pop(before.token, None)
        return before.expires_at - token.at > (before.expires_at - before.at) / 2

    def _end(self, token: TokenId) -> None:
        holder = self._holders.pop(token, None)
        if holder is None:
            return
        del self._newest[holder]
        if _FLEET in self._newest and self._newest[_FLEET].token == token:
            del self._newest[_FLEET]
