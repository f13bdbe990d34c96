"""The values a sweep gives to a field, as people write them.

=====================  ===========================================
``1,2,4,8``            those
``1..10``              every whole number from 1 to 10
``1s..10s step 3s``    1s, 4s, 7s, 10s
``1..1000 log 7``      seven values, each as many times the last
``1..4,8,16``          any of these together
=====================  ===========================================

A value may be whatever its field takes: ``30s``, ``0.5%``, ``20/s``, ``none``, a distribution. The
ends and the step of a range have one kind of unit. Logarithmic values are rounded to three digits,
or to whole numbers where both ends are whole; those that come out alike are one.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from tokenrace.fields.quoting import shown
from tokenrace.fields.units import read_span, write_span
from tokenrace.scenario.source import Unreadable, read_document

VALUES_MAX = 10_000
Value = int | float | str | bool
_RANGE = re.compile(r"(?P<low>.+?)\.\.(?P<high>.+?)(?:\s+(?P<way>step|log)\s+(?P<by>.+))?")
_NUMBER = re.compile(r"(?P<number>[0-9]{1,15}(?:\.[0-9]{1,9})?)(?P<unit>%|/[a-zµμ]{1,3}|)")
_SPAN = "span"
_EXAMPLES = "such as 1,2,4 or 1..10 or 1s..10s step 3s or 1..1000 log 7"


def read_values(raw: object) -> tuple[Value, ...]:
    """Return the values that ``raw`` names, in its order, each once.

    Raises:
        ValueError: with a message for the user.
    """
    match raw:
        case str():
            items: list[object] = [_plain(item.strip()) for item in raw.split(",")]
        case list():
            items = raw
        case _:
            items = [raw]
    values = [value for item in items for value in _values(item)]
    if not values:
        raise ValueError(f"must be values, {_EXAMPLES}; got {shown(raw)}")
    if len(values) > VALUES_MAX:
        raise ValueError(f"must be at most {VALUES_MAX} values, got {len(values)}")
    return tuple({(type(value), value): value for value in values}.values())


def read_value(text: str) -> Value:
    """Return the one value that ``text`` says, as a scenario file would be read."""
    value = _plain(text)
    return value if isinstance(value, int | float) else text


def _plain(text: str) -> object:
    """Return ``text`` as a scenario file would be read that has it for a value."""
    try:
        return read_document(text.encode()).data
    except Unreadable:
        return text


def _values(item: object) -> Iterator[Value]:
    if isinstance(item, str) and (found := _RANGE.fullmatch(item)) is not None:
        yield from _range(found, item)
    elif isinstance(item, str | int | float) and item != "":
        yield item
    else:
        raise ValueError(f"must be values, {_EXAMPLES}; got {shown(item)}")


@dataclass(frozen=True, slots=True)
class _Quantity:
    """A number and its kind of unit; of a span, ticks."""

    number: Decimal
    unit: str

    @classmethod
    def of(cls, text: str) -> "_Quantity":
        if (match := _NUMBER.fullmatch(text.strip())) is not None:
            return cls(Decimal(match["number"]), match["unit"])
        try:
            return cls(Decimal(read_span(text)), _SPAN)
        except ValueError:
            raise ValueError(
                f"a range goes from one number or span to another, {_EXAMPLES}; got {shown(text)}"
            ) from None

    def is_whole(self) -> bool:
        return self.number == self.number.to_integral_value()

    def written(self, number: Decimal) -> Value:
        """Return ``number`` as a value of this unit."""
        if self.unit == _SPAN:
            return write_span(round(number))
        if self.unit:
            return f"{number.normalize():f}{self.unit}"
        return int(number) if number == number.to_integral_value() else float(number)


def _range(found: "re.Match[str]", text: str) -> Iterator[Value]:
    low, high = _Quantity.of(found["low"]), _Quantity.of(found["high"])
    _check_alike(low, high, text)
    if low.number >= high.number:
        raise ValueError(f"a range must rise, got {shown(text)}")
    match found["way"]:
        case "step":
            yield from _stepped(low, high, _Quantity.of(found["by"]), text)
        case "log":
            yield from _logarithmic(low, high, found["by"], text)
        case _:
            if low.unit or not (low.is_whole() and high.is_whole()):
                raise ValueError(
                    f"between these ends a range needs a step, such as '{text} step "
                    f"{low.written((high.number - low.number) / 4)}', or a number of logarithmic "
                    f"values, such as '{text} log 5'"
                )
            yield from _stepped(low, high, _Quantity(Decimal(1), ""), text)


def _check_alike(low: _Quantity, other: _Quantity, text: str) -> None:
    if low.unit != other.unit:
        raise ValueError(f"a range needs the same unit throughout, got {shown(text)}")


def _stepped(low: _Quantity, high: _Quantity, step: _Quantity, text: str) -> Iterator[Value]:
    _check_alike(low, step, text)
    if not step.number:
        raise ValueError(f"a step must be more than 0, got {shown(text)}")
    count = int((high.number - low.number) / step.number) + 1
    if count > VALUES_MAX:
        raise ValueError(f"must be at most {VALUES_MAX} values, got {count} from {shown(text)}")
    for place in range(count):
        yield low.written(low.number + place * step.number)


def _logarithmic(low: _Quantity, high: _Quantity, by: str, text: str) -> Iterator[Value]:
    try:
        count = int(by)
    except ValueError:
        count = 0
    if not 2 <= count <= VALUES_MAX:
        raise ValueError(
            f"log needs how many values, 2 to {VALUES_MAX}, such as '1..1000 log 7'; "
            f"got {shown(text)}"
        )
    if not low.number:
        raise ValueError(f"a logarithmic range must begin above 0, got {shown(text)}")
    yield low.written(low.number)
    ratio = (high.number / low.number) ** (Decimal(1) / (count - 1))
    for place in range(1, count - 1):
        yield low.written(_rounded(low, high, low.number * ratio**place))
    yield high.written(high.number)


def _rounded(low: _Quantity, high: _Quantity, number: Decimal) -> Decimal:
    if low.unit == "" and low.is_whole() and high.is_whole():
        return number.to_integral_value()
    return Decimal(f"{number:.3g}")
