"""What to tell when virtual time can never move again."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from simulator.engine.owned import Owned
from simulator.errors import DeadlockError


def deadlock_of(loop: Owned) -> DeadlockError:
    """Return the error that names every waiting task of ``loop``, process by process."""
    return DeadlockError(tuple(_waiting(loop)))


def _waiting(loop: Owned) -> Iterator[str]:
    for owner in loop.all_owners():
        whose = "the engine" if owner is None else f"process {owner}"
        paused = ", paused" if owner is not None and loop.is_paused(owner) else ""
        for task in loop.tasks_of(owner):
            yield f"{whose}{paused}: {task.get_name()} waits {_place(task)}"


def _place(task: asyncio.Task[Any]) -> str:
    """Return where the innermost coroutine of ``task`` waits."""
    coroutine: Any = task.get_coro()
    while getattr(coroutine, "cr_await", None) is not None and hasattr(
        coroutine.cr_await, "cr_frame"
    ):
        coroutine = coroutine.cr_await
    frame = getattr(coroutine, "cr_frame", None)
    if frame is None:
        return "in code that cannot be looked into"
    file = Path(frame.f_code.co_filename).name
    return f"in {frame.f_code.co_qualname} ({file}:{frame.f_lineno})"
