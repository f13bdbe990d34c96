"""From a composition to the one strategy object of one process."""

from collections.abc import Sequence

from simulator.errors import RunError
from simulator.strategies.composed import ComposedStrategy
from simulator.strategies.composition import Composition
from simulator.strategies.contract import Strategy
from simulator.strategies.ports import Ports
from simulator.strategies.split import SplitStrategy
from simulator.strategies.split_scope import Clients, Partitioned

__all__ = ["Ports", "compose"]


def compose(composition: Composition, ports: Ports) -> Strategy:
    """Return a strategy for one process, in its first state."""
    parts = [_composed(composition, own) for own in _ports_of_parts(composition, ports)]
    return parts[0] if len(parts) == 1 else SplitStrategy(parts)


def _ports_of_parts(composition: Composition, ports: Ports) -> Sequence[Ports]:
    match composition.scope:
        case Clients(clients=count):
            return [ports] * count
        case Partitioned(shards=count):
            if ports.shard is None:
                raise RunError("this engine cannot divide its store into shards")
            return [ports.shard(number) for number in range(count)]
        case _:
            return [ports]


def _composed(composition: Composition, ports: Ports) -> ComposedStrategy:
    issuer = composition.failure.issuer(ports.endpoint, ports.clock)
    return ComposedStrategy(
        gauge=composition.trigger.gauge(ports.stream),
        gate=composition.control.gate(),
        keeper=composition.scope.keeper(issuer.issue, ports),
        on_401=composition.on_401,
        issuer=issuer,
        clock=ports.clock,
    )
