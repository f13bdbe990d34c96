"""The lives of some tokens of one run, few enough to be drawn.

A window is chosen by the data: it opens just before the first eviction of the run's worst moment
(before the first refresh that evicts tokens where that has none, before the first eviction where no
refresh does, at the start where there is none) and closes where that burst of issues is over, or
after ``TOKENS_MAX`` tokens. Two passes over the trace, each stopping as
soon as it can; no more than the window's tokens are held.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from tokenrace.analysis.worst import Moment, worst_moment
from tokenrace.clock import Ticks
from tokenrace.trace.events import TokenAdopted, TokenEvicted, TokenId, TokenIssued, TokenRevoked
from tokenrace.trace.files import RecordedRun

TOKENS_MAX = 30
_TOKENS_BEFORE = 4  # shown for what the burst does to them
_BURST_MIN = 8  # fewer issues are no burst, whatever pause follows
_PAUSE = 3  # a burst is over when nothing was issued for this many times its own length

End = Literal["evicted", "expired", "revoked", "live"]
ENDS: tuple[End, ...] = ("evicted", "expired", "revoked", "live")
"""What ended a token; ``live``: nothing before the run's end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifeline:
    """One token from issue to end. ``adopted`` holds who began to use it when, in order."""

    token: TokenId
    asked_by: str
    issued_at: Ticks
    ended_at: Ticks
    end: End
    adopted: tuple[tuple[Ticks, int], ...]

    @property
    def process(self) -> str:
        """The process that asked for the token; for a client of the user's own, its name."""
        return self.asked_by.partition(".")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifelines:
    """The tokens that were live in the window from ``start`` to ``end``, in order of issue."""

    start: Ticks
    end: Ticks
    lines: tuple[Lifeline, ...]


@dataclass(slots=True)
class _Life:
    issued: TokenIssued
    ended_at: Ticks
    end: End
    adopted: list[tuple[Ticks, int]] = field(default_factory=list)


def lifelines_of(run: RecordedRun) -> Lifelines:
    """Return the lifelines worth drawing of ``run``.

    Raises:
        ResultsError: the trace cannot be read.
    """
    trigger = _first_displacing(run)
    first = max(1, trigger - _TOKENS_BEFORE)
    lives, closes_at = _lives(run, range(first, first + TOKENS_MAX))
    issues = [life.issued.at for token, life in lives.items() if token >= trigger]
    if not issues:
        return Lifelines(start=0, end=run.header.duration, lines=())
    end = _end_of_burst([*issues, closes_at])
    margin = max((end - issues[0]) // 20, 1)
    start = max(0, _opening(lives, issues[0], end) - margin)
    return Lifelines(start=start, end=end, lines=_drawn(lives, start, end))


def _first_displacing(run: RecordedRun) -> TokenId:
    """Return the token that displaced the first one of the worst moment.

    Where that has none: the one that began the first refresh with evictions, or else the first
    eviction. A cold start evicts as well; a refresh, half a lifetime in or later, tells more.
    """
    first: TokenId | None = None
    refresh: TokenId | None = None
    moment = worst_moment(run)
    since = run.header.lifetime // 2 if moment is None else _onset(run, moment)
    for event in run.token_events():
        if isinstance(event, TokenEvicted):
            if event.at >= since:
                return event.displaced_by
            first = first or event.displaced_by
            if event.at >= run.header.lifetime // 2:
                refresh = refresh or event.displaced_by
    return refresh or first or 1


def _onset(run: RecordedRun, moment: Moment) -> Ticks:
    """Return from when on to look for what led to ``moment``: a slice before most failed."""
    return max(0, moment.begins - run.clients.slices.width) if moment.outage else moment.begins


def _lives(run: RecordedRun, wanted: range) -> tuple[dict[TokenId, _Life], Ticks]:
    """Return the ``wanted`` tokens and when the next one was issued, or the run's end."""
    lives: dict[TokenId, _Life] = {}
    duration = run.header.duration
    for event in run.token_events():
        match event:
            case TokenIssued() if event.token >= wanted.stop:
                return lives, event.at
            case TokenIssued() if event.token in wanted:
                expires = event.expires_at <= duration
                lives[event.token] = _Life(
                    event, min(event.expires_at, duration), "expired" if expires else "live"
                )
            case TokenEvicted() if event.token in lives:
                lives[event.token].ended_at = min(event.valid_until, duration)
                lives[event.token].end = "evicted"
            case TokenRevoked() if event.token in lives:
                lives[event.token].ended_at, lives[event.token].end = event.at, "revoked"
            case TokenAdopted() if event.token in lives:
                lives[event.token].adopted.append((event.at, event.process))
    return lives, duration


def _end_of_burst(instants: list[Ticks]) -> Ticks:
    """Return where the window closes, from the issues and the instant that follows them."""
    for count, (last, following) in enumerate(pairwise(instants), start=1):
        length, pause = last - instants[0], following - last
        if count >= _BURST_MIN and pause > _PAUSE * length:
            return last + max(length // 3, pause // 50, 1)
    return max(instants[-1], instants[0] + 1)


def _opening(lives: Mapping[TokenId, _Life], burst_at: Ticks, end: Ticks) -> Ticks:
    """Return the earliest issue that is close enough to the burst to be seen beside it."""
    near = burst_at - (end - burst_at) // 2
    return min(life.issued.at for life in lives.values() if life.issued.at >= near)


def _drawn(lives: Mapping[TokenId, _Life], start: Ticks, end: Ticks) -> tuple[Lifeline, ...]:
    return tuple(
        Lifeline(
            token=token,
            asked_by=life.issued.asked_by,
            issued_at=life.issued.at,
            ended_at=life.ended_at,
            end=life.end,
            adopted=tuple(life.adopted),
        )
        for token, life in lives.items()
        if life.issued.at <= end and life.ended_at >= start
    )
