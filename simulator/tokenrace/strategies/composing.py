"""From what a scenario says of a strategy to its composition."""

from collections.abc import Iterable, Mapping

from tokenrace.strategies.axes import AXES
from tokenrace.strategies.composition import Composition, changed
from tokenrace.strategies.control import Uncontrolled
from tokenrace.strategies.failure import Raise
from tokenrace.strategies.on_401 import Ignore
from tokenrace.strategies.parameters import Value
from tokenrace.strategies.presets import PRESETS
from tokenrace.strategies.scope import Process
from tokenrace.strategies.trigger import Leeway

PLAIN = Composition(
    trigger=Leeway(), control=Uncontrolled(), scope=Process(), on_401=Ignore(), failure=Raise()
)
"""What a strategy is that names no preset and no axis."""


def composed_of(
    preset: str | None, axes: Mapping[str, str], settings: Iterable[tuple[str, Value]]
) -> Composition:
    """Return ``preset``'s composition, or the plain one, with other kinds on ``axes``, and with
    ``settings`` changed, spans in ticks.

    Raises:
        KeyError: there is no such preset, axis or kind.
        ValueError: it has no such parameter, cannot take the value, or makes no sense.
    """
    base = PLAIN if preset is None else PRESETS[preset].composition
    kinds = {axis: AXES[axis][word]() for axis, word in axes.items()}
    composition = Composition(
        trigger=kinds.get("trigger", base.trigger),
        control=kinds.get("control", base.control),
        scope=kinds.get("scope", base.scope),
        on_401=kinds.get("on_401", base.on_401),
        failure=kinds.get("failure", base.failure),
    )
    return changed(composition, dict(settings))


def override(preset: str, settings: Iterable[tuple[str, Value]]) -> Composition:
    """Return the composition of ``preset`` with ``settings`` changed; as ``composed_of``."""
    return composed_of(preset, {}, settings)
