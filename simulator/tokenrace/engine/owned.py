"""Crashing and pausing a simulated process, for the loop that runs its tasks."""

import asyncio
from asyncio import Handle
from collections import deque
from collections.abc import Callable, Iterator
from contextvars import Context
from typing import Any

from tokenrace.clock import Ticks
from tokenrace.user_code.ownership import OWNER

_PRUNE_FROM = 64


class Owned:
    """The part of the loop that knows whose a task is. Costs nothing until a process is stopped.

    A *crashed* process is told nothing: its ports are severed, then its tasks are cancelled so that
    their ``finally`` blocks run at this very tick. What is left of it when the tick is over never
    runs; ``tasks_of`` names the tasks among it, which would not be cancelled.
    A *paused* process does not notice: what is due meanwhile waits and runs when it is resumed, in
    the order in which it would have run.
    """

    now: Ticks
    _ready: deque[Handle]

    def __init__(self) -> None:
        self._tasks: dict[int | None, list[tuple[asyncio.Task[Any], Context]]] = {}
        self._prune_at: dict[int | None, int] = {}
        self._severs: dict[int, list[Callable[[], None]]] = {}
        self._crashed_at: dict[int, Ticks] = {}
        self._paused: dict[int, list[Handle]] = {}
        self._is_watching = False
        self._on_lost: Callable[[BaseException], None] | None = None
        self._enter: Callable[[int], None] | None = None

    def on_entering(self, enter: Callable[[int], None]) -> None:
        """Call ``enter`` with the process before code of it runs, at least when it changes."""
        self._enter = enter
        self._is_watching = True

    def on_crash(self, process: int, sever: Callable[[], None]) -> None:
        """Call ``sever`` when ``process`` crashes, before any of its own code notices."""
        self._severs.setdefault(process, []).append(sever)

    def crash(self, process: int) -> None:
        """End ``process`` now. Its number cannot be used again."""
        assert process not in self._crashed_at, process
        for sever in self._severs.pop(process, []):
            sever()
        self._crashed_at[process] = self.now
        self.resume(process)
        for task in self.tasks_of(process):
            task.cancel()
            task.add_done_callback(_be_told)

    def pause(self, process: int) -> None:
        """Hold everything of ``process`` back; does nothing when it is paused already."""
        self._paused.setdefault(process, [])
        self._is_watching = True

    def resume(self, process: int) -> None:
        """Let ``process`` run what became due meanwhile; does nothing when it is not paused."""
        self._ready.extend(self._paused.pop(process, []))
        self._is_watching = bool(self._paused or self._crashed_at or self._enter)

    def is_paused(self, process: int) -> bool:
        """Return whether ``process`` is paused."""
        return process in self._paused

    def is_crashed(self, process: int) -> bool:
        """Return whether ``process`` has crashed."""
        return process in self._crashed_at

    def tasks_of(self, process: int | None) -> list[asyncio.Task[Any]]:
        """Return the unfinished tasks of ``process`` (None: of no process), first created first."""
        return [task for task, _ in self._tasks.get(process, []) if not task.done()]

    def lost_errors_of(self, process: int) -> list[BaseException]:
        """Return the errors of ``process``'s tasks that nobody has asked for, oldest task first."""
        ended = [task for task, _ in self._tasks.get(process, []) if task.done()]
        lost = [task for task in ended if task._log_traceback]  # noqa: SLF001 - no public name
        return [error for task in lost if (error := task.exception()) is not None]

    def all_owners(self) -> Iterator[int | None]:
        """Yield every process that ever had a task, None first, then by number."""
        yield from sorted(self._tasks, key=lambda owner: -1 if owner is None else owner)

    def _own(self, task: asyncio.Task[Any], context: Context) -> None:
        """Remember ``task`` until it is done, and not much longer."""
        owner = context.get(OWNER)
        tasks = self._tasks.setdefault(owner, [])
        tasks.append((task, context))
        if len(tasks) >= self._prune_at.get(owner, _PRUNE_FROM):
            tasks[:] = [entry for entry in tasks if self._matters(entry[0])]
            self._prune_at[owner] = max(_PRUNE_FROM, 2 * len(tasks))

    def _matters(self, task: asyncio.Task[Any]) -> bool:
        """Return whether ``task`` goes on, or has an error that somebody wants to hear of."""
        return not task.done() or (self._on_lost is not None and task._log_traceback)  # noqa: SLF001

    def _all_tasks(self) -> list[tuple[asyncio.Task[Any], Context]]:
        return [entry for owner in self.all_owners() for entry in self._tasks[owner]]

    def _is_withheld(self, handle: Handle) -> bool:
        owner = handle._context.get(OWNER)  # type: ignore[attr-defined]  # noqa: SLF001
        if owner is None:
            return False
        if owner in self._paused:
            self._paused[owner].append(handle)
            return True
        if self._crashed_at.get(owner, self.now) < self.now:
            return True
        if self._enter is not None:
            self._enter(owner)
        return False

    def _is_of_the_dead(self, handle: Handle) -> bool:
        return handle._context.get(OWNER) in self._crashed_at  # type: ignore[attr-defined]  # noqa: SLF001


def _be_told(task: asyncio.Task[Any]) -> None:
    """Take note of how ``task`` ended, so that asyncio does not complain that nobody does."""
    if not task.cancelled():
        task.exception()
