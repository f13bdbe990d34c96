"""Real time: the machine's monotonic clock, the same for every process on it."""

import asyncio
import time

from tokenrace.clock import Ticks, seconds

_monotonic_ns = time.monotonic_ns
"""The machine's own, whatever code of the user's is shown under that name."""


def unix_time() -> int:
    """Return the seconds since 1970 in UTC, for what is shown to people and other machines."""
    return int(time.time())


class MachineClock:
    """A ``Clock`` that counts ticks from ``epoch_ns`` on the machine's monotonic clock."""

    __slots__ = ("_epoch_ns",)

    def __init__(self, epoch_ns: int) -> None:
        self._epoch_ns = epoch_ns

    @classmethod
    def starting_in(cls, span: Ticks) -> "MachineClock":
        """Return a clock that reads ``-span`` now."""
        return cls(_monotonic_ns() + span * 1_000)

    @property
    def epoch_ns(self) -> int:
        """Tick 0, in nanoseconds of the machine's monotonic clock."""
        return self._epoch_ns

    def now(self) -> Ticks:
        """Return the instant; negative before tick 0."""
        return (_monotonic_ns() - self._epoch_ns) // 1_000

    async def sleep(self, span: Ticks) -> None:
        """Wait for ``span`` ticks; at once when it is not positive."""
        await asyncio.sleep(seconds(max(span, 0)))
