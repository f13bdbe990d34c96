"""The control axis: what the workers of one process do when several need a token at once.

A control is a value; ``gate()`` makes the live piece of one process. Gates see ``Wish``es only:
look at what is kept, have a token issued. Flights, which callers share, are in ``flight.py``.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Protocol

from tokenrace.strategies.contract import Denied, TokenUnavailable
from tokenrace.token import Token

REFRESH_UNDER_WAY = Denied(status=None, error="refresh_under_way")


class Wish(Protocol):
    """One worker's need for a token."""

    async def kept(self) -> Token | None:
        """Return the token that is kept, if it is fresh and will do."""
        ...

    async def renewed(self) -> Token:
        """Return another token. ``TokenUnavailable`` and ``StoreUnavailable`` pass through."""
        ...


class Gate(Protocol):
    """Lets the workers of one process through to the token endpoint."""

    async def grant(self, wish: Wish) -> Token:
        """Return a token for a worker that has looked and found none that will do."""
        ...

    async def grant_early(self, wish: Wish, ageing: Token) -> Token:
        """Return a token for a worker that has found one that is ``ageing`` and will do still."""
        ...


class Control(Protocol):
    """How one process's workers come together, as a value."""

    def gate(self) -> Gate:
        """Return a gate for one process, in its first state."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Uncontrolled:
    """Nobody waits: as many tokens as workers that need one."""

    def gate(self) -> Gate:
        return _OpenGate()


@dataclass(frozen=True, slots=True, kw_only=True)
class MutexNoRecheck:
    """One at a time, each with its own token: the same number of tokens, spread over time."""

    def gate(self) -> Gate:
        return _MutexGate()


@dataclass(frozen=True, slots=True, kw_only=True)
class MutexDoubleChecked:
    """One at a time, and whoever enters looks again: the first has a token issued, the rest find
    it.

    After a failure the next one in line asks again, so W workers fail one after the other.
    """

    def gate(self) -> Gate:
        return _CheckedMutexGate()


@dataclass(frozen=True, slots=True, kw_only=True)
class TryLock:
    """While the token ages, the first caller renews it and pays with the wait; the others use it.

    Once it is old they wait in line, as under a double-checked mutex.
    """

    def gate(self) -> Gate:
        return _TryLockGate()


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnAway:
    """The first caller has a token issued; those who come meanwhile get none, and fail.

    axios-auth-refresh 5.0.2 does so by default (``deduplicateRefresh``) to those who come with a
    401; the others it lets wait, which is not modelled.
    """

    def gate(self) -> Gate:
        return _TurningAwayGate()


class _OpenGate:
    __slots__ = ()

    async def grant(self, wish: Wish) -> Token:
        return await wish.renewed()

    async def grant_early(self, wish: Wish, ageing: Token) -> Token:  # noqa: ARG002
        return await wish.renewed()


@dataclass(slots=True)
class _MutexGate:
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    async def grant(self, wish: Wish) -> Token:
        async with self._lock:
            return await wish.renewed()

    async def grant_early(self, wish: Wish, ageing: Token) -> Token:  # noqa: ARG002
        return await self.grant(wish)


@dataclass(slots=True)
class _CheckedMutexGate:
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    async def grant(self, wish: Wish) -> Token:
        async with self._lock:
            return await kept_or_renewed(wish)

    async def grant_early(self, wish: Wish, ageing: Token) -> Token:  # noqa: ARG002
        return await self.grant(wish)


class _TryLockGate(_CheckedMutexGate):
    __slots__ = ()

    async def grant_early(self, wish: Wish, ageing: Token) -> Token:
        return ageing if self._lock.locked() else await self.grant(wish)


class _TurningAwayGate(_CheckedMutexGate):
    __slots__ = ()

    async def grant(self, wish: Wish) -> Token:
        if self._lock.locked():
            raise TokenUnavailable(REFRESH_UNDER_WAY)
        async with self._lock:
            return await kept_or_renewed(wish)


async def kept_or_renewed(wish: Wish) -> Token:
    """Look once more, then have a token issued."""
    return await wish.kept() or await wish.renewed()
