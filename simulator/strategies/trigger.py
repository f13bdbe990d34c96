"""The trigger axis: when a token that is kept is too old to hand out."""

from dataclasses import dataclass
from typing import Annotated, Protocol

from simulator.clock import Ticks
from simulator.strategies.parameters import LifetimeSpan
from simulator.token import Token


class Trigger(Protocol):
    """Decides how long a token is fresh."""

    def fresh_until(self, token: Token) -> Ticks:
        """Return the first instant at which ``token`` is no longer handed out."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Leeway:
    """A token is fresh until ``leeway`` before its expiry.

    A leeway as long as the lifetime makes every call ask for a token of its own.
    """

    leeway: Annotated[
        Ticks, LifetimeSpan("How long before its expiry a token is no longer handed out.")
    ]

    def __post_init__(self) -> None:
        if self.leeway < 0:
            raise ValueError(f"leeway must not be negative, got {self.leeway}")

    def fresh_until(self, token: Token) -> Ticks:
        return token.expires_at - self.leeway


@dataclass(frozen=True, slots=True, kw_only=True)
class EveryCall:
    """No token is fresh: each call has one issued."""

    def fresh_until(self, token: Token) -> Ticks:
        return token.obtained_at
