"""Noting the tasks that a test had not ended when its event loop was closed.

Whoever runs a test that awaits (``asyncio.run``, pytest-asyncio, anyio) cancels what is left of it
and closes the loop, mostly before the test's fixtures end. So the tasks are noted just before.
"""

import asyncio
import asyncio.runners
from asyncio.base_events import BaseEventLoop
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

Task = asyncio.Task[Any]


@contextmanager
def before_loops_end(note: Callable[[Task], None]) -> Iterator[None]:
    """Call ``note`` with each task that is not done when its loop ends, in the block."""

    def note_all(loop: asyncio.AbstractEventLoop) -> None:
        for task in asyncio.all_tasks(loop):  # noqa: TID251 - whoever prints them sorts them
            note(task)

    cancel, close = asyncio.runners._cancel_all_tasks, BaseEventLoop.close  # type: ignore[attr-defined]  # noqa: SLF001 - no public hook

    def noting_cancel(loop: asyncio.AbstractEventLoop) -> None:
        note_all(loop)
        cancel(loop)

    def noting_close(loop: BaseEventLoop) -> None:
        if not loop.is_closed():
            note_all(loop)
        close(loop)

    with (
        patch.object(asyncio.runners, "_cancel_all_tasks", noting_cancel),
        patch.object(BaseEventLoop, "close", noting_close),
    ):
        yield
