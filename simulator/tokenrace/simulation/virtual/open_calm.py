"""Bringing a worker of an open workload up to date: its operations overlap.

Each starts when it is due, whatever became of the others, so their instants are sums as well; but a
request takes the next round trip in the order of sending, which a slow store read can change.

Only for workers that make no meetings and whose requests get lost by no chance: what an operation
does with a meeting depends on which earlier ones have ended by then, and a chance is drawn in the
order of sending. A process with other open workers is never calm.
"""

import numpy as np

from tokenrace.clock import Ticks
from tokenrace.fleet.ports import Errand
from tokenrace.network.fates import Ways
from tokenrace.rng import Spans, SpanTable
from tokenrace.simulation.virtual.bulk import count_calls
from tokenrace.simulation.virtual.operation import Operation
from tokenrace.simulation.virtual.worker import VirtualWorker
from tokenrace.strategies.contract import Held


def is_simple(worker: VirtualWorker) -> bool:
    """Return whether ``worker`` can be brought up to date; a closed one always can."""
    loses = worker.process.world.plan.links.api.loss_per_million > 0
    return worker.is_closed or not (worker.agenda.has_meetings or loses)


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
            reads = _take(worker.process.draws.reads, worker.row, len(self.wanted))
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
        (gaps,) = worker.process.draws.gaps.ahead([worker.row], count)
        instants = worker.due + np.concatenate(([0], np.cumsum(gaps)))
        begun = int(np.searchsorted(instants, cut, side="left"))
        if begun <= count:
            break
        count *= 2
    worker.process.draws.gaps.skip(worker.row, begun)
    worker.due = int(instants[begun])
    return instants[:begun]


def _trips_in_order_of_sending(
    worker: VirtualWorker, sent: Spans, reached: Spans, cut: Ticks
) -> Spans:
    """Take a round trip for each request sent before ``cut``; 0 for the others."""
    order = np.lexsort((reached, sent))
    order = order[: np.count_nonzero(sent < cut)]
    trips = np.zeros_like(sent)
    trips[order] = _take(worker.process.draws.trips, worker.row, len(order))
    return trips


def _take(table: SpanTable, row: int, count: int) -> Spans:
    taken: Spans = table.ahead([row], count)[0]
    table.skip(row, count)
    return taken


def _count(worker: VirtualWorker, these: Overlapping, held: Held, cut: Ticks) -> None:
    """Count the operations that ended; place the others. Each reads the worker's user."""
    is_heard = these.answered - these.sent <= worker.timeout
    ended = (these.sent < cut) & (these.answered < cut) & is_heard
    world = worker.process.world
    waits = (these.answered - these.wanted)[ended]
    count_calls(world, waits, these.arrived[ended], these.answered[ended])
    if waits.size:
        statuses = world.recorder.tally.statuses
        statuses[200] = statuses.get(200, 0) + waits.size
    for column in np.flatnonzero(~ended).tolist():
        operation = _begin(worker, these, column, worker.agenda.next())
        if these.sent[column] < cut:
            _place_sent(operation, worker, these, column, held, cut)
        else:
            _place_unsent(operation, these, column, cut)


def _begin(worker: VirtualWorker, these: Overlapping, column: int, errand: Errand) -> Operation:
    return Operation(worker, int(these.wanted[column]), errand)


def _place_unsent(operation: Operation, these: Overlapping, column: int, cut: Ticks) -> None:
    """Put an operation that waits for the store where it is at the cut."""
    operation.has_left_for_store(int(these.read_backs[column]))
    if these.reached[column] >= cut:
        operation.reaches_store_later(int(these.reached[column]))
        return
    operation.reach_store(operation.visible_record(), int(these.reached[column]))
    operation.is_back_from_store_later(int(these.sent[column]))


def _place_sent(
    operation: Operation,
    worker: VirtualWorker,
    these: Overlapping,
    column: int,
    held: Held,
    cut: Ticks,
) -> None:
    """Put an operation whose request is out, or went unheard, where it is at the cut."""
    sent = int(these.sent[column])
    ways = Ways(int(these.arrived[column]) - sent, int(these.backs[column]))
    for rule in worker.trips.rules:  # a partition that begins at the cut may lose the answer
        ways = rule.fate(ways, sent)
    arrives_at = operation.has_left_for_api(held.token, ways, sent)
    if operation.is_unheard:
        operation.go_on_unheard(arrives_at, cut)
    elif arrives_at >= cut:
        operation.reaches_api_later(arrives_at)
    else:
        operation.is_answered_later(operation.reach_api(arrives_at))
