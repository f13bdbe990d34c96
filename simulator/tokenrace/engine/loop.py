"""An event loop whose clock jumps to whatever is due next.

Rules, in the order in which they decide what runs:

1. Time is ``now``, an integer count of microseconds from 0. ``time()`` is it in seconds. It moves
   only when nothing is ready, to the earliest thing due, and by as much as that takes: no real time
   passes. A delay that is not 0 takes at least one microsecond.
2. At one tick, asyncio's own callbacks and timers come first, in turns as on the stock loop: what
   is ready, in the order in which it became so, then the timers due, in the order in which they
   were set. The stock loop orders timers of one deadline by chance.
3. Then, at the same tick, the engine's posts, in the order of their ``key``, then of posting. After
   each, rule 2 applies again. Because a post's place among equals does not depend on when it was
   posted, an engine may leave out posts whose effect it knows and add them later.
4. A ``TiePolicy`` other than ``Fifo`` replaces the orders in 2 and 3 by its own.
5. Nothing ready and nothing due while the run is not finished is a deadlock, and an error.
6. An error that a callback does not catch ends the run; so does a call that blocks in real
   time (``blocking.py``) or asks for a thread, and a livelock: millions of callbacks at one tick.

A post is a bare callback: no Handle, no context, no cancelling. What it raises ends the run.
"""

import asyncio
import threading
from asyncio import Handle
from collections.abc import Callable, Coroutine, Generator
from contextlib import suppress
from contextvars import Context, copy_context
from typing import Any, TypeVar, TypeVarTuple, Unpack, cast

from tokenrace.engine.generators import OpenGenerators
from tokenrace.engine.schedule import Schedule
from tokenrace.engine.ties import Fifo, TiePolicy
from tokenrace.engine.unsupported import Unsupported
from tokenrace.user_code.blocking import forbid_blocking
from tokenrace.user_code.ownership import OWNER

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class VirtualLoop(Unsupported, Schedule):
    """See the module's rules. Not thread-safe, and nothing outside can wake it."""

    def __init__(self, ties: TiePolicy | None = None) -> None:
        super().__init__(ties or Fifo())
        self._thread = 0
        self._is_debugging = False
        self._task_factory: Any = None
        self._task_count = 0
        self._generators = OpenGenerators(self)

    # What asyncio schedules; the rest is in Schedule.

    def call_soon_threadsafe(
        self,
        callback: Callable[[Unpack[Ts]], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> Handle:
        """Do as ``call_soon``, for code that need not know that it is on the loop's own thread."""
        if self._thread not in (0, threading.get_ident()):
            self._refuse_thread()
        return self.call_soon(callback, *args, context=context)

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self)

    def create_task(
        self,
        coro: Coroutine[Any, Any, T] | Generator[Any, None, T],
        *,
        name: str | None = None,
        context: Context | None = None,
        **options: Any,
    ) -> asyncio.Task[T]:
        self._check_closed()
        if name is None:  # asyncio's own count goes on from run to run: errors would differ
            self._task_count += 1
            name = f"Task-{self._task_count}"
        own = copy_context() if context is None else context
        coroutine = cast("Coroutine[Any, Any, T]", coro)
        if self._task_factory is None:
            task = asyncio.Task(coroutine, loop=self, name=name, context=own, **options)
        else:
            if context is not None:
                options["context"] = context
            task = self._task_factory(self, coroutine, **options)
            task.set_name(name)
        self._own(task, own)
        return task

    def set_task_factory(self, factory: Any) -> None:
        self._task_factory = factory

    def get_task_factory(self) -> Any:
        return self._task_factory

    # Running.

    def run_until_complete(self, future: Any) -> Any:
        """Run until ``future`` is done and return its result.

        Raises:
            DeadlockError: nothing is left that could ever finish it.
            LivelockError: something goes on at one instant and never waits.
            BlockedLoopError: something called what blocks in real time.
        """
        is_new = not asyncio.isfuture(future)
        main = asyncio.ensure_future(future, loop=self)
        if is_new:
            main._log_destroy_pending = False  # noqa: SLF001 - its end is told by what is raised
        main.add_done_callback(self._stop_with)
        try:
            self.run_forever()
        except BaseException:
            if is_new and main.done() and not main.cancelled():
                main.exception()  # it was retrieved, by being raised
            raise
        finally:
            main.remove_done_callback(self._stop_with)
        if not main.done():
            raise RuntimeError("Event loop stopped before Future completed.")
        return main.result()

    def _stop_with(self, done: asyncio.Future[Any]) -> None:
        if not done.cancelled():
            error = done.exception()
            if isinstance(error, KeyboardInterrupt | SystemExit):
                return
        self.stop()

    def run_forever(self) -> None:
        """Run until ``stop``. Raises as ``run_until_complete`` does."""
        self._check_closed()
        if self.is_running():
            raise RuntimeError("this event loop is already running")
        before = asyncio._get_running_loop()  # noqa: SLF001 - how a loop says it runs
        if before is not None:
            raise RuntimeError("cannot run the event loop while another loop is running")
        self._failure = None
        self._thread = threading.get_ident()
        asyncio._set_running_loop(self)  # noqa: SLF001
        try:
            with self._generators.watched(), forbid_blocking(self.fail):
                self._turn_until_stopped()
        finally:
            self._is_stopping = False
            self._thread = 0
            asyncio._set_running_loop(None)  # noqa: SLF001
        self._raise_failure()

    def _raise_failure(self) -> None:
        failure, self._failure = self._failure, None
        if failure is None:
            return
        for task, _ in self._all_tasks():
            if task.done() and task._exception is failure:  # noqa: SLF001
                task.exception()  # it was retrieved, by being raised here
        raise failure

    # State, debugging, closing.

    def is_running(self) -> bool:
        return self._thread != 0

    def is_closed(self) -> bool:
        return self._is_closed

    def close(self) -> None:
        """Drop everything that is still scheduled."""
        if self.is_running():
            raise RuntimeError("cannot close a running event loop")
        self._is_closed = True
        self._end_network()
        self._forget()

    def drop_schedule(self) -> None:
        """Drop all that is scheduled: what waits for it never goes on by itself."""
        self._end_network()
        self._forget()

    def discard(self) -> None:
        """Close after a run that is over, whatever is still waiting: it never goes on.

        Coroutines that wait are closed, so that their ``finally`` blocks run now and not when they
        are collected.
        """
        self.drop_schedule()
        for task, context in self._all_tasks():
            task._log_traceback = False  # noqa: SLF001 - whoever would have asked is gone
            if task.done():
                continue
            task._log_destroy_pending = False  # type: ignore[attr-defined]  # noqa: SLF001
            owner = context.get(OWNER)
            if self._enter is not None and owner is not None:
                self._enter(owner)
            with suppress(RuntimeError):  # it awaits something while it is closed
                context.run(task.get_coro().close)
        self.close()

    def get_debug(self) -> bool:
        return self._is_debugging

    def set_debug(self, enabled: bool) -> None:  # noqa: FBT001 - asyncio's signature
        """Have handles and tasks remember where they were made. Slow callbacks are not looked for:
        that would measure real time."""
        self._is_debugging = enabled

    async def shutdown_asyncgens(self) -> None:
        """Close every async generator that was begun and not finished."""
        await self._generators.close_all()

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:  # noqa: ASYNC109
        """Nothing to do: there are no executors on virtual time."""
