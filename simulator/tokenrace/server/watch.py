"""Waiting until a served provider has come so far."""

import asyncio
from collections.abc import Mapping

from tokenrace.clock import Ticks, seconds
from tokenrace.server.counts import Counts

WAITING_MAX = 1_000


class Watch:
    """Wakes those who wait for counts to reach something.

    Looks at each change as it happens, so that nobody sleeps through one. An ``asyncio.Condition``
    would want its lock, which who answers a request cannot wait for.
    """

    def __init__(self) -> None:
        self._waiting: dict[asyncio.Future[bool], Mapping[str, int]] = {}
        self._is_over = False

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def is_full(self) -> bool:
        """Whether so many wait that nobody else may."""
        return len(self._waiting) >= WAITING_MAX

    async def until(self, least: Mapping[str, int], counts: Counts, within: Ticks) -> bool:
        """Return True once each of the counts named in ``least`` is at least that much; False after
        ``within`` of real time, or when the server stops."""
        if _is_met(least, counts):
            return True
        if self._is_over:
            return False
        met: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting[met] = least
        try:
            async with asyncio.timeout(seconds(within)):
                return await met
        except TimeoutError:
            return False
        finally:
            self._waiting.pop(met, None)

    def changed(self, counts: Counts) -> None:
        """Wake those whose wait is over."""
        if not self._waiting:
            return
        for met, least in list(self._waiting.items()):
            if not met.done() and _is_met(least, counts):
                met.set_result(True)

    def end(self) -> None:
        """Wake everybody: nothing will change any more."""
        self._is_over = True
        for met in self._waiting:
            if not met.done():
                met.set_result(False)


def _is_met(least: Mapping[str, int], counts: Counts) -> bool:
    return all(getattr(counts, name) >= number for name, number in least.items())
