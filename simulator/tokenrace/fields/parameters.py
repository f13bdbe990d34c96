"""What a strategy's preset lets a scenario change, as the strategies describe it.

The scenario knows no strategy. Whoever loads one passes a ``Catalogue``: the name of every preset
and the parameters it has.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from tokenrace.clock import Ticks
from tokenrace.fields.quoting import one_of, shown, unquoted
from tokenrace.fields.units import read_positive_span, read_span

Setting = Ticks | float | str
"""A parameter's value: a span in ticks, a whole number, a share or a choice."""


class Parameter(Protocol):
    """One number or choice of a preset."""

    @property
    def description(self) -> str:
        """One sentence for the schema."""
        ...

    def read(self, raw: object) -> Setting:
        """Return the value for what a scenario says.

        Raises:
            ValueError: with a message for the user.
        """
        ...

    def schema(self) -> dict[str, object]:
        """Return the JSON Schema of what ``read`` takes, without the description."""
        ...


@dataclass(frozen=True, slots=True)
class SpanParameter:
    """A span of time with its unit; zero is allowed."""

    description: str

    def read(self, raw: object) -> Ticks:
        return read_span(raw)

    def schema(self) -> dict[str, object]:
        return {"type": "string", "examples": ["30s"]}


@dataclass(frozen=True, slots=True)
class PositiveSpanParameter:
    """A span of time with its unit, longer than zero."""

    description: str

    def read(self, raw: object) -> Ticks:
        return read_positive_span(raw)

    def schema(self) -> dict[str, object]:
        return {"type": "string", "examples": ["30s"]}


@dataclass(frozen=True, slots=True)
class WholeParameter:
    """A whole number, ``minimum`` or more."""

    description: str
    minimum: int = 0

    def read(self, raw: object) -> int:
        if isinstance(raw, bool) or not isinstance(raw, int):
            raise ValueError(f"must be a whole number, got {shown(raw)}{unquoted(raw)}")  # noqa: TRY004 - pydantic takes it
        if raw < self.minimum:
            raise ValueError(f"must be at least {self.minimum}, got {raw}")
        return raw

    def schema(self) -> dict[str, object]:
        return {"type": "integer", "minimum": self.minimum}


@dataclass(frozen=True, slots=True)
class ShareParameter:
    """A part of a whole, from 0 to 1."""

    description: str

    def read(self, raw: object) -> float:
        if isinstance(raw, bool) or not isinstance(raw, int | float):
            raise ValueError(f"must be a number from 0 to 1, got {shown(raw)}{unquoted(raw)}")  # noqa: TRY004 - pydantic takes it
        if not 0 <= raw <= 1:
            raise ValueError(f"must be from 0 to 1, got {raw}")
        return float(raw)

    def schema(self) -> dict[str, object]:
        return {"type": "number", "minimum": 0, "maximum": 1}


@dataclass(frozen=True, slots=True)
class NumberParameter:
    """A number above 0."""

    description: str

    def read(self, raw: object) -> float:
        if isinstance(raw, bool) or not isinstance(raw, int | float):
            raise ValueError(f"must be a number above 0, got {shown(raw)}{unquoted(raw)}")  # noqa: TRY004 - pydantic takes it
        if not raw > 0:
            raise ValueError(f"must be above 0, got {raw}")
        return float(raw)

    def schema(self) -> dict[str, object]:
        return {"type": "number", "exclusiveMinimum": 0}


@dataclass(frozen=True, slots=True)
class ChoiceParameter:
    """One of a few words."""

    description: str
    choices: tuple[str, ...]

    def read(self, raw: object) -> str:
        if not isinstance(raw, str) or raw not in self.choices:
            raise ValueError(f"must be {one_of(self.choices)}, got {shown(raw)}")
        return raw

    def schema(self) -> dict[str, object]:
        return {"enum": list(self.choices)}


Parameters = Mapping[str, Parameter]
"""Parameter name -> parameter, in the order to show them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """The strategies there are: presets, and the axes that every strategy is a choice on.

    ``presets`` gives each preset's word on each axis and ``plain`` those of a strategy that names
    no preset; ``axes`` gives for each axis and word the parameters. ``why_not`` says why a preset
    (or None) with other words on some axes and some settings makes no sense, None where it does.
    ``shared_scopes`` are the words of scopes that need a store which processes share,
    ``row_lock_scopes`` of those that need one which can lock its record.
    """

    presets: Mapping[str, Mapping[str, str]]
    plain: Mapping[str, str]
    axes: Mapping[str, Mapping[str, Parameters]]
    why_not: Callable[[str | None, Mapping[str, str], Mapping[str, Setting]], str | None]
    shared_scopes: tuple[str, ...] = ()
    row_lock_scopes: tuple[str, ...] = ()

    def words(self, preset: str | None, axes: Mapping[str, str]) -> Mapping[str, str]:
        """Return the word on each axis of ``preset`` with other words on ``axes``."""
        return {**(self.plain if preset is None else self.presets[preset]), **axes}

    def parameters(self, preset: str | None, axes: Mapping[str, str]) -> Parameters:
        """Return what can be set of ``preset`` with other words on ``axes``."""
        return {
            name: parameter
            for axis, word in self.words(preset, axes).items()
            for name, parameter in self.axes[axis][word].items()
        }
