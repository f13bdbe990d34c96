"""The scope axis: where the token is kept, and who shares it.

A scope is a value; ``keeper()`` makes the live piece of one process. Scopes that reach beyond the
process are in ``fleet_scope.py``.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Annotated, Protocol

from msgspec import Struct

from tokenrace.clock import SECOND, Clock, Ticks
from tokenrace.strategies.on_401 import Drop, WillDo
from tokenrace.strategies.parameters import LifetimeSpan
from tokenrace.strategies.ports import Ports
from tokenrace.token import Token

IssueToken = Callable[[], Awaitable[Token]]
"""Has a token issued, or raises ``TokenUnavailable``."""


class Kept(Struct, frozen=True, gc=False):
    """A token that is kept, how many store reads it takes to get at it, and until when it is kept
    there: None where that has no end."""

    token: Token
    store_reads: int
    until: Ticks | None = None


class Keeper(Protocol):
    """Keeps the token of one process. ``StoreUnavailable`` passes through."""

    def peek(self) -> Kept | None:
        """Return at once the token that is kept; None if there is none, or no telling."""
        ...

    async def kept(self, will_do: WillDo) -> Token | None:
        """Return the token that is kept, if it will do."""
        ...

    async def drop(self, drop: Drop) -> None:
        """Drop the token that is kept, as ``drop`` says, for all who share it."""
        ...

    async def renew(self, will_do: WillDo) -> Token:
        """Have a token issued and keep it, or return one that came from elsewhere meanwhile.

        ``will_do`` tells which of the latter serve the caller.

        Raises:
            TokenUnavailable: neither.
        """
        ...


class Scope(Protocol):
    """Where tokens are kept, as a value."""

    def keeper(self, issue: IssueToken, ports: Ports) -> Keeper:
        """Return a keeper for one process, in its first state."""
        ...


def if_it_serves(token: Token | None, will_do: WillDo) -> Token | None:
    """Return ``token`` if there is one and it will do."""
    return token if token is not None and will_do(token) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """In the process's memory; of several answers under way the last to arrive stays."""

    def keeper(self, issue: IssueToken, ports: Ports) -> Keeper:  # noqa: ARG002
        return ProcessKeeper(issue)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layered:
    """In the process's memory, in front of the client's own cache, which answers a refresh with the
    token it has until ``inner_leeway`` before its expiry.

    What is dropped in front is kept within, so a dead token comes back, whatever a 401 means in
    front [azure-core over azure-identity: five of five calls, no token issued].
    """

    inner_leeway: Annotated[
        Ticks, LifetimeSpan("How long before its expiry the inner cache lets go of a token.")
    ] = 300 * SECOND

    def keeper(self, issue: IssueToken, ports: Ports) -> Keeper:
        return _LayeredKeeper(issue, ports.clock, self.inner_leeway)


@dataclass(slots=True)
class ProcessKeeper:
    """The keeper of ``Process``."""

    _issue: IssueToken
    _kept: Kept | None = field(default=None, init=False)

    def peek(self) -> Kept | None:
        return self._kept

    async def kept(self, will_do: WillDo) -> Token | None:
        return None if self._kept is None else if_it_serves(self._kept.token, will_do)

    async def drop(self, drop: Drop) -> None:
        self.drop_now(drop)

    def drop_now(self, drop: Drop) -> None:
        """Drop the token that is kept, as ``drop`` says."""
        if self._kept is not None and drop.takes(self._kept.token):
            self._kept = None

    async def renew(self, will_do: WillDo) -> Token:  # noqa: ARG002 - nothing comes from elsewhere
        token = await self._issue()
        self.keep(token)
        return token

    def keep(self, token: Token) -> None:
        """Keep ``token``, which somebody else has had issued."""
        self._kept = Kept(token, store_reads=0)


@dataclass(slots=True)
class _LayeredKeeper:
    """One token is enough: the one in front is the one within, until that is let go of.

    ``_is_in_front`` is False once it was dropped there.
    """

    _issue: IssueToken
    _clock: Clock
    _inner_leeway: Ticks
    _token: Token | None = field(default=None, init=False)
    _is_in_front: bool = field(default=False, init=False)

    def peek(self) -> Kept | None:
        front = self._token if self._is_in_front else None
        return None if front is None else Kept(front, store_reads=0)

    async def kept(self, will_do: WillDo) -> Token | None:
        return if_it_serves(self._token if self._is_in_front else None, will_do)

    async def drop(self, drop: Drop) -> None:
        if self._token is not None and drop.takes(self._token):
            self._is_in_front = False

    async def renew(self, will_do: WillDo) -> Token:  # noqa: ARG002 - the inner cache is not told
        inner = self._token
        if inner is None or self._clock.now() >= inner.expires_at - self._inner_leeway:
            self._token = inner = await self._issue()
        self._is_in_front = True
        return inner
