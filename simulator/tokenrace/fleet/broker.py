"""The broker of a fleet: the one process that asks for tokens. Knows no transport.

Its engine gives it ports of its own and carries what processes ask of it and what it tells them.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from tokenrace.clock import Clock
from tokenrace.strategies.broker_scope import Broker
from tokenrace.strategies.compose import Ports, compose
from tokenrace.strategies.composition import Composition
from tokenrace.strategies.contract import Denied, Strategy, TokenEndpoint, TokenUnavailable
from tokenrace.strategies.early_trigger import Timer
from tokenrace.strategies.failure import Raise
from tokenrace.strategies.flight import SingleFlight
from tokenrace.strategies.on_401 import IssueIfSame
from tokenrace.strategies.scope import Process
from tokenrace.token import Token

BROKER = "broker"
"""The name in which it asks the provider."""
NO_BROKER = "the broker does not answer"
"""What a process says whose question was in vain."""

Tell = Callable[[Token], None]
"""Tells everybody of a new token."""


@dataclass(frozen=True, slots=True)
class _Announced:
    """``endpoint``, whose every new token is told of as soon as it is there."""

    endpoint: TokenEndpoint
    tell: Tell

    async def issue(self) -> Token | Denied:
        answer = await self.endpoint.issue()
        if isinstance(answer, Token):
            self.tell(answer)
        return answer


@dataclass(slots=True)
class BrokerDesk:
    """What the broker does when it is asked. Two processes that were refused one token get the same
    other one."""

    rules: Broker
    clock: Clock
    _strategy: Strategy
    _newest: Token | None = field(default=None, init=False)

    @classmethod
    def of(cls, rules: Broker, ports: Ports, tell: Tell) -> "BrokerDesk":
        """Return the broker of a fleet that goes by ``rules``; ``tell`` carries its news."""

        def note(token: Token) -> None:
            desk._newest = token
            tell(token)

        composition = Composition(
            trigger=Timer(fraction=rules.renew_at),
            control=SingleFlight(),
            scope=Process(),
            on_401=IssueIfSame(retries=1),
            failure=Raise(),
        )
        announced = replace(ports, endpoint=_Announced(ports.endpoint, note))
        desk = cls(rules, ports.clock, compose(composition, announced))
        return desk

    async def current(self) -> Token:
        """Return its token; asks for one if there is none that is fresh.

        Raises:
            TokenUnavailable: it was given none.
        """
        return await self._strategy.token()

    async def other_than(self, refused: str) -> Token:
        """Have another token issued if the value ``refused`` is of the one it has, and that has
        been there for a while. As ``current``."""
        newest = self._newest
        if newest is not None and newest.value == refused and self._may_ask_again(newest):
            await self._strategy.rejected(newest, 1)
        return await self.current()

    async def open(self) -> None:
        """Get the first token before anybody asks."""
        try:
            await self.current()
        except TokenUnavailable:
            return  # whoever asks first will find out why

    def _may_ask_again(self, newest: Token) -> bool:
        return self.clock.now() - newest.obtained_at >= self.rules.min_interval
