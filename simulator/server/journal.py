"""What happened at a served provider, request by request: the last ``ENTRIES_KEPT`` of it.

No token and no secret is in it: a token is known by its number, and what a client wrote into a path
or a name is cut too short for a token and cleaned of the secrets that the app has had.
"""

from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from simulator.clock import Ticks
from simulator.provider.http import Exchange
from simulator.provider.messages import Refused
from simulator.provider.reading import HttpRequest, asked_by
from simulator.trace.events import (
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
SECRETS_HIDDEN = 100


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


class Journal:
    """Numbers entries from 1, keeps the last ones, and passes each on to ``sink``.

    ``clear`` does not begin the numbers anew: who reads on from a number is never told a new
    entry under an old one.
    """

    def __init__(self, sink: Callable[[Entry], None]) -> None:
        self._sink = sink
        self._secrets: deque[str] = deque(maxlen=SECRETS_HIDDEN)
        self._entries: deque[Entry] = deque(maxlen=ENTRIES_KEPT)
        self._displaced: OrderedDict[TokenId, DisplacedBy] = OrderedDict()
        self.last = 0
        """The number of the newest entry; 0 where there was none yet."""
        self._cleared_at = 0

    @property
    def dropped(self) -> int:
        """How many entries since the last ``clear`` are not kept any more."""
        return self.last - self._cleared_at - len(self._entries)

    def hide(self, secret: str) -> None:
        """Show ``secret`` in no entry."""
        if secret not in self._secrets:
            self._secrets.append(secret)

    def clear(self) -> None:
        """Forget every entry."""
        self._entries.clear()
        self._displaced.clear()
        self._cleared_at = self.last

    def after(self, number: int, limit: int) -> list[Entry]:
        """Return the entries that came after ``number``, oldest first, at most ``limit``."""
        skipped = max(0, number - (self.last - len(self._entries)))
        return list(islice(self._entries, skipped, skipped + limit))

    def take_request(self, asked: HttpRequest, exchange: Exchange, at: Ticks) -> None:
        """Write down a request and its answer."""
        events = exchange.events
        refused = exchange.reply if isinstance(exchange.reply, Refused) else None
        ended = self._ended(events, at) if events else []
        self._add(
            Entry(
                number=self.last + 1,
                at=at,
                kind="request",
                asked_by=self.clean(asked_by(asked)),
                method=asked.method[:TEXT_MAX],
                path=self.clean(asked.path)[:TEXT_MAX],
                status=None if exchange.response is None else exchange.response.status,
                error=None if refused is None else refused.error,
                cause=None if refused is None else refused.cause,
                token=exchange.token,
                displaced_by=self._displacer(exchange.token, refused),
                ended=tuple(ended[:NAMED_MAX]),
                ended_count=len(ended),
                what=_in_words(events),
            )
        )

    def take_change(self, what: str, events: Sequence[ProviderEvent], at: Ticks) -> Entry:
        """Write down what was done to the provider."""
        ended = self._ended(events, at)
        return self._add(
            Entry(
                number=self.last + 1,
                at=at,
                kind="change",
                ended=tuple(ended[:NAMED_MAX]),
                ended_count=len(ended),
                what="; ".join(filter(None, [self.clean(what), _in_words(events)])),
            )
        )

    def _add(self, entry: Entry) -> Entry:
        self.last = entry.number
        self._entries.append(entry)
        self._sink(entry)
        return entry

    def _ended(self, events: Sequence[ProviderEvent], at: Ticks) -> list[TokenId]:
        ended = []
        for event in events:
            if isinstance(event, TokenEvicted):
                self._displaced[event.token] = DisplacedBy(
                    event.displaced_by, self.clean(event.asked_by), at
                )
                if len(self._displaced) > DISPLACED_KEPT:
                    self._displaced.popitem(last=False)
            if isinstance(event, TokenEvicted | TokenRevoked):
                ended.append(event.token)
        return ended

    def _displacer(self, token: TokenId | None, refused: Refused | None) -> DisplacedBy | None:
        if token is None or refused is None or refused.cause != "evicted":
            return None
        return self._displaced.get(token)

    def clean(self, text: str) -> str:
        """Return ``text`` without any secret in it."""
        for secret in self._secrets:
            if secret in text:
                text = text.replace(secret, "[secret]")
        return text


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
