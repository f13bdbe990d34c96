"""Why one call got its 401: the chain of events that led there.

From the trace alone: which token was refused, to whom it had been issued and when, what ended it,
who asked for the token that took its place, and which processes were still handing it out.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace

from tokenrace.clock import SECOND, Ticks
from tokenrace.trace.events import (
    CAUSES,
    AppChanged,
    CallRefused,
    Cause,
    Event,
    FaultStruck,
    IssueRefused,
    ProcessEnded,
    TokenAdopted,
    TokenEvicted,
    TokenId,
    TokenIssued,
    TokenRevoked,
)

TokenEnd = TokenEvicted | TokenRevoked
Happening = AppChanged | FaultStruck
_CLOCK = re.compile(r"the clock of process (\d+) ")
_PROCESS = re.compile(r"p(\d+)(?=\.|$)")
_AGAIN_MIN, _AGAIN_FOR = 3, 5 * SECOND
"""So many 401s more over so long are no calls that were under way, nor a refresh that was."""


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


@dataclass(frozen=True, slots=True)
class Heedless:
    """The process went on calling with the refused token: ``again`` more 401s up to ``until``, and
    asked for no other one in that time."""

    again: int
    until: Ticks


@dataclass(frozen=True, slots=True, kw_only=True)
class Blame:
    """What led to the 401 ``refused``.

    ``issued`` is the issue of its token, None where it is none of the provider's. ``ended`` is what
    ended it before its time, ``displaced_by`` the issue of the token that took its place.
    ``held_by`` are the processes that were handing it out when it ended, ``still_held_by`` those
    that did so when it was refused, ``taken_up_by`` those that began to after its end, whether they
    went on with it or not. ``happened`` is what befell the app, or struck from the
    scenario, last of all. ``clock`` is the fault that set the caller's clock off, where a token was
    refused for its time. ``heedless`` is not None where the caller ignored this 401. ``chain``
    has these events and the adoptions of both tokens, in order,
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
    clock: FaultStruck | None = None
    heedless: Heedless | None = None
    taken_up_by: tuple[int, ...] = ()


def blame(events: Iterable[Event], wanted: Wanted | None = None) -> Blame | None:
    """Return the blame of the first 401 of ``events`` that is ``wanted``; None if there is none.

    Reads on until it is known whether the caller heeds it. Holds every token that was issued
    before.
    """
    witness = Witness(wanted or Wanted())
    for event in events:
        witness.write(event)
        if witness.is_done:
            break
    return witness.blame


@dataclass(slots=True)
class _Life:
    """What happened to one token so far. ``holders`` are those at its end, and ``before`` so many
    of its adoptions had happened by then."""

    issued: TokenIssued
    adopted: list[TokenAdopted] = field(default_factory=list)
    ended: TokenEnd | None = None
    holders: tuple[int, ...] = ()
    before: int = 0

    def taken_up_by(self) -> tuple[int, ...]:
        """Return the processes that took the token up after its end."""
        if self.ended is None:
            return ()
        return tuple(sorted({adopted.process for adopted in self.adopted[self.before :]}))


class _Aftermath:
    """Watches whether a process goes on with the token that was refused."""

    def __init__(self, refused: CallRefused, process: str) -> None:
        self.is_over = False
        self._refused = refused
        self._process = process
        self._again = 0
        self._until = refused.at

    @classmethod
    def of(cls, refused: CallRefused) -> "_Aftermath | None":
        """Return who watches the caller of ``refused``; None where that is no process of ours."""
        process = _PROCESS.match(refused.asked_by)
        return None if process is None or refused.token is None else cls(refused, process[0])

    def write(self, event: Event) -> None:
        """Take one event after the 401."""
        match event:
            case CallRefused() if event.token == self._refused.token and self._is_ours(
                event.asked_by
            ):
                self._again += 1
                self._until = event.at
            case TokenIssued() | IssueRefused() if self._is_ours(event.asked_by):
                self.is_over = True
            case TokenAdopted() | ProcessEnded() if f"p{event.process}" == self._process:
                self.is_over = True
            case _:
                pass

    def heedless(self) -> Heedless | None:
        """Return how long the process went on, if that is more than what was under way."""
        if self._again < _AGAIN_MIN or self._until - self._refused.at < _AGAIN_FOR:
            return None
        return Heedless(self._again, self._until)

    def _is_ours(self, asked_by: str) -> bool:
        return asked_by.partition(".")[0] == self._process


class Witness:
    """A sink that sees a run go by, and keeps what it takes to blame the first 401 wanted."""

    def __init__(self, wanted: Wanted) -> None:
        self._found: Blame | None = None
        self._after: _Aftermath | None = None
        self._clocks: dict[int, FaultStruck] = {}
        self._wanted = wanted
        self._lives: dict[TokenId, _Life] = {}
        self._held: dict[int, TokenId] = {}
        self._happened: Happening | None = None

    @property
    def blame(self) -> Blame | None:
        """The blame, by what was seen so far."""
        if self._found is None or self._after is None:
            return self._found
        return replace(self._found, heedless=self._after.heedless())

    @property
    def is_done(self) -> bool:
        """Whether no later event can add to the blame."""
        return self._found is not None and (self._after is None or self._after.is_over)

    def write(self, event: Event) -> None:
        """Take one event; after the 401 it was waiting for, it forgets them."""
        if self._found is not None:
            if self._after is not None:
                self._after.write(event)
            return
        self._write(event)

    def _write(self, event: Event) -> None:
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
                life.before = len(life.adopted)
            case ProcessEnded(process=int(process)):
                self._held.pop(process, None)
            case AppChanged() | FaultStruck():
                self._happened = event
                self._note_clock(event)
            case CallRefused() if self._wanted.is_met_by(event):
                self._found = self._blame(event)
                self._after = _Aftermath.of(event)
                self._lives.clear()
            case _:
                pass

    def _note_clock(self, event: Happening) -> None:
        named = _CLOCK.match(event.what) if isinstance(event, FaultStruck) else None
        if named is not None and isinstance(event, FaultStruck):
            self._clocks[int(named[1])] = event

    def _clock_of(self, refused: CallRefused) -> FaultStruck | None:
        process = _PROCESS.match(refused.asked_by)
        if process is None or refused.cause not in ("expired", "not_yet_valid"):
            return None
        return self._clocks.get(int(process[1]))

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
            clock=self._clock_of(refused),
            taken_up_by=life.taken_up_by(),
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
