"""A client of the user's own: it gets its tokens itself, and every call of the API goes through it.

``client()`` is asked for once a process, when its loop runs and its first operation begins.
"""

from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from tokenrace.errors import UserCodeError
from tokenrace.strategies.contract import Held
from tokenrace.token import Token

KINDS = {
    "httpx.AsyncClient": "httpx",
    "httpx2.AsyncClient": "httpx2",
    "aiohttp.ClientSession": "aiohttp",
}
"""The clients that will do, and whose they are."""


@runtime_checkable
class HasClient(Protocol):
    """The shape of a class that brings its own client."""

    def client(self) -> Any: ...


@dataclass(slots=True)
class OwnClient:
    """The user's object in one process. It is no strategy that hands out tokens: whoever does
    operations must ask ``client`` to make the calls. ``where`` is the class, its file and line."""

    target: str
    where: str
    _made: HasClient
    _client: Any = field(default=None, init=False)
    library: str = field(default="", init=False)
    """Whose client it is, once it has been asked for."""

    def client(self) -> Any:
        """Return the process's one client.

        Raises:
            UserCodeError: it is neither httpx's nor aiohttp's.
        """
        if self._client is None:
            client = self._made.client()
            names = [KINDS[_name(kind)] for kind in type(client).__mro__ if _name(kind) in KINDS]
            if not names:
                kinds = " or ".join(KINDS)
                why = f"{self.where}: client() must return an {kinds}, got {client!r}"
                raise UserCodeError(self.target, why)
            self._client, self.library = client, names[0]
        return self._client

    def opened(self) -> Any:
        """Return the client if it has been asked for, else None."""
        return self._client

    async def close_client(self) -> None:
        """Close the client, if it was asked for."""
        if self._client is not None:
            await (self._client.close() if self.library == "aiohttp" else self._client.aclose())

    async def token(self) -> Token:
        """Never: see the class."""
        raise AssertionError("a client of the user's own hands out no tokens")

    async def rejected(self, token: Token, attempt: int) -> bool:
        """Never: see the class."""
        raise AssertionError(f"a client of one's own hears of {attempt} times 401 itself: {token}")

    def peek(self) -> Held | None:
        """Return None: nobody but the client knows what it will send next."""
        return None


def _name(kind: type[Any]) -> str:
    return f"{kind.__module__.partition('.')[0]}.{kind.__qualname__}"
