"""The ``sweep`` section: over which fields ``tokenrace sweep`` goes, and which figure it shows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, PlainSerializer, PlainValidator, WithJsonSchema

from tokenrace.fields.flaws import Flaw, refusal
from tokenrace.fields.quoting import shown
from tokenrace.fields.values import Section
from tokenrace.figures import FIGURES
from tokenrace.scenario.expectations import read_bound, read_figure, written
from tokenrace.scenario.parts import Part
from tokenrace.scenario.sweep_values import Value, read_values

DIMENSIONS_MAX = 8
_EXAMPLES = "such as rate_401, rate_401 = 1% or rate_401 after 2h = 1%"


def _read_over(raw: object) -> dict[str, tuple[Value, ...]]:
    if not isinstance(raw, Mapping):
        raise ValueError(f"must map fields to values, got {shown(raw)}")  # noqa: TRY004 - pydantic takes it
    if not raw:
        raise ValueError("must name a field to sweep over, such as fleet.processes: 1..10")
    if len(raw) > DIMENSIONS_MAX:
        raise ValueError(f"must be at most {DIMENSIONS_MAX} fields, got {len(raw)}")
    flaws: list[Flaw] = []
    over: dict[str, tuple[Value, ...]] = {}
    for path, values in raw.items():
        try:
            over[path] = read_values(values)
        except ValueError as wrong:
            flaws.append(Flaw((path,), str(wrong)))
    if flaws:
        raise refusal(flaws)
    return over


def _write_over(over: Mapping[str, tuple[Value, ...]]) -> dict[str, list[Value]]:
    return {path: list(values) for path, values in over.items()}


def _read_shown(raw: object) -> "Shown":
    if not isinstance(raw, str):
        raise ValueError(f"must be a figure, {_EXAMPLES}; got {shown(raw)}")  # noqa: TRY004 - pydantic takes it
    return read_shown(raw)


@dataclass(frozen=True, slots=True)
class Shown:
    """What a sweep shows of each run: ``figure`` in ``part``, and the value ``boundary`` of it that
    parts good from bad; None where there is none. ``name`` is how the figure is written."""

    name: str
    figure: str
    part: Part
    boundary: float | None = None

    def __str__(self) -> str:
        bound = "" if self.boundary is None else f" = {written(self.figure, self.boundary)}"
        return f"{self.name}{bound}"


def read_shown(text: str) -> Shown:
    """Read a figure, with or without its boundary: ``rate_401 after 2h = 1%``.

    Raises:
        ValueError: with a message for the user.
    """
    name, equals, bound = (word.strip() for word in text.partition("="))
    figure, part = read_figure(name)
    boundary = read_bound(FIGURES[figure].unit, bound) if equals else None
    return Shown(name, figure, part, boundary)


Over = Annotated[
    Mapping[str, tuple[Value, ...]],
    PlainValidator(_read_over),
    PlainSerializer(_write_over),
    WithJsonSchema(
        {
            "type": "object",
            "minProperties": 1,
            "maxProperties": DIMENSIONS_MAX,
            "additionalProperties": {
                "anyOf": [
                    {"type": "string", "examples": ["1..10", "1s..10s step 3s", "1..1000 log 7"]},
                    {"type": "array", "minItems": 1},
                    {"type": "number"},
                ]
            },
        }
    ),
]
ShownFigure = Annotated[
    Shown,
    PlainValidator(_read_shown),
    PlainSerializer(str),
    WithJsonSchema({"type": "string", "examples": ["rate_401 = 1%", "rate_401 after 2h = 1%"]}),
]


class SweepSection(Section):
    """What tokenrace sweep does with the scenario. No run depends on it."""

    over: Over = Field(
        description="The fields to sweep over, by their paths, and their values: a list, or 1..10, "
        "1s..10s step 3s, 1..1000 log 7. The first is the horizontal one in pictures. A strategy's "
        "setting is strategies.NAME.SETTING."
    )
    figure: ShownFigure = Field(
        default="rate_401 = 1%",
        validate_default=True,
        description="The figure to show, as expect names it, and where its boundary is drawn.",
    )
