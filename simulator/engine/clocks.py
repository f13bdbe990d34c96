"""Clocks of a virtual loop: the true one, and one process's own that is off."""

import asyncio

from simulator.clock import Ticks
from simulator.engine.loop import VirtualLoop

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

    __slots__ = ("_drift_ppm", "_loop", "_offset")

    def __init__(self, loop: VirtualLoop, offset: Ticks, drift_ppm: int) -> None:
        if drift_ppm <= -PPM:
            raise ValueError(f"a clock that loses {-drift_ppm} ppm does not run forwards")
        self._loop = loop
        self._offset = offset
        self._drift_ppm = drift_ppm

    def now(self) -> Ticks:
        """Return what the process takes for the instant."""
        true = self._loop.now
        return true + self._offset + true * self._drift_ppm // PPM

    async def sleep(self, span: Ticks) -> None:
        """Wait until this clock has moved by ``span``; at once when it is not positive."""
        woken_at = self.now() - self._offset + max(span, 0)
        # Rounded up: woken a tick too early, whoever waits for an instant would wait for ever.
        true = -(-woken_at * PPM // (PPM + self._drift_ppm))
        await _until(self._loop, max(true, self._loop.now))


async def _until(loop: VirtualLoop, at: Ticks) -> None:
    """Wait until ``at``, as ``asyncio.sleep`` does, without the cost of a timer's handle."""
    woken = loop.create_future()
    loop.post_first(at, _wake, woken)
    await woken


def _wake(woken: asyncio.Future[None]) -> None:
    if not woken.done():
        woken.set_result(None)
