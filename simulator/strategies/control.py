"""The control axis: what the workers of one process do when several need a token at once.

A control is a value; ``gate()`` makes the live piece of one process. Gates see ``Wish``es only:
look at what is kept, have a token issued.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Protocol

from simulator.token import Token


class Wish(Protocol):
    """One worker's need for a token."""

    async def kept(self) -> Token | None:
        """Return the token that is kept, if it will do."""
        ...

    async def renewed(self) -> Token:
        """Return another token. ``TokenUnavailable`` and ``StoreUnavailable`` pass through."""
        ...


class Gate(Protocol):
    """Lets the workers of one process through to the token endpoint."""

    async def grant(self, wish: Wish) -> Token:
        """Return a token for a worker that has looked and found none that will do."""
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
class SingleFlight:
    """The first caller starts a flight; callers arriving while it is under way follow.

    All share its token or its failure. The flight is detached: it goes on when the caller who
    started it is cancelled. Nothing is shared with a caller who comes after it has landed, so a
    flight looks at what is kept before it asks.
    """

    def gate(self) -> Gate:
        return _FlightGate()


class _OpenGate:
    __slots__ = ()

    async def grant(self, wish: Wish) -> Token:
        return await wish.renewed()


@dataclass(slots=True)
class _MutexGate:
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    async def grant(self, wish: Wish) -> Token:
        async with self._lock:
            return await wish.renewed()


@dataclass(slots=True)
class _CheckedMutexGate:
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    async def grant(self, wish: Wish) -> Token:
        async with self._lock:
            return await _kept_or_renewed(wish)


@dataclass(slots=True)
class _FlightGate:
    _flight: asyncio.Task[Token] | None = field(default=None, init=False)

    async def grant(self, wish: Wish) -> Token:
        if self._flight is None:
            self._flight = asyncio.create_task(_kept_or_renewed(wish))
            self._flight.add_done_callback(self._land)
        # Shielded: a cancelled caller must not take the flight down with it.
        return await asyncio.shield(self._flight)

    def _land(self, flight: asyncio.Task[Token]) -> None:
        self._flight = None
        if not flight.cancelled():
            flight.exception()  # fetched, or asyncio complains when every caller has gone


async def _kept_or_renewed(wish: Wish) -> Token:
    return await wish.kept() or await wish.renewed()
