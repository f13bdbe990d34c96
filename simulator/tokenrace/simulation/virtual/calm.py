"""Bringing a calm process up to date: all that its workers did since its calm began, at once.

The cut is an instant and a place among equals: what a worker does at the very tick of the cut is
done if its key is among those whose turn has passed. So skipping leaves exactly the state that
stepping would have left, whatever ended the calm.

Operations that end before the cut are computed in bulk and only counted. One that the cut goes
through is put where it then is (on its way to the store or the API, or back), and stepped on. One
whose answer gets lost or comes too late is stepped by itself.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tokenrace.clock import Ticks
from tokenrace.fleet.ports import Errand
from tokenrace.network.fates import either_lost
from tokenrace.rng import Spans
from tokenrace.simulation.virtual.bulk import count_calls, work_off
from tokenrace.simulation.virtual.open_calm import catch_up_open
from tokenrace.simulation.virtual.operation import Operation
from tokenrace.simulation.virtual.process import VirtualProcess
from tokenrace.simulation.virtual.stretch import closed_stretch
from tokenrace.simulation.virtual.worker import VirtualWorker
from tokenrace.strategies.contract import Held

AT_A_TIME = 4_096
"""Operations of one worker computed at a time, so that memory does not grow with the calm."""


def catch_up(
    process: VirtualProcess, workers: Sequence[VirtualWorker], held: Held, now: Ticks, turn: int
) -> None:
    """Do all that ``workers`` did before ``now``, and at ``now`` those up to key ``turn``.

    They are all that ``process`` has; it has been calm, and ``held`` is what it hands out.
    """
    behind = [worker for worker in workers if worker.is_resting]
    while behind:
        cuts = [now + 1 if worker.key <= turn else now for worker in behind]
        late = [(worker, cut) for worker, cut in zip(behind, cuts, strict=True) if worker.due < cut]
        if not late:
            return
        workers, cuts = [worker for worker, _ in late], [cut for _, cut in late]
        if workers[0].is_closed:
            behind = _catch_up_closed(process, held, workers, cuts)
        else:
            for worker, cut in late:
                catch_up_open(worker, held, cut)
            return


def _catch_up_closed(
    process: VirtualProcess, held: Held, workers: Sequence[VirtualWorker], cuts: list[Ticks]
) -> list[VirtualWorker]:
    """Advance ``workers``; return those that may have more to do before their cut."""
    count = _guess(process, workers, cuts)
    rows, world = [worker.row for worker in workers], process.world
    trips = process.draws.trips.ahead(rows, count)
    stretch = closed_stretch(
        np.array([worker.due for worker in workers], dtype=np.int64),
        process.draws.gaps.ahead(rows, count),
        process.draws.reads.ahead(rows, count) if held.store_reads else None,
        trips,
        world.plan.links.api,
        np.array(cuts, dtype=np.int64),
        _unheard(process, rows, trips),
    )
    done = stretch.done.tolist()
    count_calls(world, stretch.waits, stretch.arrivals, stretch.finishes)
    world.tally.store_reads += held.store_reads * stretch.waits.size
    work_off(world, workers, done)
    left = []
    for worker, cut, ended, due in zip(workers, cuts, done, stretch.due.tolist(), strict=True):
        process.draws.gaps.skip(worker.row, ended)
        process.draws.trips.skip(worker.row, ended)
        if world.plan.links.api.loss_per_million:
            process.draws.chances.skip(worker.row, ended)
        if held.store_reads:
            process.draws.reads.skip(worker.row, ended)
        worker.due = due
        if ended == count:
            left.append(worker)
        elif due < cut:
            worker.is_resting = False
            place(worker, due, worker.agenda.next(), held, cut)
            if worker.is_resting and worker.due < cut:  # its request went unheard, and it goes on
                left.append(worker)
    return left


def _unheard(
    process: VirtualProcess, rows: Sequence[int], trips: Spans
) -> NDArray[np.bool_] | None:
    """Return which of ``trips`` have no answer in time; None where all have.

    A calm ends before a partition begins, so that only chance and slowness lose an answer.
    """
    loss = process.world.plan.links.api.loss_per_million
    is_slow = bool(trips.size) and int(trips.max()) > process.world.plan.fleet.timeout
    if not loss and not is_slow:
        return None
    unheard: NDArray[np.bool_] = trips > process.world.plan.fleet.timeout
    if loss:
        unheard |= process.draws.chances.ahead(rows, trips.shape[1]) < either_lost(loss)
    return unheard


def _guess(process: VirtualProcess, workers: Sequence[VirtualWorker], cuts: Sequence[Ticks]) -> int:
    """Return how many operations a worker may well do before its cut, and a few more."""
    longest = max(cut - worker.due for worker, cut in zip(workers, cuts, strict=True))
    expected = longest / process.mean_cycle
    return min(AT_A_TIME, int(expected + 3 * expected**0.5) + 4)


def place(worker: VirtualWorker, wanted_at: Ticks, errand: Errand, held: Held, cut: Ticks) -> None:
    """Begin an operation wanted before ``cut`` and go up to the cut, or to its end where its
    request goes unheard and it gives up before."""
    operation = Operation(worker, wanted_at, errand)
    at = wanted_at
    if held.store_reads:
        at = operation.leave_for_store(at)
        if at >= cut:
            operation.reaches_store_later(at)
            return
        at = operation.reach_store(operation.visible_record(), at)
        if at >= cut:
            operation.is_back_from_store_later(at)
            return
    at = operation.leave_for_api(held.token, at)
    if operation.is_unheard:
        operation.go_on_unheard(at, cut)
        return
    if at >= cut:
        operation.reaches_api_later(at)
        return
    at = operation.reach_api(at)
    assert at >= cut, "an operation that ends before the cut is counted in bulk"
    operation.is_answered_later(at)
