"""How much of what a provider has answered since it was reset. Numbers only: memory stays flat."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from tokenrace.clock import SECOND, Ticks
from tokenrace.provider.http import Exchange
from tokenrace.provider.messages import Granted, Refused
from tokenrace.trace.events import CAUSES, Cause, ProviderEvent, TokenEvicted, TokenRevoked


def _zeros() -> dict[Cause, int]:
    return dict.fromkeys(CAUSES, 0)


@dataclass(slots=True, kw_only=True)
class Counts:
    """``requests`` counts every one that came, ``calls`` those the API answered itself.

    ``tokens_returned`` counts grants of a token that was live already. ``unanswered`` requests had
    their connection closed. ``live_peak`` is the most tokens that were live at once,
    ``token_requests_peak`` the most requests that reached the token endpoint within a second.
    """

    requests: int = 0
    unanswered: int = 0
    tokens_issued: int = 0
    tokens_returned: int = 0
    tokens_evicted: int = 0
    tokens_revoked: int = 0
    issues_refused: int = 0
    calls: int = 0
    answers_401: int = 0
    live_peak: int = 0
    token_requests: int = 0
    token_requests_peak: int = 0
    causes: dict[Cause, int] = field(default_factory=_zeros)

    def take(self, exchange: Exchange) -> None:
        """Count one request and what it brought about."""
        self.requests += 1
        self.unanswered += exchange.response is None
        match exchange.endpoint:
            case "token":
                self._take_issue(exchange)
            case "api":
                self._take_call(exchange)
            case None:
                pass
        self.take_ends(exchange.events)

    def _take_issue(self, exchange: Exchange) -> None:
        match exchange.reply:
            case Granted(is_new=is_new):
                self.tokens_issued += is_new
                self.tokens_returned += not is_new
            case _:
                self.issues_refused += 1

    def _take_call(self, exchange: Exchange) -> None:
        self.calls += 1
        if isinstance(exchange.reply, Refused) and exchange.reply.cause is not None:
            self.answers_401 += 1
            self.causes[exchange.reply.cause] += 1

    def take_ends(self, events: Sequence[ProviderEvent]) -> None:
        """Count the tokens that ``events`` ended."""
        for event in events:
            self.tokens_evicted += isinstance(event, TokenEvicted)
            self.tokens_revoked += isinstance(event, TokenRevoked)


class LastMinute:
    """How often something happened in this second and the 59 before it; a number for each."""

    def __init__(self) -> None:
        self._seconds: deque[tuple[Ticks, int]] = deque(maxlen=60)

    def add(self, now: Ticks) -> None:
        """Take note that it happened at ``now``."""
        second = now // SECOND
        before = 0
        if self._seconds and self._seconds[-1][0] == second:
            _, before = self._seconds.pop()
        self._seconds.append((second, before + 1))

    def count(self, now: Ticks) -> int:
        """Return how often it happened."""
        return sum(count for second, count in self._seconds if second > now // SECOND - 60)
