"""A strategy that is several, side by side in one process, each worker using one of them.

So it is with a client object for each of some workers, and where the fleet's work is divided into
parts with a token each. A worker's number in the fleet tells which is its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from tokenrace.strategies.contract import Held, Strategy
from tokenrace.token import Token


@dataclass(frozen=True, slots=True)
class SplitStrategy:
    """``parts``, one for each worker whose number leaves its place as the remainder.

    A caller without a number uses the first. Never calm as a whole, as its workers hold several
    tokens.
    """

    parts: Sequence[Strategy]

    def part(self, number: int) -> Strategy:
        """Return the strategy of the worker ``number``."""
        return self.parts[number % len(self.parts)]

    async def token(self) -> Token:
        """Return the first part's token."""
        return await self.parts[0].token()

    async def rejected(self, token: Token, attempt: int) -> bool:
        """Tell the first part."""
        return await self.parts[0].rejected(token, attempt)

    def peek(self) -> Held | None:
        """Promise nothing."""
        return None


@runtime_checkable
class Divided(Protocol):
    """A strategy of which each worker has a part."""

    def part(self, number: int) -> Strategy:
        """Return the strategy of the worker ``number``."""
        ...


def part_of(strategy: Strategy, number: int) -> Strategy:
    """Return what the worker ``number`` uses of its process's strategy: all of it, or its part."""
    return strategy.part(number) if isinstance(strategy, Divided) else strategy
