"""From a composition to the one strategy object of one process."""

from simulator.strategies.composed import ComposedStrategy
from simulator.strategies.composition import Composition
from simulator.strategies.contract import Strategy
from simulator.strategies.ports import Ports

__all__ = ["Ports", "compose"]


def compose(composition: Composition, ports: Ports) -> Strategy:
    """Return a strategy for one process, in its first state."""
    issuer = composition.failure.issuer(ports.endpoint, ports.clock)
    return ComposedStrategy(
        gauge=composition.trigger.gauge(ports.stream),
        gate=composition.control.gate(),
        keeper=composition.scope.keeper(issuer.issue, ports),
        on_401=composition.on_401,
        issuer=issuer,
        clock=ports.clock,
    )
