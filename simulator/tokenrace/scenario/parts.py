"""A part of a run, as people write it after a figure: ``after 2h``, ``during fault 1``.

An instant is a span from the scenario's beginning, ``faults`` for all of them together, or ``fault
N``, counted from 1 in the file's order. Where a part begins with a fault it is when that is over;
where a part ends with one, it is when that begins. ``during fault N`` is the time in between.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from tokenrace.clock import Ticks
from tokenrace.fields.quoting import shown
from tokenrace.fields.units import read_span

FAULTS = "faults"
"""Stands for the instant at which the first fault begins, or at which the last one is over."""
WORDS = ("before", "after", "from", "between", "during")
"""What stands between a figure and its part."""


@dataclass(frozen=True, slots=True)
class FaultEdge:
    """When fault ``number``, counted from 1, begins or is over."""

    number: int
    edge: Literal["begins", "over"]


Instant = Ticks | Literal["faults"] | FaultEdge


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a run, from ``begins`` to ``ends``, exclusive; None: to its end. Scenario time."""

    begins: Instant = 0
    ends: Instant | None = None

    def faults_named(self) -> Iterator[int]:
        """Yield the number of each fault that is named."""
        for instant in (self.begins, self.ends):
            if isinstance(instant, FaultEdge):
                yield instant.number

    def speaks_of_faults(self) -> bool:
        """Return whether it needs a scenario that has faults."""
        return any(isinstance(instant, str | FaultEdge) for instant in (self.begins, self.ends))


WHOLE = Part()
_SEPARATORS = {"from": "to", "between": "and"}
_FAULT = re.compile(r"fault (?P<number>[1-9][0-9]{0,5})")


def read_part(word: str | None, rest: str) -> Part:
    """Read the part that ``word`` and what follows it say.

    Raises:
        ValueError: with a message for the user.
    """
    match word:
        case "before":
            return Part(ends=_read_instant(rest, "begins"))
        case "after":
            return Part(begins=_read_instant(rest, "over"))
        case "during":
            return Part(_read_fault(rest, "begins"), _read_fault(rest, "over"))
        case "from" | "between":
            return _read_stretch(word, rest)
        case _:
            return WHOLE


def _read_stretch(word: Literal["from", "between"], rest: str) -> Part:
    separator = _SEPARATORS[word]
    begins, found, ends = rest.partition(f" {separator} ")
    if not found:
        example = f"{word} 1h {separator} 2h"
        raise ValueError(f"must say from when to when, such as {example}")
    return Part(_read_instant(begins, "over"), _read_instant(ends, "begins"))


def _read_instant(text: str, edge: Literal["begins", "over"]) -> Instant:
    text = text.strip()
    if text == FAULTS:
        return "faults"
    return _read_fault(text, edge) if text.startswith("fault") else read_span(text)


def _read_fault(text: str, edge: Literal["begins", "over"]) -> FaultEdge:
    match = _FAULT.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"must name a fault by its number, such as fault 1; got {shown(text)}")
    return FaultEdge(int(match["number"]), edge)
