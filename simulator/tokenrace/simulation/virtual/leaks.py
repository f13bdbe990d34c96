"""Tasks that a class of the user's has started and that never end: told when the run is over."""

from collections.abc import Iterable

from tokenrace.engine.loop import VirtualLoop
from tokenrace.errors import RunError
from tokenrace.simulation.virtual.process import VirtualProcess
from tokenrace.user_code.waiting_place import waiting_place

TASKS_PER_WORKER = 10
"""More tasks of its own than that for each worker, and of ``TASKS_MIN``, is no way of working."""
TASKS_MIN = 100


def leak_in(loop: VirtualLoop, processes: Iterable[VirtualProcess]) -> RunError | None:
    """Return the error that names where the tasks of a process wait that leaks them; None where
    none does. Those with which we ask the strategy do not count."""
    for process in processes:
        tasks = loop.tasks_of(process.owner)
        own = len(tasks) - process.busy
        if own > max(TASKS_MIN, TASKS_PER_WORKER * len(process.workers)):
            place = waiting_place(tasks[0].get_coro())
            return RunError(
                f"leak: the strategy of process {process.number} has started {own:,} tasks that "
                f"have not ended at the run's end; the oldest waits in {place}. Expected a few for "
                "each worker: let a task end, or keep it and cancel it"
            )
    return None
