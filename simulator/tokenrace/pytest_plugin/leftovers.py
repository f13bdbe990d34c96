"""What a test has left behind: tasks that go on, connections that nobody closed."""

import asyncio
import gc
import socket
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tokenrace.user_code.waiting_place import waiting_place

_OF_THE_RUNNERS = ("anyio", "pytest_asyncio", "_pytest")
"""Whose tasks live longer than a test on purpose."""


class Leftovers:
    """Knows what there was when it was made; finds what has come since and is still there.

    Looks at every object alive, which takes some hundredths of a second: only tests that use the
    fixture pay. Tasks are of any loop in the process.
    """

    def __init__(self, port: int) -> None:
        """``port`` is the server's."""
        self._port = port
        self._before = {id(task) for task in _open_tasks()}
        self._at_loops_end: dict[int, str] = {}

    def note(self, task: "asyncio.Task[Any]") -> None:
        """Note a task whose loop is about to end."""
        if id(task) not in self._before and not task.done() and _is_the_tests(task):
            self._at_loops_end.setdefault(id(task), _line(task))

    def tasks(self) -> list[str]:
        """Return a line for each task that was started since and is not done, or was not when its
        loop ended."""
        for task in _open_tasks():
            self.note(task)
        return sorted(self._at_loops_end.values())

    def connections(self) -> list[str]:
        """Return a line for each connection to the server that is still open."""
        found = [_of(each) for each in _alive(socket.socket) if self._is_ours(each)]
        return sorted(f"  connection to the server{made}: close the client" for made in found)

    def _is_ours(self, each: socket.socket) -> bool:
        try:
            return each.fileno() >= 0 and each.getpeername()[1] == self._port
        except (OSError, IndexError, TypeError):  # not connected, or no address with a port
            return False


def _alive(kind: type[Any]) -> Iterator[Any]:
    """Yield every object of ``kind``. What nobody refers to any more is not there."""
    gc.collect()
    return (each for each in gc.get_objects() if isinstance(each, kind))


def _open_tasks() -> list[asyncio.Task[Any]]:
    return [task for task in _alive(asyncio.Task) if not task.done() and _is_the_tests(task)]


def _is_the_tests(task: asyncio.Task[Any]) -> bool:
    code = getattr(task.get_coro(), "cr_code", None)
    parts = () if code is None else Path(code.co_filename).parts
    return not any(name in parts for name in _OF_THE_RUNNERS)


def _line(task: asyncio.Task[Any]) -> str:
    return f"  task {task.get_name()}, in {waiting_place(task.get_coro())}"


def _of(each: object) -> str:
    """Return where ``each`` was made, if Python was asked to remember that."""
    made = tracemalloc.get_object_traceback(each)
    return "" if made is None else f", made at {made[-1].filename}:{made[-1].lineno}"
