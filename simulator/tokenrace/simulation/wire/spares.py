"""Client processes that have started and wait to be told which one of the fleet to be.

A process of Python's takes most of a second of one core to start. That is not what a scenario means
by a restart, so it is spent before tick 0.
"""

from tokenrace.simulation.wire import client_process
from tokenrace.simulation.wire.children import Child, Children

WARM_MAX = 8
"""How many wait at most, beside the fleet itself; each holds about 65 MB. When one is taken another
starts, in the middle of the run, as long as more will be wanted."""


class Spares:
    """Processes for a ``fleet`` of so many to begin with, and for so many ``later`` starts."""

    def __init__(
        self, children: Children, seat: client_process.Seat, *, fleet: int, later: int
    ) -> None:
        self._children = children
        self._seat = seat
        self._started = 0
        self._wanted = fleet + later
        self.waiting = [self._start() for _ in range(fleet + min(later, WARM_MAX))]

    def take(self) -> Child:
        """Return one that is to join the fleet; where none is left, one that only starts now."""
        if not self.waiting:
            return self._start()
        child = self.waiting.pop(0)
        if len(self.waiting) < WARM_MAX and self._started < self._wanted:
            self.waiting.append(self._start())
        return child

    def lost(self, child: Child) -> None:
        """Learn that one died while it waited."""
        self.waiting.remove(child)

    def _start(self) -> Child:
        self._started += 1
        name = f"spare process {self._started}"
        return self._children.start(name, client_process.main, self._seat)
