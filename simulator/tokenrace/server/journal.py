"""What happened at a served provider, request by request: the last ``ENTRIES_KEPT`` of it.

No token and no secret is in it: a token is known by its number, and what a client wrote into a
path, a method or a name is cleaned (``provider/redaction.py``) and then cut.
"""

from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Literal, NamedTuple

from tokenrace.clock import Ticks
from tokenrace.provider.http import Exchange
from tokenrace.provider.messages import Refused
from tokenrace.provider.reading import HttpRequest, asked_by
from tokenrace.provider.redaction import Redaction
from tokenrace.trace.events import (
    AppChanged,
    Cause,
    FamilyAuthorized,
    FamilyEnded,
    FaultStruck,
    ProviderEvent,
    RefreshRefused,
    TokenEvicted,
    TokenId,
    TokenRevoked,
)

ENTRIES_KEPT = 10_000
DISPLACED_KEPT = 10_000
NAMED_MAX = 100
TEXT_MAX = 80


@dataclass(frozen=True, slots=True)
class DisplacedBy:
    """The newer token that took one's place, and who asked for it."""

    token: TokenId
    asked_by: str
    at: Ticks


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One request, or one thing that was done to the provider (``change``).

    ``at`` is in microseconds of the provider's clock. ``status`` is None where the connection was
    closed without an answer. ``token`` is the one granted or shown. Of a token that was evicted
    ``displaced_by`` says by which. ``ended`` has the first tokens that this ended, ``ended_count``
    how many those were. ``what`` says in words what happened beside the answer.
    """

    number: int
    at: Ticks
    kind: Literal["request", "change"]
    asked_by: str = ""
    method: str = ""
    path: str = ""
    status: int | None = None
    error: str | None = None
    cause: Cause | None = None
    token: TokenId | None = None
    displaced_by: DisplacedBy | None = None
    ended: tuple[TokenId, ...] = ()
    ended_count: int = 0
    what: str = ""


class Answered(NamedTuple):
    """An entry of a request that was answered, and nothing else: what most of a journal is. Made
    many thousand times a second, and seldom looked at."""

    number: int
    at: Ticks
    asked_by: str
    method: str
    path: str
    status: int | None
    error: str | None
    cause: Cause | None
    token: TokenId | None

    def entry(self) -> Entry:
        """Return it in full."""
        return Entry(kind="request", **self._asdict())


Kept = Entry | Answered


class Journal:
    """Numbers entries from 1, keeps the last ones, and passes each on to ``sink``.

    ``clear`` does not begin the numbers anew: who reads on from a number is never told a new
    entry under an old one.
    """

    def __init__(self, sink: Callable[[Kept], None], redaction: Redaction | None = None) -> None:
        self._sink = sink
        self._redaction = redaction or Redaction()
        self._entries: deque[Kept] = deque(maxlen=ENTRIES_KEPT)
        self._displaced: OrderedDict[TokenId, DisplacedBy] = OrderedDict()
        self.last = 0
        """The number of the newest entry; 0 where there was none yet."""
        self._cleared_at = 0

    @property
    def dropped(self) -> int:
        """How many entries since the last ``clear`` are not kept any more."""
        return self.last - self._cleared_at - len(self._entries)

    def clear(self) -> None:
        """Forget every entry."""
        self._entries.clear()
        self._displaced.clear()
        self._cleared_at = self.last

    def after(self, number: int, limit: int) -> list[Entry]:
        """Return the entries that came after ``number``, oldest first, at most ``limit``."""
        skipped = max(0, number - (self.last - len(self._entries)))
        kept = islice(self._entries, skipped, skipped + limit)
        return [one if isinstance(one, Entry) else one.entry() for one in kept]

    def take_request(self, asked: HttpRequest, exchange: Exchange, at: Ticks) -> None:
        """Write down a request and its answer."""
        refused = exchange.reply if isinstance(exchange.reply, Refused) else None
        answered = Answered(
            self.last + 1,
            at,
            asked_by(asked, self._redaction),
            self._redaction.shortened(asked.method, TEXT_MAX),
            self._redaction.shortened(asked.path, TEXT_MAX),
            None if exchange.response is None else exchange.response.status,
            None if refused is None else refused.error,
            None if refused is None else refused.cause,
            exchange.token,
        )
        self._add(self._with_events(answered, exchange.events) if exchange.events else answered)

    def take_change(self, what: str, events: Sequence[ProviderEvent], at: Ticks) -> Entry:
        """Write down what was done to the provider."""
        ended = self._ended(events, at)
        entry = Entry(
            number=self.last + 1,
            at=at,
            kind="change",
            ended=tuple(ended[:NAMED_MAX]),
            ended_count=len(ended),
            what="; ".join(filter(None, [self._redaction.clean(what), _in_words(events)])),
        )
        self._add(entry)
        return entry

    def _with_events(self, answered: Answered, events: Sequence[ProviderEvent]) -> Entry:
        ended = self._ended(events, answered.at)
        return replace(
            answered.entry(),
            displaced_by=self._displacer(answered),
            ended=tuple(ended[:NAMED_MAX]),
            ended_count=len(ended),
            what=_in_words(events),
        )

    def _displacer(self, answered: Answered) -> DisplacedBy | None:
        if answered.token is None or answered.cause != "evicted":
            return None
        return self._displaced.get(answered.token)

    def _add(self, kept: Kept) -> None:
        self.last = kept.number
        self._entries.append(kept)
        self._sink(kept)

    def _ended(self, events: Sequence[ProviderEvent], at: Ticks) -> list[TokenId]:
        ended = []
        for event in events:
            if isinstance(event, TokenEvicted):
                by = DisplacedBy(event.displaced_by, event.asked_by, at)
                self._displaced[event.token] = by
                if len(self._displaced) > DISPLACED_KEPT:
                    self._displaced.popitem(last=False)
            if isinstance(event, TokenEvicted | TokenRevoked):
                ended.append(event.token)
        return ended


def _in_words(events: Sequence[ProviderEvent]) -> str:
    return "; ".join(filter(None, map(_word, events)))


def _word(event: ProviderEvent) -> str:
    match event:
        case FaultStruck(what=what) | AppChanged(change=what):
            return what
        case RefreshRefused(family=number, cause=cause):
            whose = "" if number is None else f" of consent {number}"
            return f"refresh token{whose}: {cause}"
        case FamilyAuthorized(family=number):
            return f"consent {number} begins"
        case FamilyEnded(family=number, reason=reason):
            return f"consent {number} ended: {reason}"
        case _:
            return ""
