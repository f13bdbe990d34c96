"""Who asked for the tokens of a run, and why: what too many tokens are blamed on.

The reason is read off what had happened when the provider issued a token: to the newest token, and
to the process that asked. No strategy is asked what it meant.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Literal, get_args

from tokenrace.analysis.wording import several
from tokenrace.clock import Ticks
from tokenrace.trace.events import (
    CallRefused,
    Cause,
    Event,
    TokenId,
    TokenIssued,
    TokenRevoked,
)

Reason = Literal["needless", "refused", "early", "ended", "first"]
REASONS: tuple[Reason, ...] = get_args(Reason)
_WORDS: dict[Reason, str] = {
    "needless": "while the newest token was in the first half of its life",
    "refused": "after a 401 to the same process",
    "early": "while the newest token was in the second half of its life",
    "ended": "after the newest token had ended",
    "first": "as the first one",
}
_SURPLUS: tuple[Reason, ...] = ("needless", "refused")
_ASKERS_MAX = 3


class Surplus:
    """A sink that sees a run go by and counts why each token was issued, and to whom."""

    def __init__(self) -> None:
        self.by_reason: Counter[Reason] = Counter()
        self._askers: Counter[str] = Counter()
        self._causes: Counter[Cause] = Counter()
        self._refused: dict[str, Cause] = {}
        self._newest: TokenIssued | None = None
        self._ended: set[TokenId] = set()
        self._first: tuple[TokenIssued, Reason, TokenIssued | None] | None = None

    def write(self, event: Event) -> None:
        """Take one event."""
        match event:
            case TokenIssued():
                self._issued(event)
            case TokenRevoked():  # an eviction is no reason: the very token asked for makes it
                if self._newest is not None and event.token == self._newest.token:
                    self._ended.add(event.token)
            case CallRefused():
                self._refused[_process(event.asked_by)] = event.cause
            case _:
                pass

    def sentences(self, show: Callable[[Ticks], str]) -> Iterator[str]:
        """Yield who asked and why; ``show`` writes an instant."""
        total = sum(self.by_reason.values())
        if not total:
            return
        told = [
            f"{self.by_reason[each]:,} {_WORDS[each]}" for each in REASONS if self.by_reason[each]
        ]
        yield f"{several(total, 'token')} issued: {', '.join(told)}"
        if self._causes:
            causes = ", ".join(f"{cause} {count:,}" for cause, count in self._causes.most_common())
            yield f"the 401s before them: {causes}"
        surplus = sum(self._askers.values())
        if surplus:
            askers = self._askers.most_common(_ASKERS_MAX)
            named = ", ".join(f"{asker} {count:,}" for asker, count in askers)
            more = len(self._askers) - len(askers)
            others = f", and {several(more, 'other')}" if more else ""
            yield f"most of the first two kinds were requested by: {named}{others}"
        if self._first is not None:
            yield _in_words(*self._first, show)

    def _issued(self, event: TokenIssued) -> None:
        asker = _process(event.asked_by)
        cause = self._refused.pop(asker, None)
        reason = self._reason(event.at, cause)
        self.by_reason[reason] += 1
        if reason == "refused" and cause is not None:
            self._causes[cause] += 1
        if reason in _SURPLUS:
            self._askers[asker] += 1
            self._first = self._first or (event, reason, self._newest)
        self._newest = event
        self._ended.clear()

    def _reason(self, at: Ticks, cause: Cause | None) -> Reason:
        newest = self._newest
        if newest is None:
            return "first"
        if cause is not None:
            return "refused"
        if newest.token in self._ended or at >= newest.expires_at:
            return "ended"
        half = newest.at + (newest.expires_at - newest.at) // 2
        return "needless" if at < half else "early"


def _process(asked_by: str) -> str:
    return asked_by.partition(".")[0]


def _in_words(
    issued: TokenIssued, reason: Reason, newest: TokenIssued | None, show: Callable[[Ticks], str]
) -> str:
    told = f"first of them, at {show(issued.at)}: {issued.asked_by} is issued token {issued.token}"
    if newest is None or reason != "needless":
        return told
    live = f"token {newest.token} of {newest.asked_by} had been live since {show(newest.at)}"
    return f"{told}, though {live}"
