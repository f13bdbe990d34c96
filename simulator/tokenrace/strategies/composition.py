"""A strategy as data: one choice on each of five axes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from tokenrace.clock import shrunk
from tokenrace.strategies.control import Control
from tokenrace.strategies.failure import Failure
from tokenrace.strategies.on_401 import On401
from tokenrace.strategies.parameters import Kind, LifetimeSpan, Value, kinds_of
from tokenrace.strategies.scope import Scope
from tokenrace.strategies.trigger import Trigger


@dataclass(frozen=True, slots=True, kw_only=True)
class Composition:
    """When to refresh, how workers and processes come together, what to do when told no."""

    trigger: Trigger
    control: Control
    scope: Scope
    on_401: On401
    failure: Failure


def parameters_of(composition: Composition) -> Mapping[str, Kind]:
    """Return what a scenario may change in ``composition``, by name."""
    return {
        name: kind for _, axis in _axes(composition) for name, kind in kinds_of(type(axis)).items()
    }


def changed(composition: Composition, values: Mapping[str, Value]) -> Composition:
    """Return ``composition`` with the parameters in ``values`` changed.

    Raises:
        ValueError: it has no such parameter, or cannot take the value.
    """
    unknown = values.keys() - parameters_of(composition).keys()
    if unknown:
        raise ValueError(f"no such parameters: {sorted(unknown)}")
    axes = {
        field: replace(
            axis, **{name: values[name] for name in kinds_of(type(axis)) if name in values}
        )
        for field, axis in _axes(composition)
    }
    return Composition(**axes)


def scaled(composition: Composition, factor: float) -> Composition:
    """Return ``composition`` for a run ``factor`` times as fast.

    Spans that belong to a token's lifetime shrink, a positive one to a tick at least; others stay.
    """
    spans: dict[str, Value] = {
        name: shrunk(getattr(axis, name), factor)
        for _, axis in _axes(composition)
        for name, kind in kinds_of(type(axis)).items()
        if isinstance(kind, LifetimeSpan)
    }
    return changed(composition, spans)


def _axes(composition: Composition) -> Iterator[tuple[str, Any]]:
    for field in fields(composition):
        yield field.name, getattr(composition, field.name)
