"""What to tell when virtual time can never move again."""

from collections.abc import Collection, Iterable, Iterator

from tokenrace.engine.owned import Owned
from tokenrace.errors import DeadlockError, LivelockError
from tokenrace.user_code.ownership import whose
from tokenrace.user_code.waiting_place import waiting_place


def deadlock_of(loop: Owned, owners: Collection[int | None] | None = None) -> DeadlockError:
    """Return the error that names every waiting task of ``loop``, process by process.

    With ``owners``, only theirs. A crashed process waits for nothing.
    """
    named = loop.all_owners() if owners is None else owners
    return DeadlockError(tuple(_waiting(loop, named)))


def livelock_of(loop: Owned) -> LivelockError:
    """Return the error that names every task of ``loop`` that waits for nothing and is not done."""
    return LivelockError(
        tuple(
            f"{whose(owner)}: {task.get_name()} goes round in {waiting_place(task.get_coro())}"
            for owner in loop.all_owners()
            for task in loop.tasks_of(owner)
            if task._fut_waiter is None  # type: ignore[attr-defined]  # noqa: SLF001
        )
    )


def _waiting(loop: Owned, owners: Iterable[int | None]) -> Iterator[str]:
    for owner in owners:
        if owner is not None and loop.is_crashed(owner):
            continue
        paused = ", paused" if owner is not None and loop.is_paused(owner) else ""
        for task in loop.tasks_of(owner):
            place = waiting_place(task.get_coro())
            yield f"{whose(owner)}{paused}: {task.get_name()} waits in {place}"
