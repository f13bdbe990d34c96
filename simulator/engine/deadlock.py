"""What to tell when virtual time can never move again."""

from collections.abc import Iterator

from simulator.engine.owned import Owned
from simulator.engine.ownership import whose
from simulator.engine.places import waiting_place
from simulator.errors import DeadlockError


def deadlock_of(loop: Owned) -> DeadlockError:
    """Return the error that names every waiting task of ``loop``, process by process.

    A crashed process waits for nothing.
    """
    return DeadlockError(tuple(_waiting(loop)))


def _waiting(loop: Owned) -> Iterator[str]:
    for owner in loop.all_owners():
        if owner is not None and loop.is_crashed(owner):
            continue
        paused = ", paused" if owner is not None and loop.is_paused(owner) else ""
        for task in loop.tasks_of(owner):
            place = waiting_place(task.get_coro())
            yield f"{whose(owner)}{paused}: {task.get_name()} waits in {place}"
