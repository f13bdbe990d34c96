"""The failure axis: what follows when the token endpoint gives no token."""

from dataclasses import dataclass
from typing import Protocol

from simulator.strategies.contract import Denied, TokenEndpoint, TokenUnavailable
from simulator.token import Token


class Failure(Protocol):
    """Stands between a strategy and the token endpoint."""

    async def issue(self, endpoint: TokenEndpoint) -> Token:
        """Return a new token.

        Raises:
            TokenUnavailable: there is none.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Raise:
    """The caller gets the failure. Nothing is remembered: the next caller asks again at once."""

    async def issue(self, endpoint: TokenEndpoint) -> Token:
        answer = await endpoint.issue()
        if isinstance(answer, Denied):
            raise TokenUnavailable(answer)
        return answer
