"""The blame of a 401 as a sequence diagram: who takes part, what happened, who held the token.

It says what is to be seen, in order, and not where: ``blame_svg`` draws it. It is plain data, so
that a summary keeps it and a report can be made again without the traces.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from tokenrace.analysis.blame import Blame
from tokenrace.analysis.blame_words import blame_in_words
from tokenrace.analysis.timeline import in_words
from tokenrace.analysis.wording import several
from tokenrace.clock import Ticks
from tokenrace.trace.events import (
    CallRefused,
    Event,
    TokenAdopted,
    TokenEvicted,
    TokenIssued,
    TokenRevoked,
)

PROVIDER = "provider"
PROCESSES_MAX = 5
"""Lanes beside the provider's; what other processes do is only counted."""
ADOPTIONS_MAX = 4
"""Of one token; the others are only counted."""

StepKind = Literal["issue", "adopt", "end", "refuse", "befall", "more"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that happened, at the instant ``at`` as it is to be shown.

    An arrow goes from lane ``source`` to lane ``target``, by their places among the participants;
    where they are one lane, it happened there. ``more`` stands for several that are not shown.
    """

    at: str
    kind: StepKind
    source: int
    target: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """Lane ``lane`` handed out the refused token from step ``begins`` to step ``ends``, its last.

    From step ``dead_from`` on the token was dead; None: not while it was held.
    """

    lane: int
    begins: int
    ends: int
    dead_from: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagram:
    """A diagram; ``sentences`` tell the same in words. The provider is the first participant."""

    title: str
    sentences: tuple[str, ...]
    participants: tuple[str, ...]
    steps: tuple[Step, ...]
    holdings: tuple[Holding, ...]


@dataclass(frozen=True, slots=True)
class _Link:
    """A link of the chain: an event; or the end of the token's time, which is none; or several."""

    at: Ticks
    kind: StepKind
    text: str
    event: Event | None = None


def diagram_of(blame: Blame, show: Callable[[Ticks], str]) -> Diagram:
    """Return the diagram of ``blame``; ``show`` writes an instant."""
    first, *others = blame_in_words(blame, show)
    lanes = _participants(blame)
    links = list(_elided(blame, _links(blame), lanes))
    return Diagram(
        title=first.partition(": ")[2],
        sentences=(first, *others),
        participants=lanes,
        steps=tuple(_step(link, lanes, show) for link in links),
        holdings=tuple(_holdings(blame, links, lanes)),
    )


def _lane_name(asked_by: str) -> str:
    """Return the process of a worker; any other client is its own."""
    return asked_by.partition(".")[0] if re.fullmatch(r"p\d+(\.w\d+)?", asked_by) else asked_by


def _participants(blame: Blame) -> tuple[str, ...]:
    """Return the provider, then who matters: the first named are those who are left in."""
    asked = [blame.refused.asked_by]
    asked += [each.asked_by for each in (blame.issued, blame.displaced_by) if each is not None]
    names = [_lane_name(name) for name in asked]
    names += [f"p{process}" for process in (*blame.still_held_by, *blame.held_by)]
    names += [f"p{each.process}" for each in blame.chain if isinstance(each, TokenAdopted)]
    kept = list(dict.fromkeys(names))[:PROCESSES_MAX]
    return (PROVIDER, *sorted(kept, key=_by_number))


def _by_number(name: str) -> tuple[int, str]:
    return (int(name[1:]), "") if re.fullmatch(r"p\d+", name) else (1_000_000, name)


def _links(blame: Blame) -> Iterator[_Link]:
    *before, last = (_Link(event.at, _kind(event), in_words(event), event) for event in blame.chain)
    over = None
    if blame.issued is not None and blame.refused.cause == "expired":
        token, at = blame.issued.token, blame.issued.expires_at
        over = _Link(at, "end", f"the time of token {token} is over")
    links = [*before, over] if over is not None else before
    yield from sorted(links, key=lambda link: link.at)
    yield last


def _elided(blame: Blame, links: Iterable[_Link], lanes: Sequence[str]) -> Iterator[_Link]:
    """Yield the links, each row of adoptions that are too many as one."""
    shown = _adoptions_to_show(blame, lanes)
    row: list[_Link] = []
    for link in links:
        if isinstance(link.event, TokenAdopted) and link.event not in shown:
            row.append(link)
            continue
        yield from _as_one(row)
        row = []
        yield link
    yield from _as_one(row)


def _as_one(row: Sequence[_Link]) -> Iterator[_Link]:
    if row:
        yield _Link(row[0].at, "more", f"and {several(len(row), 'more adoption')}")


def _adoptions_to_show(blame: Blame, lanes: Sequence[str]) -> Sequence[TokenAdopted]:
    """Return the first of each token, and the last of the token refused by who got the 401."""
    shown: list[TokenAdopted] = []
    adopted = [each for each in blame.chain if isinstance(each, TokenAdopted)]
    for token in dict.fromkeys(each.token for each in adopted):
        of_token = [each for each in adopted if each.token == token]
        own = [
            each for each in of_token if f"p{each.process}" == _lane_name(blame.refused.asked_by)
        ]
        in_lanes = [each for each in of_token if f"p{each.process}" in lanes]
        shown += [*own[-1:], *(each for each in in_lanes if each not in own[-1:])][:ADOPTIONS_MAX]
    return shown


def _kind(event: Event) -> StepKind:
    match event:
        case TokenIssued():
            return "issue"
        case CallRefused():
            return "refuse"
        case TokenAdopted():
            return "adopt"
        case TokenEvicted() | TokenRevoked():
            return "end"
        case _:
            return "befall"


def _step(link: _Link, lanes: Sequence[str], show: Callable[[Ticks], str]) -> Step:
    source, target = _ends(link.event, lanes)
    return Step(at=show(link.at), kind=link.kind, source=source, target=target, text=link.text)


def _ends(event: Event | None, lanes: Sequence[str]) -> tuple[int, int]:
    """Return the lanes an arrow goes from and to; what is of no process is the provider's."""
    match event:
        case TokenIssued() | CallRefused():
            return 0, _lane(_lane_name(event.asked_by), lanes)
        case TokenAdopted():
            own = _lane(f"p{event.process}", lanes)
            return own, own
        case _:
            return 0, 0


def _lane(name: str, lanes: Sequence[str]) -> int:
    return lanes.index(name) if name in lanes else 0


def _holdings(blame: Blame, links: Sequence[_Link], lanes: Sequence[str]) -> Iterator[Holding]:
    """Yield from when to when each lane handed the refused token out, as far as the chain tells."""
    end = next((at for at, link in enumerate(links) if link.kind == "end"), None)
    for lane, name in enumerate(lanes):
        places = [
            (at, link.event.token)
            for at, link in enumerate(links)
            if isinstance(link.event, TokenAdopted) and f"p{link.event.process}" == name
        ]
        begins = next((at for at, token in places if token == blame.refused.token), None)
        if begins is None:
            continue
        ends = _last(blame, name, end, len(links) - 1)
        ends = next(
            (at for at, token in places if at > begins and token != blame.refused.token), ends
        )
        dead = None if end is None or ends <= end else max(end, begins)
        yield Holding(lane=lane, begins=begins, ends=max(begins, ends), dead_from=dead)


def _last(blame: Blame, name: str, end: int | None, last: int) -> int:
    """Return the last step at which ``name``, which takes no newer token in the chain, held it."""
    if name in {f"p{process}" for process in blame.still_held_by}:
        return last
    held_at_end = name in {f"p{process}" for process in blame.held_by}
    return end if held_at_end and end is not None else 0
