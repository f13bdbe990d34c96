"""Time, counted in whole ticks of one microsecond.

Integers, because two runs of one seed must agree to the last digit and 0.2 - 0.05 is not 0.15 in
floats. Seconds appear only at the edges: scenario files, HTTP and plots.
"""

from typing import Protocol

Ticks = int  # an alias, not a NewType: the virtual engine cannot afford a call per sum
MICROSECOND: Ticks = 1
MILLISECOND: Ticks = 1_000
SECOND: Ticks = 1_000_000
MINUTE: Ticks = 60 * SECOND
HOUR: Ticks = 60 * MINUTE
DAY: Ticks = 24 * HOUR


def ticks(seconds: float) -> Ticks:
    """Round ``seconds`` to the nearest tick."""
    return round(seconds * SECOND)


def seconds(span: Ticks) -> float:
    """Convert ``span`` for an edge that wants seconds."""
    return span / SECOND


def shrunk(span: Ticks, factor: float) -> Ticks:
    """Return ``span`` divided by ``factor``; a positive one stays a tick at least."""
    return max(1, round(span / factor)) if span > 0 else 0


class Clock(Protocol):
    """The time as one process sees it. May be skewed; never runs backwards by itself."""

    def now(self) -> Ticks:
        """Return the instant, in ticks since the run began."""
        ...

    async def sleep(self, span: Ticks) -> None:
        """Wait for ``span`` ticks; at once when it is not positive."""
        ...
