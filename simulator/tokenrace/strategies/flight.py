"""Controls whose callers share one flight: the refresh under way, with its token or its failure.

Nothing is shared with a caller who comes after a flight has landed, so a flight looks at what is
kept before it asks.
"""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import Annotated

from tokenrace.clock import MILLISECOND, Ticks, seconds
from tokenrace.stores.contract import StoreUnavailable
from tokenrace.strategies.contract import Denied, TokenUnavailable
from tokenrace.strategies.control import Gate, Wish, kept_or_renewed
from tokenrace.strategies.parameters import Choice, LatencySpan
from tokenrace.token import Token

LEADER_CANCELLED = Denied(status=None, error="leader_cancelled")
Errors = Annotated[
    str,
    Choice(
        "What those who wait for a flight get when it fails: its failure, or a try each of "
        "their own.",
        ("shared", "own"),
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class SingleFlight:
    """The first caller starts a flight; callers arriving while it is under way follow.

    The flight is detached: it goes on when the caller who started it is cancelled.
    """

    errors: Errors = "shared"

    def gate(self) -> Gate:
        return _shared_or_own(_DetachedGate(), self.errors)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaderFlight:
    """The first caller flies itself and the others follow it: when it is cancelled, all fail."""

    errors: Errors = "shared"

    def gate(self) -> Gate:
        return _shared_or_own(_LeaderGate(), self.errors)


@dataclass(frozen=True, slots=True, kw_only=True)
class Background:
    """While the token ages, a flight renews it and nobody waits; once it is old all join one."""

    def gate(self) -> Gate:
        return _BackgroundGate()


@dataclass(frozen=True, slots=True, kw_only=True)
class LateFlag:
    """As background, but a flight says that it is under way only when it takes off, ``spawn`` after
    it was started: each caller who comes in between starts one more.

    cloud.google.com/go/auth sets its flag inside the goroutine (google-cloud-go PR #12586).
    """

    spawn: Annotated[Ticks, LatencySpan("How long a flight that was started takes to begin.")] = (
        MILLISECOND
    )

    def gate(self) -> Gate:
        return _LateFlagGate(self.spawn)


@dataclass(slots=True)
class _DetachedGate:
    _flight: asyncio.Task[Token] | None = field(default=None, init=False)

    async def grant(self, wish: Wish) -> Token:
        # Shielded: a cancelled caller must not take the flight down with it.
        return await asyncio.shield(self._start(wish))

    async def grant_early(self, wish: Wish, ageing: Token) -> Token:  # noqa: ARG002
        return await self.grant(wish)

    def _start(self, wish: Wish) -> asyncio.Task[Token]:
        if self._flight is None:
            self._flight = asyncio.create_task(kept_or_renewed(wish))
            self._flight.add_done_callback(self._land)
        return self._flight

    def _land(self, flight: asyncio.Task[Token]) -> None:
        self._flight = None
        if not flight.cancelled():
            flight.exception()  # fetched, or asyncio complains when every caller has gone


class _BackgroundGate(_DetachedGate):
    __slots__ = ()

    async def grant_early(self, wish: Wish, ageing: Token) -> Token:
        self._start(wish)
        return ageing


@dataclass(slots=True)
class _LateFlagGate(_DetachedGate):
    _spawn: Ticks
    _is_under_way: bool = field(default=False, init=False)
    _early: set[asyncio.Task[None]] = field(default_factory=set, init=False)

    async def grant_early(self, wish: Wish, ageing: Token) -> Token:
        if not self._is_under_way:
            flight = asyncio.create_task(self._take_off(wish))
            self._early.add(flight)  # or it might be collected before it lands
            flight.add_done_callback(self._early.discard)
        return ageing

    async def _take_off(self, wish: Wish) -> None:
        await asyncio.sleep(seconds(self._spawn))
        self._is_under_way = True
        try:
            await kept_or_renewed(wish)
        except (TokenUnavailable, StoreUnavailable):
            return  # nobody waits for it
        finally:
            self._is_under_way = False


@dataclass(slots=True)
class _LeaderGate:
    _landing: asyncio.Future[Token] | None = field(default=None, init=False)

    async def grant(self, wish: Wish) -> Token:
        if self._landing is not None:
            return await asyncio.shield(self._landing)
        self._landing = landing = asyncio.get_running_loop().create_future()
        try:
            token = await kept_or_renewed(wish)
        except asyncio.CancelledError:
            landing.set_exception(TokenUnavailable(LEADER_CANCELLED))
            raise
        except Exception as failure:
            landing.set_exception(failure)
            raise
        else:
            landing.set_result(token)
            return token
        finally:
            self._landing = None
            if not landing.cancelled():
                landing.exception()  # fetched, or asyncio complains where nobody followed

    async def grant_early(self, wish: Wish, ageing: Token) -> Token:  # noqa: ARG002
        return await self.grant(wish)


def _shared_or_own(gate: Gate, errors: str) -> Gate:
    return gate if errors == "shared" else _OwnErrors(gate)


@dataclass(frozen=True, slots=True)
class _OwnErrors:
    """``_gate``, whose callers each ask for themselves when it fails."""

    _gate: Gate

    async def grant(self, wish: Wish) -> Token:
        return await _or_renewed(self._gate.grant(wish), wish)

    async def grant_early(self, wish: Wish, ageing: Token) -> Token:
        return await _or_renewed(self._gate.grant_early(wish, ageing), wish)


async def _or_renewed(granted: Awaitable[Token], wish: Wish) -> Token:
    try:
        return await granted
    except TokenUnavailable:
        return await wish.renewed()
