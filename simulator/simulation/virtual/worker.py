"""One worker on virtual time: when it wants operations.

While it rests it has one entry on the loop's heap, for the instant it wants its next operation. An
entry is void once the worker's ``ticket`` has changed: its process became calm meanwhile, and is
brought up to date in bulk (``calm.py``).
"""

from collections.abc import Callable
from typing import Any

from simulator.clock import Ticks
from simulator.fleet.agenda import Agenda
from simulator.links import LinkStream
from simulator.rng import SpanStream
from simulator.simulation.virtual.operation import Operation
from simulator.simulation.virtual.process import VirtualProcess


class VirtualWorker:
    """One worker of ``process``. ``key`` is its number through the whole fleet, from 0.

    ``due`` is when it wants its next operation. A closed worker rests from the end of one operation
    to the next; an open one always rests, since its operations start when they are due.
    """

    __slots__ = (
        "agenda",
        "due",
        "gaps",
        "is_closed",
        "is_resting",
        "key",
        "name",
        "process",
        "reads",
        "ticket",
        "trips",
    )

    def __init__(
        self,
        process: VirtualProcess,
        key: int,
        name: str,
        agenda: Agenda,
        gaps: SpanStream,
        trips: LinkStream,
        reads: LinkStream,
        *,
        is_closed: bool,
    ) -> None:
        self.process = process
        self.key = key
        self.name = name
        self.agenda = agenda
        self.gaps = gaps
        self.trips = trips
        self.reads = reads
        self.is_closed = is_closed
        self.is_resting = False
        self.due: Ticks = 0
        self.ticket = 0

    def start(self, first_at: Ticks) -> None:
        """Want the first operation one gap after ``first_at``."""
        self.due = max(first_at + self.gaps.next(), 0)
        self.rest()

    def rest(self) -> None:
        """Wait until ``due``; in a calm process without an entry on the heap."""
        self.is_resting = True
        if not self.process.is_calm:
            self.post(self.due, _want, (self, self.ticket))

    def post(self, at: Ticks, step: Callable[[Any], None], argument: object) -> None:
        """Have ``step(argument)`` called at ``at``, in this worker's place among equals."""
        self.process.world.loop.post(at, self.key, step, argument)

    def ended(self, now: Ticks) -> None:
        """Learn that an operation ended at ``now``."""
        if self.is_closed:
            self.due = now + self.gaps.next()
            self.rest()
        self.process.consider_calm(now)


def _want(entry: tuple[VirtualWorker, int]) -> None:
    worker, ticket = entry
    if ticket != worker.ticket:
        return
    now = worker.due
    if worker.is_closed:
        worker.is_resting = False
    else:
        worker.due = now + worker.gaps.next()
        worker.rest()
    Operation(worker, now, worker.agenda.next()).ask(now)
