"""Why one call got its 401: the chain of events that led there.

From the trace alone: which token was refused, to whom it had been issued and when, what ended it,
who asked for the token that took its place, and which processes were still handing it out.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from simulator.clock import Ticks
from simulator.trace.events import (
    CAUSES,
    AppChanged,
    CallRefused,
    Cause,
    Event,
    FaultStruck,
    ProcessEnded,
    TokenAdopted,
    TokenEvicted,
    TokenId,
    TokenIssued,
    TokenRevoked,
)

TokenEnd = TokenEvicted | TokenRevoked
Happening = AppChanged | FaultStruck


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which 401 to look for: the first for one of ``causes`` from ``begins`` to ``ends``,
    exclusive; None: to the run's end. Ticks of the trace."""

    causes: Collection[Cause] = CAUSES
    begins: Ticks = 0
    ends: Ticks | None = None

    def is_met_by(self, refused: CallRefused) -> bool:
        """Return whether ``refused`` is such a 401."""
        in_time = self.begins <= refused.at and (self.ends is None or refused.at < self.ends)
        return in_time and refused.cause in self.causes


@dataclass(frozen=True, slots=True, kw_only=True)
class Blame:
    """What led to the 401 ``refused``.

    ``issued`` is the issue of its token, None where it is none of the provider's. ``ended`` is what
    ended it before its time, ``displaced_by`` the issue of the token that took its place.
    ``held_by`` are the processes that were handing it out when it ended, ``still_held_by`` those
    that did so when it was refused. ``happened`` is what befell the app, or struck from the
    scenario, last of all. ``chain`` has these events and the adoptions of both tokens, in order,
    the 401 last.
    """

    refused: CallRefused
    issued: TokenIssued | None
    ended: TokenEnd | None
    displaced_by: TokenIssued | None
    held_by: tuple[int, ...]
    still_held_by: tuple[int, ...]
    happened: Happening | None
    chain: tuple[Event, ...]


def blame(events: Iterable[Event], wanted: Wanted | None = None) -> Blame | None:
    """Return the blame of the first 401 of ``events`` that is ``wanted``; None if there is none.

    Reads no further than that 401. Holds every token that was issued before it.
    """
    witness = Witness(wanted or Wanted())
    for event in events:
        witness.write(event)
        if witness.blame is not None:
            break
    return witness.blame


@dataclass(slots=True)
class _Life:
    """What happened to one token so far. ``holders`` are those at its end."""

    issued: TokenIssued
    adopted: list[TokenAdopted] = field(default_factory=list)
    ended: TokenEnd | None = None
    holders: tuple[int, ...] = ()


class Witness:
    """A sink that sees a run go by, and keeps what it takes to blame the first 401 wanted."""

    def __init__(self, wanted: Wanted) -> None:
        self.blame: Blame | None = None
        self._wanted = wanted
        self._lives: dict[TokenId, _Life] = {}
        self._held: dict[int, TokenId] = {}
        self._happened: Happening | None = None

    def write(self, event: Event) -> None:
        """Take one event; after the 401 it was waiting for, it forgets them."""
        if self.blame is not None:
            return
        match event:
            case TokenIssued():
                self._lives[event.token] = _Life(event)
            case TokenAdopted():
                self._held[event.process] = event.token
                if event.token in self._lives:
                    self._lives[event.token].adopted.append(event)
            case TokenEvicted() | TokenRevoked() if event.token in self._lives:
                life = self._lives[event.token]
                life.ended, life.holders = event, self._holders(event.token)
            case ProcessEnded(process=int(process)):
                self._held.pop(process, None)
            case AppChanged() | FaultStruck():
                self._happened = event
            case CallRefused() if self._wanted.is_met_by(event):
                self.blame = self._blame(event)
                self._lives.clear()
            case _:
                pass

    def _holders(self, token: TokenId) -> tuple[int, ...]:
        return tuple(sorted(process for process, held in self._held.items() if held == token))

    def _blame(self, refused: CallRefused) -> Blame:
        life = None if refused.token is None else self._lives.get(refused.token)
        if life is None or refused.token is None:
            return self._without_token(refused)
        still = self._holders(refused.token)
        newer = None
        if isinstance(life.ended, TokenEvicted):
            newer = self._lives.get(life.ended.displaced_by)
        return Blame(
            refused=refused,
            issued=life.issued,
            ended=life.ended,
            displaced_by=None if newer is None else newer.issued,
            held_by=still if life.ended is None else life.holders,
            still_held_by=still,
            happened=self._happened,
            chain=_chain(refused, life, newer, self._happened),
        )

    def _without_token(self, refused: CallRefused) -> Blame:
        happened = self._happened
        return Blame(
            refused=refused,
            issued=None,
            ended=None,
            displaced_by=None,
            held_by=(),
            still_held_by=(),
            happened=happened,
            chain=(refused,) if happened is None else (happened, refused),
        )


def _chain(
    refused: CallRefused, life: _Life, newer: _Life | None, happened: Happening | None
) -> tuple[Event, ...]:
    events: list[Event] = [] if happened is None else [happened]
    events += [life.issued, *life.adopted]
    events += [] if newer is None else [newer.issued]
    events += [] if life.ended is None else [life.ended]
    events += [] if newer is None else newer.adopted
    events.sort(key=lambda event: event.at)  # stable: of one instant, as they stand above
    return (*events, refused)
