"""Spans of time and rates as people write them.

A span is a number and a unit, ``200ms``, or several that add up, ``6d 1h``. A rate is a number of
calls and the unit they come in, ``3/min``. Nothing is guessed: a bare number is an error, because
``30`` means seconds to one reader and milliseconds to the next.

Every ``read_`` function takes what a YAML reader returned and raises ``ValueError`` with a message
for the user; the ``write_`` function beside it returns text that reads back as the same value.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from tokenrace.clock import DAY, HOUR, MICROSECOND, MILLISECOND, MINUTE, SECOND, Ticks
from tokenrace.fields.quoting import shown

SPAN_MAX: Ticks = 3650 * DAY  # ten years: sums of spans stay far inside 64 bits
RATE_MAX_HZ = 100_000  # one call in ten ticks: gaps stay well above the resolution of time

_TICKS_OF = {
    "d": DAY,
    "h": HOUR,
    "m": MINUTE,
    "s": SECOND,
    "ms": MILLISECOND,
    "us": MICROSECOND,
    "min": MINUTE,
    "µs": MICROSECOND,  # the micro sign
    "μs": MICROSECOND,  # the Greek letter, which looks the same
}
_WRITTEN_UNITS = ("d", "h", "m", "s", "ms", "us")
_NUMBER = r"[0-9]{1,18}(?:\.[0-9]{1,18})?"
_UNIT = "|".join(sorted(_TICKS_OF, key=len, reverse=True))
_PART = re.compile(rf"({_NUMBER})\s*({_UNIT})\s*")
_SPAN = re.compile(rf"(?:{_PART.pattern})+")
_BARE = re.compile(rf"[-+]?{_NUMBER}")
_RATE = re.compile(rf"({_NUMBER})\s*/\s*({_UNIT})")
_CHANCE = re.compile(rf"({_NUMBER})\s*%")
_TEXT_MAX = 200  # nobody writes longer ones, and adding up a million parts takes long
_CHANCE_EXAMPLES = "such as 1% or 0.05%"
_SPAN_EXAMPLES = "such as 30s, 5m or 1h"
_RATE_EXAMPLES = "such as 50/s, 3/min or 2/h"


@dataclass(frozen=True, slots=True)
class Rate:
    """``calls`` in every ``per`` ticks, where ``per`` is one whole unit of time."""

    calls: Decimal
    per: Ticks

    def __post_init__(self) -> None:
        if self.calls <= 0:
            raise ValueError(f"calls must be positive, got {self.calls}")

    @property
    def hz(self) -> float:
        """Calls per second."""
        return float(self.calls) * SECOND / self.per


def read_span(raw: object) -> Ticks:
    """Read a span such as ``1.5s`` or ``6d 1h``; zero is allowed with a unit, ``0s``."""
    text = _written_with_unit(raw, "a span of time", _SPAN_EXAMPLES)
    if _SPAN.fullmatch(text.removeprefix("-")) is None:
        raise ValueError(f"must be a span of time, {_SPAN_EXAMPLES}; got {shown(raw)}")
    if text.startswith("-"):
        raise ValueError(f"must not be negative, got {shown(raw)}")
    exact = sum(Fraction(number) * _TICKS_OF[unit] for number, unit in _PART.findall(text))
    if exact > SPAN_MAX:
        raise ValueError(f"must be at most {write_span(SPAN_MAX)}, got {shown(raw)}")
    if exact != int(exact):
        raise ValueError(f"must be a whole number of microseconds, got {shown(raw)}")
    return int(exact)


def read_positive_span(raw: object) -> Ticks:
    """Read a span that must not be zero."""
    span = read_span(raw)
    if span == 0:
        raise ValueError(f"must be more than 0, got {shown(raw)}")
    return span


def write_span(span: Ticks) -> str:
    """Return ``span`` in whole units, biggest first: ``"6d 1h"``."""
    parts = []
    rest = span
    for unit in _WRITTEN_UNITS:
        count, rest = divmod(rest, _TICKS_OF[unit])
        if count:
            parts.append(f"{count}{unit}")
    return " ".join(parts) or "0s"


def read_rate(raw: object) -> Rate:
    """Read a rate such as ``50/s``."""
    text = _written_with_unit(raw, "a rate", _RATE_EXAMPLES)
    match = _RATE.fullmatch(text.removeprefix("-"))
    if match is None:
        raise ValueError(f"must be a rate, {_RATE_EXAMPLES}; got {shown(raw)}")
    calls = Decimal(match[1])
    if text.startswith("-") or not calls:
        raise ValueError(f"must be more than 0, got {shown(raw)}")
    rate = Rate(calls, _TICKS_OF[match[2]])
    if rate.hz > RATE_MAX_HZ:
        raise ValueError(f"must be at most {RATE_MAX_HZ}/s, got {shown(raw)}")
    return rate


def write_rate(rate: Rate) -> str:
    """Return ``rate`` as it is written in a scenario: ``"3/m"``."""
    unit = next(unit for unit in _WRITTEN_UNITS if _TICKS_OF[unit] == rate.per)
    return f"{rate.calls.normalize():f}/{unit}"


def read_chance(raw: object) -> float:
    """Read a probability such as ``0.5%``; the result is within 0 to 1."""
    text = _written_with_unit(raw, "a percentage", _CHANCE_EXAMPLES)
    match = _CHANCE.fullmatch(text.removeprefix("-"))
    if match is None:
        raise ValueError(f"must be a percentage, {_CHANCE_EXAMPLES}; got {shown(raw)}")
    percent = Decimal(match[1])
    if percent > 100 or (text.startswith("-") and percent):
        raise ValueError(f"must be from 0% to 100%, got {shown(raw)}")
    return float(percent / 100)


def write_chance(chance: float) -> str:
    """Return ``chance`` as it is written in a scenario: ``"0.5%"``."""
    percent = Decimal(str(chance)) * 100
    return f"{percent.normalize():f}%"


def _written_with_unit(raw: object, what: str, examples: str) -> str:
    """Return the text of ``raw``, which must be more than a bare number."""
    if isinstance(raw, str) and len(raw) > _TEXT_MAX:
        raise ValueError(f"must be {what}, {examples}; got {shown(raw)}")
    if isinstance(raw, str) and _BARE.fullmatch(raw.strip()) is None:
        return raw.strip()
    if isinstance(raw, bool) or not isinstance(raw, str | int | float):
        raise ValueError(f"must be {what}, {examples}; got {shown(raw)}")  # noqa: TRY004 - pydantic takes it
    raise ValueError(f"needs a unit, {examples}; got {shown(raw)}")
