"""From what a scenario names to the one strategy object of one process."""

from simulator.scenario.own_code import PythonClass
from simulator.strategies.composed import ComposedStrategy
from simulator.strategies.composition import Composition
from simulator.strategies.contract import Strategy
from simulator.strategies.ports import Ports
from simulator.strategies.scope import Scope
from simulator.strategies.user_class import made_by

__all__ = ["Ports", "Recipe", "compose", "scope_of"]

Recipe = Composition | PythonClass
"""What a strategy is made of: a choice on each axis, or a class of the user's."""


def compose(recipe: Recipe, ports: Ports) -> Strategy:
    """Return a strategy for one process, in its first state.

    Raises:
        UserCodeError: a class of the user's is not what a strategy must be.
    """
    if isinstance(recipe, PythonClass):
        return made_by(recipe, ports)
    issuer = recipe.failure.issuer(ports.endpoint, ports.clock)
    return ComposedStrategy(
        gauge=recipe.trigger.gauge(ports.stream),
        gate=recipe.control.gate(),
        keeper=recipe.scope.keeper(issuer.issue, ports),
        on_401=recipe.on_401,
        issuer=issuer,
        clock=ports.clock,
    )


def scope_of(recipe: Recipe) -> Scope | None:
    """Return where it keeps tokens; None where only the user's code knows."""
    return None if isinstance(recipe, PythonClass) else recipe.scope
