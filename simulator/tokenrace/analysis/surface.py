"""A figure over the values of one field or two, as a picture or a report can show it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log
from typing import NamedTuple

from tokenrace.clock import DAY, HOUR, MILLISECOND, MINUTE, SECOND
from tokenrace.fields.units import read_chance, read_rate, read_span
from tokenrace.scenario.sweep_values import Value

_UNITS = (("d", DAY), ("h", HOUR), ("m", MINUTE), ("s", SECOND), ("ms", MILLISECOND))


class Level(NamedTuple):
    """A figure at one place, over ``runs`` seeds: its mean and 95 % interval.

    With one seed, or no spread, the interval is the value itself. ``highest`` is that of a seed.
    """

    mean: float
    low: float
    high: float
    runs: int
    highest: float = 0.0


@dataclass(frozen=True, slots=True)
class Scale:
    """A field and its values, in order."""

    path: str
    values: tuple[Value, ...]

    def numbers(self) -> tuple[float, ...] | None:
        """Return the values as rising numbers, spans in ticks; None where they are none."""
        numbers = [number_of(value) for value in self.values]
        known = tuple(number for number in numbers if number is not None)
        rises = all(a < b for a, b in pairwise(known))
        return known if len(known) == len(numbers) and rises else None

    def is_logarithmic(self) -> bool:
        """Return whether each value is some times the last, rather than some more than it."""
        numbers = self.numbers()
        if numbers is None or len(numbers) < 3 or numbers[0] <= 0:
            return False
        steps = [b - a for a, b in pairwise(numbers)]
        ratios = [log(b / a) for a, b in pairwise(numbers)]
        return max(ratios) / min(ratios) < max(steps) / min(steps)

    def labels(self) -> list[str]:
        """Return the values in few letters."""
        return [_label(value) for value in self.values]


@dataclass(frozen=True, slots=True)
class Curve:
    """What theory says of a strategy. ``points`` are places of a field and the other field, or of
    a field and the figure; fields in the numbers of their scales."""

    label: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One strategy: ``levels`` by the places of the values, x first; y is 0 where there is one
    field only. ``curves`` are the laws that hold for it."""

    title: str
    levels: Mapping[tuple[int, int], Level]
    curves: Sequence[Curve] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Surface:
    """The panels of a sweep: ``figure`` as the scenario writes it, in ``name`` without its part.

    ``boundary`` parts good from bad; ``is_whole`` is False where only a part of the places was to
    be measured.
    """

    scenario: str
    figure: str
    name: str
    seeds: int
    x: Scale
    y: Scale | None
    boundary: float | None
    is_whole: bool
    panels: Sequence[Panel]


def _label(value: Value) -> str:
    """Return ``value`` as it is written, a span of several units in one: 1.54s, not 1s 540ms."""
    text = str(value)
    if not isinstance(value, str) or " " not in text:
        return text
    try:
        span = read_span(value)
    except ValueError:
        return text
    unit, length = next((unit, length) for unit, length in _UNITS if span >= length)
    return f"{span / length:.3g}{unit}"


def number_of(value: Value) -> float | None:
    """Return ``value`` as a number: a span in ticks, a rate in calls per second, a percentage as a
    share; None where it is a word, a distribution or a truth."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value)
    for read in (read_span, read_chance):
        try:
            return float(read(value))
        except ValueError:
            continue
    try:
        return read_rate(value).hz
    except ValueError:
        return None
