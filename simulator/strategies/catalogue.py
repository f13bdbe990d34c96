"""The presets as the scenario's reader wants them: which exist and what each lets one change."""

from simulator.scenario.parameters import (
    Catalogue,
    Parameter,
    PositiveSpanParameter,
    SpanParameter,
    WholeParameter,
)
from simulator.strategies.composition import parameters_of
from simulator.strategies.parameters import Kind, LatencySpan, LifetimeSpan
from simulator.strategies.presets import PRESETS


def _parameter(kind: Kind) -> Parameter:
    if isinstance(kind, LifetimeSpan):
        return SpanParameter(kind.description)
    if isinstance(kind, LatencySpan):
        return PositiveSpanParameter(kind.description)
    return WholeParameter(kind.description, kind.minimum)


CATALOGUE: Catalogue = {
    name: {
        parameter: _parameter(kind) for parameter, kind in parameters_of(preset.composition).items()
    }
    for name, preset in PRESETS.items()
}
