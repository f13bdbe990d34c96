"""The strategies as the scenario's reader wants them: which exist, what each lets one change."""

from collections.abc import Mapping
from dataclasses import fields
from typing import assert_never

from tokenrace.fields.parameters import (
    Catalogue,
    ChoiceParameter,
    NumberParameter,
    Parameter,
    PositiveSpanParameter,
    Setting,
    ShareParameter,
    SpanParameter,
    WholeParameter,
)
from tokenrace.strategies.axes import AXES, NEED_ROW_LOCKS, NEED_SHARED_STORE, word_of
from tokenrace.strategies.composing import PLAIN, composed_of
from tokenrace.strategies.composition import Composition
from tokenrace.strategies.parameters import (
    Choice,
    Count,
    Factor,
    Kind,
    LatencySpan,
    LifetimeSpan,
    Share,
    kinds_of,
)
from tokenrace.strategies.presets import PRESETS


def _parameter(kind: Kind) -> Parameter:
    match kind:
        case LifetimeSpan():
            return SpanParameter(kind.description)
        case LatencySpan():
            return PositiveSpanParameter(kind.description)
        case Count():
            return WholeParameter(kind.description, kind.minimum)
        case Share():
            return ShareParameter(kind.description)
        case Factor():
            return NumberParameter(kind.description)
        case Choice():
            return ChoiceParameter(kind.description, kind.choices)
        case _:
            assert_never(kind)


def _words(composition: Composition) -> Mapping[str, str]:
    return {
        axis.name: word_of(axis.name, getattr(composition, axis.name))
        for axis in fields(composition)
    }


def _why_not(
    preset: str | None, axes: Mapping[str, str], settings: Mapping[str, Setting]
) -> str | None:
    """Return why the strategy makes no sense; None where it does."""
    try:
        composed_of(preset, axes, settings.items())
    except ValueError as wrong:
        return str(wrong)
    return None


CATALOGUE = Catalogue(
    presets={name: _words(preset.composition) for name, preset in PRESETS.items()},
    plain=_words(PLAIN),
    axes={
        axis: {
            word: {name: _parameter(kind) for name, kind in kinds_of(axis_kind).items()}
            for word, axis_kind in words.items()
        }
        for axis, words in AXES.items()
    },
    why_not=_why_not,
    shared_scopes=NEED_SHARED_STORE,
    row_lock_scopes=NEED_ROW_LOCKS,
)
