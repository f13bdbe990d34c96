"""Bringing a worker of an open workload up to date: its operations overlap.

Each starts when it is due, whatever became of the others, so their instants are sums as well; but a
request takes the next round trip in the order of sending, and what an operation does depends on
which earlier ones have ended by then. The order is computed first and then walked through.
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simulator.clock import Ticks
from simulator.distributions import Spans
from simulator.fleet.ports import Errand
from simulator.simulation.virtual.bulk import count_calls
from simulator.simulation.virtual.operation import Operation
from simulator.strategies.contract import Held

if TYPE_CHECKING:
    from simulator.simulation.virtual.worker import VirtualWorker

WANTED, ARRIVED, ANSWERED = range(3)


class Overlapping:
    """The operations of one open worker that begin before ``cut``, a column each.

    ``reached`` is when a store read arrives, ``sent`` when the request leaves, ``arrived`` and
    ``answered`` what they say; those at or after the cut have not happened yet, and requests not
    sent yet have no instants after that.
    """

    __slots__ = ("answered", "arrived", "backs", "reached", "read_backs", "sent", "wanted")

    def __init__(self, worker: "VirtualWorker", held: Held, cut: Ticks) -> None:
        links = worker.process.world.plan.links
        store = worker.process.world.store_link
        self.wanted = _wanted(worker, cut)
        reads = np.zeros_like(self.wanted)
        if held.store_reads:
            reads = worker.reads.ahead(len(self.wanted)).copy()
            worker.reads.skip(len(self.wanted))
        there = store.theres(reads)
        self.reached, self.read_backs = self.wanted + there, reads - there
        self.sent = self.wanted + reads
        trips = _trips_in_order_of_sending(worker, self.sent, self.reached, cut)
        there = links.api.theres(trips)
        self.arrived, self.backs = self.sent + there, trips - there
        self.answered = self.sent + trips


def catch_up_open(worker: "VirtualWorker", held: Held, cut: Ticks) -> None:
    """Do all that ``worker`` does before ``cut``."""
    operations = Overlapping(worker, held, cut)
    worker.process.world.tally.store_reads += held.store_reads * len(operations.wanted)
    if worker.agenda.has_meetings:
        _walk(worker, operations, held, cut)
    else:
        _count(worker, operations, held, cut)


def _wanted(worker: "VirtualWorker", cut: Ticks) -> Spans:
    """Take the gaps of the operations wanted before ``cut``; return when they are wanted."""
    count = 16
    while True:
        gaps = worker.gaps.ahead(count)
        instants = worker.due + np.concatenate(([0], np.cumsum(gaps)))
        begun = int(np.searchsorted(instants, cut, side="left"))
        if begun <= count:
            break
        count *= 2
    worker.gaps.skip(begun)
    worker.due = int(instants[begun])
    return instants[:begun]


def _trips_in_order_of_sending(
    worker: "VirtualWorker", sent: Spans, reached: Spans, cut: Ticks
) -> Spans:
    """Take a round trip for each request sent before ``cut``; 0 for the others."""
    order = np.lexsort((reached, sent))
    order = order[: np.count_nonzero(sent < cut)]
    trips = np.zeros_like(sent)
    trips[order] = worker.trips.ahead(len(order))
    worker.trips.skip(len(order))
    return trips


def _count(worker: "VirtualWorker", these: Overlapping, held: Held, cut: Ticks) -> None:
    """Count the operations that ended; place the others. Each reads the worker's user."""
    ended = (these.sent < cut) & (these.answered < cut)
    world = worker.process.world
    waits = (these.answered - these.wanted)[ended]
    count_calls(world, waits, these.arrived[ended], these.answered[ended])
    if waits.size:
        statuses = world.recorder.tally.statuses
        statuses[200] = statuses.get(200, 0) + waits.size
    for column in np.flatnonzero(~ended).tolist():
        operation = _begin(worker, these, column, worker.agenda.next())
        if these.sent[column] < cut and these.arrived[column] < cut:
            operation.on_its_way(int(these.backs[column]), held.token)
            operation.reach_api(int(these.arrived[column]))
        _place(operation, these, column, held, cut)


def _walk(worker: "VirtualWorker", these: Overlapping, held: Held, cut: Ticks) -> None:
    """Step through the operations in the order of their instants, without the loop's heap."""
    begun: dict[int, Operation] = {}
    for step, column in _in_order(these, cut):
        if step == WANTED:
            begun[column] = _begin(worker, these, column, worker.agenda.next())
        elif step == ARRIVED:
            begun[column].on_its_way(int(these.backs[column]), held.token)
            begun[column].reach_api(int(these.arrived[column]))
        else:
            begun.pop(column).answer(int(these.answered[column]))
    for column, operation in begun.items():
        _place(operation, these, column, held, cut)


def _in_order(these: Overlapping, cut: Ticks) -> list[tuple[int, int]]:
    """Return each step before ``cut`` with its column: by instant, then as they were scheduled."""
    sent = these.sent < cut
    columns = np.arange(len(these.wanted))
    before = np.concatenate((these.wanted[:1], these.wanted[:-1]))
    steps = [
        (WANTED, columns, these.wanted, before),
        (ARRIVED, columns[sent], these.arrived[sent], these.sent[sent]),
        (ANSWERED, columns[sent], these.answered[sent], these.arrived[sent]),
    ]
    at: NDArray[np.int64] = np.concatenate([instants for _, _, instants, _ in steps])
    scheduled = np.concatenate([instants for _, _, _, instants in steps])
    kinds = np.concatenate([np.full(len(which), kind) for kind, which, _, _ in steps])
    which = np.concatenate([columns for _, columns, _, _ in steps])
    order = np.lexsort((scheduled, at))
    order = order[at[order] < cut]
    return list(zip(kinds[order].tolist(), which[order].tolist(), strict=True))


def _begin(worker: "VirtualWorker", these: Overlapping, column: int, errand: Errand) -> Operation:
    return Operation(worker, int(these.wanted[column]), errand)


def _place(operation: Operation, these: Overlapping, column: int, held: Held, cut: Ticks) -> None:
    """Put an operation that has begun and not ended where it is at the cut."""
    if these.reached[column] >= cut:
        operation.on_its_way(int(these.read_backs[column]), None)
        operation.reaches_store_later(int(these.reached[column]))
    elif these.sent[column] >= cut:
        operation.on_its_way(int(these.read_backs[column]), None)
        operation.reach_store(operation.visible_record(), int(these.reached[column]))
        operation.is_back_from_store_later(int(these.sent[column]))
    elif these.arrived[column] >= cut:
        operation.on_its_way(int(these.backs[column]), held.token)
        operation.reaches_api_later(int(these.arrived[column]))
    else:
        operation.is_answered_later(int(these.answered[column]))
