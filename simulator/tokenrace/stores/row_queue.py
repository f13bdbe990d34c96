"""Who holds the lock on a record, and who waits for it: first come, first served."""

import asyncio
from collections import deque
from dataclasses import dataclass, field

from tokenrace.clock import Ticks, seconds


@dataclass(eq=False, slots=True)
class Turn:
    """One place in the queue. ``comes`` is done when the lock is that of who waits in it."""

    comes: asyncio.Future[None]


@dataclass(slots=True)
class RowQueue:
    """The first in the queue holds the lock. Knows no time, and not who is dead: whoever joins
    leaves, be it by a ``finally`` when it dies."""

    _turns: deque[Turn] = field(default_factory=deque)

    def join(self) -> Turn:
        """Take the last place."""
        turn = Turn(asyncio.get_running_loop().create_future())
        self._turns.append(turn)
        self._call_first()
        return turn

    def leave(self, turn: Turn) -> bool:
        """Give the lock back, or stop waiting for it; False where the turn has ended already."""
        if turn not in self._turns:
            return False
        self._turns.remove(turn)
        self._call_first()
        return True

    def lose_lock(self) -> bool:
        """End the turn of the lock's holder, who does not know; return whether there was one."""
        return bool(self._turns) and self.leave(self._turns[0])

    def _call_first(self) -> None:
        if self._turns and not self._turns[0].comes.done():
            self._turns[0].comes.set_result(None)


async def comes_within(turn: Turn, wait: Ticks) -> bool:
    """Wait for ``turn``, at most ``wait`` ticks; return whether it came."""
    if turn.comes.done() or wait <= 0:
        return turn.comes.done()
    try:
        async with asyncio.timeout(seconds(wait)):
            await asyncio.shield(turn.comes)
    except TimeoutError:
        return turn.comes.done()
    return True
