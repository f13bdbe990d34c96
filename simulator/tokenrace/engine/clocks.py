"""Clocks of a virtual loop: the true one, and one process's own that is off."""

import asyncio

from tokenrace.clock import Ticks
from tokenrace.engine.loop import VirtualLoop

PPM = 1_000_000


class LoopClock:
    """The loop's time, as a ``Clock``."""

    __slots__ = ("_loop",)

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop

    def now(self) -> Ticks:
        """Return the instant."""
        return self._loop.now

    async def sleep(self, span: Ticks) -> None:
        """Wait for ``span`` ticks; at once when it is not positive."""
        await _until(self._loop, self._loop.now + max(span, 0))


class SkewedClock:
    """A process's clock that is ``offset`` ticks ahead and gains ``drift_ppm`` on each second.

    Negative numbers: behind, loses. A sleep of one second on a clock that gains is over sooner.
    """

    __slots__ = ("_drift_ppm", "_loop", "_offset", "_since")

    def __init__(self, loop: VirtualLoop, offset: Ticks, drift_ppm: int) -> None:
        self._loop = loop
        self.set_off(offset, drift_ppm)

    def set_off(self, offset: Ticks, drift_ppm: int) -> None:
        """Be off by this from now on. Sleeps under way, which count no hours, go on as they are."""
        if drift_ppm <= -PPM:
            raise ValueError(f"a clock that loses {-drift_ppm} ppm does not run forwards")
        self._since = self._loop.now
        self._offset = offset
        self._drift_ppm = drift_ppm

    def now(self) -> Ticks:
        """Return what the process takes for the instant."""
        true = self._loop.now
        return true + self._offset + (true - self._since) * self._drift_ppm // PPM

    def shows_at(self, instant: Ticks) -> Ticks:
        """Return the true instant at which this clock first shows ``instant`` or a later one.

        Where it has shown that already, the answer is not past the true instant of now.
        """
        # Rounded up: woken a tick too early, whoever waits for an instant would wait for ever.
        moved = instant - self._offset - self._since
        return self._since - (-moved * PPM // (PPM + self._drift_ppm))

    async def sleep(self, span: Ticks) -> None:
        """Wait until this clock has moved by ``span``; at once when it is not positive."""
        true = self.shows_at(self.now() + max(span, 0))
        await _until(self._loop, max(true, self._loop.now))


async def _until(loop: VirtualLoop, at: Ticks) -> None:
    """Wait until ``at``, as ``asyncio.sleep`` does, without the cost of a timer's handle."""
    woken = loop.create_future()
    loop.post_first(at, _wake, woken)
    await woken


def _wake(woken: asyncio.Future[None]) -> None:
    if not woken.done():
        woken.set_result(None)
