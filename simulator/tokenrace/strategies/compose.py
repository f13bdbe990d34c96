"""From what a scenario names to the one strategy object of one process."""

from collections.abc import Sequence

from tokenrace.errors import RunError
from tokenrace.strategies.composed import ComposedStrategy
from tokenrace.strategies.composition import Composition
from tokenrace.strategies.contract import Strategy
from tokenrace.strategies.control import Uncontrolled
from tokenrace.strategies.failure import Raise
from tokenrace.strategies.ports import Ports
from tokenrace.strategies.scope import ProcessKeeper, Scope
from tokenrace.strategies.split import SplitStrategy
from tokenrace.strategies.split_scope import Clients, Partitioned
from tokenrace.strategies.user_class import brings_client, made_by
from tokenrace.user_code.command import Command
from tokenrace.user_code.python_class import PythonClass

__all__ = ["Ports", "Recipe", "brings_its_client", "compose", "scope_of"]

Recipe = Composition | PythonClass | Command
"""What a strategy is made of: a choice on each axis, or a class or program of the user's."""


def compose(recipe: Recipe, ports: Ports) -> Strategy:
    """Return a strategy for one process, in its first state.

    Raises:
        UserCodeError: a class of the user's is not what a strategy must be.
        RunError: the engine cannot divide its store, and the strategy needs that.
    """
    if isinstance(recipe, PythonClass):
        return made_by(recipe, ports)
    assert isinstance(recipe, Composition), "a program has no strategy object"
    parts = [_composed(recipe, own) for own in _ports_of_parts(recipe.scope, ports)]
    return parts[0] if len(parts) == 1 else SplitStrategy(parts)


def scope_of(recipe: Recipe) -> Scope | None:
    """Return where it keeps tokens; None where only the user's code knows."""
    return recipe.scope if isinstance(recipe, Composition) else None


def brings_its_client(recipe: Recipe) -> bool:
    """Return whether it is a class of the user's that makes the calls of the API itself.

    Raises:
        UserCodeError: as ``compose``.
    """
    return isinstance(recipe, PythonClass) and brings_client(recipe)


def _ports_of_parts(scope: Scope, ports: Ports) -> Sequence[Ports]:
    match scope:
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
    keeper = composition.scope.keeper(issuer.issue, ports)
    return ComposedStrategy(
        gauge=composition.trigger.gauge(ports.stream),
        gate=composition.control.gate(),
        keeper=keeper,
        on_401=composition.on_401,
        issuer=issuer,
        clock=ports.clock,
        alone=keeper if isinstance(keeper, ProcessKeeper) and _asks_alone(composition) else None,
    )


def _asks_alone(composition: Composition) -> bool:
    """Return whether whoever needs a token asks for it, whatever the others do."""
    control, failure = composition.control, composition.failure
    return isinstance(control, Uncontrolled) and isinstance(failure, Raise)
