"""Renewal at an instant, with nobody asking."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from tokenrace.clock import SECOND, Clock, Ticks
from tokenrace.strategies.contract import TokenUnavailable

RETRY: Ticks = 10 * SECOND
"""The pause after a renewal that failed [Vault, LifetimeWatcher: first pause 10 s]."""

SOONEST: Ticks = SECOND
"""No alarm rings sooner after it was set [ours]. A provider that returns the same token until its
end would be asked ever faster: at four fifths of what is left, and of what is left then."""


@dataclass(slots=True)
class Alarm:
    """Calls ``ring`` once at the instant it is set to, or ``SOONEST`` after it was set if that is
    later; setting it again replaces the instant.

    Where ``ring`` finds no token it is called again ``RETRY`` later, until it is set anew.
    """

    clock: Clock
    ring: Callable[[], Awaitable[None]]
    at: Ticks | None = field(default=None, init=False)
    """When it rings next; None: never, or it is ringing."""
    _waiting: asyncio.Task[None] | None = field(default=None, init=False)

    def set(self, at: Ticks | None) -> None:
        """Ring at ``at``; None: never."""
        at = None if at is None else max(at, self.clock.now() + SOONEST)
        self.at = at
        if self._waiting is not None and self._waiting is not asyncio.current_task():
            self._waiting.cancel()
        self._waiting = None if at is None else asyncio.create_task(self._wait(at))

    async def _wait(self, at: Ticks) -> None:
        while True:
            await self.clock.sleep(at - self.clock.now())
            self.at = None
            try:
                await self.ring()
            except TokenUnavailable:
                self.at = at = self.clock.now() + RETRY
            else:
                return
