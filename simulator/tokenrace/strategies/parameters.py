"""What a scenario may change in a composition: fields of its axes that say what they are.

A field becomes a parameter by its annotation: ``leeway: Annotated[Ticks, LifetimeSpan("...")]``.
The kind tells how to read the value and whether ``time_scale`` touches it. Field names are unique
over the axes of one composition, because a scenario names them without their axis.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_type_hints

from tokenrace.clock import Ticks

Value = Ticks | float | str
"""A parameter's value, as a scenario's reader gives it."""


@dataclass(frozen=True, slots=True)
class LifetimeSpan:
    """A span that belongs to a token's lifetime: shrunk with it by ``time_scale``."""

    description: str


@dataclass(frozen=True, slots=True)
class LatencySpan:
    """A span longer than zero that belongs to machines and networks: nothing can hurry it."""

    description: str


@dataclass(frozen=True, slots=True)
class Count:
    """A whole number, ``minimum`` or more."""

    description: str
    minimum: int


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a whole, from 0 to 1."""

    description: str


@dataclass(frozen=True, slots=True)
class Factor:
    """A number above 0."""

    description: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words."""

    description: str
    choices: tuple[str, ...]


Kind = LifetimeSpan | LatencySpan | Count | Share | Factor | Choice


def check_positive(axis: object, *names: str) -> None:
    """Refuse an axis with a parameter that is not above zero.

    Raises:
        ValueError: one of ``names`` is not.
    """
    for name in names:
        if getattr(axis, name) <= 0:
            raise ValueError(f"{name} must be positive, got {getattr(axis, name)}")


def check_not_negative(axis: object, *names: str) -> None:
    """Refuse an axis with a parameter below zero.

    Raises:
        ValueError: one of ``names`` is.
    """
    for name in names:
        if getattr(axis, name) < 0:
            raise ValueError(f"{name} must not be negative, got {getattr(axis, name)}")


def kinds_of(axis: type) -> Mapping[str, Kind]:
    """Return the parameters of the class ``axis`` by name, in order of its fields."""
    hints = get_type_hints(axis, include_extras=True)
    return {
        name: kind
        for name, hint in hints.items()
        for kind in getattr(hint, "__metadata__", ())
        if isinstance(kind, Kind)
    }
