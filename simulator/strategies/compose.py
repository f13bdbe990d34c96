"""From a composition to the one strategy object of one process."""

from functools import partial

from simulator.strategies.composed import ComposedStrategy
from simulator.strategies.composition import Composition
from simulator.strategies.contract import Strategy
from simulator.strategies.ports import Ports

__all__ = ["Ports", "compose"]


def compose(composition: Composition, ports: Ports) -> Strategy:
    """Return a strategy for one process, in its first state."""
    issue = partial(composition.failure.issue, ports.endpoint)
    return ComposedStrategy(
        trigger=composition.trigger,
        gate=composition.control.gate(),
        keeper=composition.scope.keeper(issue, ports),
        on_401=composition.on_401,
        clock=ports.clock,
    )
