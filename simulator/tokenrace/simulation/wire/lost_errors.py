"""Errors of tasks that a class of the user's has started and that nobody asks for."""

import asyncio
import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tokenrace.fleet.client_worker import is_an_answer

_NOTE = "A task that the class had started raised it, and nobody awaited that task."


@contextmanager
def lost_errors_raised() -> Iterator[None]:
    """Raise at the block's end the first error of a task that nobody has asked for in it, unless it
    tells of an answer: that is what a run is about.

    asyncio tells of such an error when the task is collected. Those that are kept are looked for.
    """
    loop, lost = asyncio.get_running_loop(), list[BaseException]()

    def hear(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if isinstance(error, BaseException):
            lost.append(error)
        else:
            loop.default_exception_handler(context)

    loop.set_exception_handler(hear)
    yield
    lost.extend(_kept())
    for error in lost:
        if not is_an_answer(error):
            error.add_note(_NOTE)
            raise error


def _kept() -> Iterator[BaseException]:
    """Yield the errors of the tasks that are there and were never asked for theirs."""
    for task in [each for each in gc.get_objects() if isinstance(each, asyncio.Task)]:
        if task.done() and task._log_traceback and (error := task.exception()):  # noqa: SLF001
            yield error
