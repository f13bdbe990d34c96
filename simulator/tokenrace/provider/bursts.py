"""What goes wrong at the provider itself for a while: errors, silence, slow and broken answers.

Decides which requests are struck and how; what a struck client meets is for whoever carries the
answer (HTTP or virtual time).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tokenrace.clock import Ticks
from tokenrace.distributions import CHANCES, PER_MILLION, Spanned
from tokenrace.provider.ailments import (
    Ailment,
    Dropped,
    Endpoint,
    ErrorAnswer,
    Malformed,
    Slow,
    in_words,
)
from tokenrace.rng import Streams
from tokenrace.trace.events import FaultStruck

__all__ = [
    "Ailment",
    "Burst",
    "Bursts",
    "Dropped",
    "Endpoint",
    "ErrorAnswer",
    "Malformed",
    "Slow",
    "Struck",
    "in_words",
]

_NAMES: dict[Endpoint, str] = {"token": "token endpoint", "api": "API"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Burst:
    """From ``begins`` to ``ends`` (exclusive) requests to ``endpoint`` are struck.

    Each one with a chance of ``per_million``, until ``count`` have been; None: any number.
    ``fault`` says which of the scenario's faults this is.
    """

    fault: int
    endpoint: Endpoint
    begins: Ticks
    ends: Ticks
    ailment: Ailment
    per_million: int = PER_MILLION
    count: int | None = None


class Struck(NamedTuple):
    """What strikes a request, and what a trace says of it: something for a burst's first one."""

    ailment: Ailment
    events: Sequence[FaultStruck]


class Bursts:
    """All bursts of one provider, in the order in which they are asked whether they strike."""

    __slots__ = ("_added", "_bursts", "_chances", "_streams", "struck")

    def __init__(self, bursts: Iterable[Burst], streams: Streams) -> None:
        self._streams = streams
        self._bursts: list[Burst] = []
        self._chances: list[Spanned] = []
        self._added = 0
        self.struck: list[int] = []
        """How many requests each burst has struck."""
        for burst in bursts:
            self.add(burst)

    def add(self, burst: Burst) -> None:
        """Let ``burst`` happen too."""
        self._chances.append(self._streams.spans(f"burst/{self._added}", CHANCES))
        self._bursts.append(burst)
        self.struck.append(0)
        self._added += 1

    def forget_over(self, now: Ticks) -> None:
        """Forget the bursts that strike no more, for who adds new ones without end."""
        left = [index for index in range(len(self)) if not self._is_over(index, now)]
        self._bursts = [self._bursts[index] for index in left]
        self._chances = [self._chances[index] for index in left]
        self.struck = [self.struck[index] for index in left]

    def standing(self, now: Ticks) -> list[tuple[Burst, int]]:
        """Return the bursts that may strike yet, each with how many requests it has struck."""
        return [
            (burst, self.struck[index])
            for index, burst in enumerate(self._bursts)
            if not self._is_over(index, now)
        ]

    def __len__(self) -> int:
        return len(self._bursts)

    def strike(self, endpoint: Endpoint, now: Ticks) -> Struck | None:
        """Return what strikes a request to ``endpoint`` that arrives ``now``; None: nothing."""
        if not self._bursts:
            return None
        for index, burst in enumerate(self._bursts):
            if burst.endpoint != endpoint or not self._may_strike(index, now):
                continue
            if self._chances[index].next() < burst.per_million:
                self.struck[index] += 1
                is_first = self.struck[index] == 1
                what = f"the {_NAMES[endpoint]} {in_words(burst.ailment)}"
                event = FaultStruck(at=now, fault=burst.fault, what=what)
                return Struck(burst.ailment, (event,) if is_first else ())
        return None

    def _may_strike(self, index: int, now: Ticks) -> bool:
        return self._bursts[index].begins <= now and not self._is_over(index, now)

    def _is_over(self, index: int, now: Ticks) -> bool:
        burst = self._bursts[index]
        return now >= burst.ends or (burst.count is not None and self.struck[index] >= burst.count)

    def plain_until(self, endpoint: Endpoint, now: Ticks) -> Ticks | None:
        """Return until when nothing strikes ``endpoint``: ``now`` while something may, None where
        nothing will."""
        begins = [
            max(burst.begins, now)
            for index, burst in enumerate(self._bursts)
            if burst.endpoint == endpoint and not self._is_over(index, now)
        ]
        return min(begins, default=None)
