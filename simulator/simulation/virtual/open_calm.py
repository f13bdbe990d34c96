"""Bringing a worker of an open workload up to date: its operations overlap.

Each starts when it is due, whatever became of the others, so their instants are sums as well; but a
request takes the next round trip in the order of sending, which a slow store read can change.

Only for workers that make no meetings: what such an operation does depends on which earlier ones
have ended by then, so a process whose open workers make meetings is never calm.
"""

import numpy as np

from simulator.clock import Ticks
from simulator.distributions import Spans
from simulator.fleet.ports import Errand
from simulator.rng import SpanTable
from simulator.simulation.virtual.bulk import count_calls
from simulator.simulation.virtual.operation import Operation
from simulator.simulation.virtual.worker import VirtualWorker
from simulator.strategies.contract import Held


class Overlapping:
    """The operations of one open worker that begin before ``cut``, a column each.

    ``reached`` is when a store read arrives, ``sent`` when the request leaves, ``arrived`` and
    ``answered`` what they say; those at or after the cut have not happened yet, and requests not
    sent yet have no instants after that.
    """

    __slots__ = ("answered", "arrived", "backs", "reached", "read_backs", "sent", "wanted")

    def __init__(self, worker: VirtualWorker, held: Held, cut: Ticks) -> None:
        links = worker.process.world.plan.links
        store = worker.process.world.store_link
        self.wanted = _wanted(worker, cut)
        reads = np.zeros_like(self.wanted)
        if held.store_reads:
            reads = _take(worker.process.reads, worker.row, len(self.wanted))
        there = store.theres(reads)
        self.reached, self.read_backs = self.wanted + there, reads - there
        self.sent = self.wanted + reads
        trips = _trips_in_order_of_sending(worker, self.sent, self.reached, cut)
        there = links.api.theres(trips)
        self.arrived, self.backs = self.sent + there, trips - there
        self.answered = self.sent + trips


def catch_up_open(worker: VirtualWorker, held: Held, cut: Ticks) -> None:
    """Do all that ``worker`` does before ``cut``."""
    operations = Overlapping(worker, held, cut)
    worker.process.world.tally.store_reads += held.store_reads * len(operations.wanted)
    _count(worker, operations, held, cut)


def _wanted(worker: VirtualWorker, cut: Ticks) -> Spans:
    """Take the gaps of the operations wanted before ``cut``; return when they are wanted."""
    count = 16
    while True:
        (gaps,) = worker.process.gaps.ahead([worker.row], count)
        instants = worker.due + np.concatenate(([0], np.cumsum(gaps)))
        begun = int(np.searchsorted(instants, cut, side="left"))
        if begun <= count:
            break
        count *= 2
    worker.process.gaps.skip(worker.row, begun)
    worker.due = int(instants[begun])
    return instants[:begun]


def _trips_in_order_of_sending(
    worker: VirtualWorker, sent: Spans, reached: Spans, cut: Ticks
) -> Spans:
    """Take a round trip for each request sent before ``cut``; 0 for the others."""
    order = np.lexsort((reached, sent))
    order = order[: np.count_nonzero(sent < cut)]
    trips = np.zeros_like(sent)
    trips[order] = _take(worker.process.trips, worker.row, len(order))
    return trips


def _take(table: SpanTable, row: int, count: int) -> Spans:
    taken: Spans = table.ahead([row], count)[0]
    table.skip(row, count)
    return taken


def _count(worker: VirtualWorker, these: Overlapping, held: Held, cut: Ticks) -> None:
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


def _begin(worker: VirtualWorker, these: Overlapping, column: int, errand: Errand) -> Operation:
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
