"""An event loop whose clock jumps to whatever is due next.

Rules, in the order in which they decide what runs:

1. Time is ``now``, an integer count of microseconds from 0. ``time()`` is it in seconds. It moves
   only when nothing is ready, to the earliest thing due, and by as much as that takes: no real time
   passes.
2. At one tick, asyncio's own callbacks and timers come first, in the order they were scheduled,
   those that become ready meanwhile included. This is what asyncio promises and more: the stock
   loop orders timers of one deadline by chance.
3. Then, at the same tick, the engine's posts, in the order of their ``key``, then of posting. After
   each, rule 2 applies again. Because a post's place among equals does not depend on when it was
   posted, an engine may leave out posts whose effect it knows and add them later.
4. A ``TiePolicy`` other than ``Fifo`` replaces the orders in 2 and 3 by its own.
5. Nothing ready and nothing due while the run is not finished is a deadlock, and an error.

A post is a bare callback: no Handle, no context, no cancelling. What it raises ends the run.
"""

import asyncio
import asyncio.log
import heapq
import sys
from asyncio import Handle, TimerHandle
from collections import deque
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from contextlib import suppress
from contextvars import Context
from typing import Any, TypeVar, TypeVarTuple, Unpack, cast
from weakref import WeakSet

from simulator.clock import SECOND, Ticks, seconds
from simulator.engine.deadlock import deadlock_of
from simulator.engine.owned import Owned
from simulator.engine.ties import Fifo, TiePolicy
from simulator.engine.unsupported import Unsupported
from simulator.errors import UnsupportedOnVirtualTime

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
_TIMER, _POST = 0, 1
NO_POST_YET = -1
"""``posted_key`` before the first post of a tick."""


class VirtualLoop(Unsupported, Owned):
    """See the module's rules. Not thread-safe, and nothing outside can wake it."""

    def __init__(self, ties: TiePolicy | None = None) -> None:
        Owned.__init__(self)
        self.now: Ticks = 0
        self.posted_key = NO_POST_YET
        self._ties = ties or Fifo()
        self._is_fifo = isinstance(self._ties, Fifo)
        self._ready: deque[Handle] = deque()
        self._heap: list[tuple[Ticks, int, int, int, Any, Any]] = []
        self._serial = 0
        self._turn = 0
        self._is_running = False
        self._is_stopping = False
        self._is_closed = False
        self._failure: BaseException | None = None
        self._task_factory: Any = None
        self._exception_handler: Any = None
        self._generators: WeakSet[AsyncGenerator[Any, Any]] = WeakSet()

    # What the engine schedules.

    def post(self, at: Ticks, key: int, callback: Callable[[Any], None], argument: Any) -> None:
        """Call ``callback(argument)`` at ``at``, which must not be past, after asyncio's own."""
        assert at >= self.now, (at, self.now)
        self._serial += 1
        rank = key if self._is_fifo else self._ties.rank(at, key)
        heapq.heappush(self._heap, (at, _POST, rank, self._serial, callback, argument))

    def post_first(self, at: Ticks, callback: Callable[[Any], None], argument: Any) -> None:
        """Call ``callback(argument)`` at ``at``, in line with asyncio's timers."""
        assert at >= self.now, (at, self.now)
        self._serial += 1
        rank = self._serial if self._is_fifo else self._ties.rank(at, self._serial)
        heapq.heappush(self._heap, (at, _TIMER, rank, self._serial, callback, argument))

    # What asyncio schedules.

    def call_soon(
        self,
        callback: Callable[[Unpack[Ts]], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> Handle:
        handle = Handle(callback, args, self, context)
        self._ready.append(handle)
        return handle

    def call_later(
        self,
        delay: float,
        callback: Callable[[Unpack[Ts]], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> TimerHandle:
        return self._timer(self.now + round(delay * SECOND), callback, args, context)

    def call_at(
        self,
        when: float,
        callback: Callable[[Unpack[Ts]], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> TimerHandle:
        return self._timer(round(when * SECOND), callback, args, context)

    def _timer(
        self, at: Ticks, callback: Callable[..., object], args: Any, context: Context | None
    ) -> TimerHandle:
        at = max(at, self.now)
        timer = TimerHandle(at / SECOND, callback, args, self, context)
        self._serial += 1
        rank = self._serial if self._is_fifo else self._ties.rank(at, self._serial)
        heapq.heappush(self._heap, (at, _TIMER, rank, self._serial, None, timer))
        return timer

    def _timer_handle_cancelled(self, handle: TimerHandle) -> None:
        """A cancelled timer stays in the heap until it is due, and is then passed over."""

    def time(self) -> float:
        return seconds(self.now)

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
        if self._task_factory is not None:
            made = self._task_factory(self, coro, name=name, context=context, **options)
            task = cast("asyncio.Task[T]", made)
        else:
            coroutine = cast("Coroutine[Any, Any, T]", coro)
            task = asyncio.Task(coroutine, loop=self, name=name, context=context, **options)
        self._own(task, context)
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
        """
        is_new = not asyncio.isfuture(future)
        main = asyncio.ensure_future(future, loop=self)
        main.add_done_callback(self._stop_with)
        try:
            self._run()
        except BaseException:
            if is_new and main.done() and not main.cancelled():
                main.exception()  # it was retrieved, by being raised
            raise
        finally:
            main.remove_done_callback(self._stop_with)
        return main.result()

    def run_forever(self) -> None:
        """Run until ``stop``. Raises DeadlockError as ``run_until_complete`` does."""
        self._run()

    def _stop_with(self, done: asyncio.Future[Any]) -> None:
        if not done.cancelled():
            error = done.exception()
            if isinstance(error, KeyboardInterrupt | SystemExit):
                return
        self.stop()

    def stop(self) -> None:
        """End the run when what is ready now has run."""
        self._is_stopping = True

    def _run(self) -> None:
        self._check_closed()
        if self._is_running:
            raise RuntimeError("this event loop is already running")
        before = asyncio._get_running_loop()  # noqa: SLF001 - how a loop says it runs
        if before is not None:
            raise RuntimeError("cannot run the event loop while another loop is running")
        self._is_running = True
        asyncio._set_running_loop(self)  # noqa: SLF001
        hooks = sys.get_asyncgen_hooks()
        sys.set_asyncgen_hooks(self._generators.add, self._close_generator)
        try:
            self._turn_until_stopped()
        finally:
            sys.set_asyncgen_hooks(*hooks)
            self._is_stopping = False
            self._is_running = False
            asyncio._set_running_loop(None)  # noqa: SLF001

    def _turn_until_stopped(self) -> None:
        ready, heap, pop = self._ready, self._heap, heapq.heappop
        while True:
            while ready:
                self._run_handle(ready.popleft() if self._is_fifo else self._picked())
                if self._is_stopping:
                    break
            if self._failure is not None:
                self._raise_failure()
            if self._is_stopping:
                return
            if not heap:
                raise deadlock_of(self)
            at, rank, key, _, callback, argument = pop(heap)
            if at != self.now:
                self.now = at
                self.posted_key = NO_POST_YET
            if callback is None:
                self._run_handle(argument)
            else:
                if rank == _POST:
                    self.posted_key = key
                callback(argument)

    def _run_handle(self, handle: Handle) -> None:
        if handle._cancelled or (self._is_watching and self._is_withheld(handle)):  # noqa: SLF001
            return
        handle._run()  # noqa: SLF001 - what every loop does with a handle

    def _picked(self) -> Handle:
        """Take one of the ready handles, as the tie policy says."""
        self._turn += 1
        self._ready.rotate(-self._ties.pick(len(self._ready), self._turn))
        return self._ready.popleft()

    # State, debugging, closing.

    def is_running(self) -> bool:
        return self._is_running

    def is_closed(self) -> bool:
        return self._is_closed

    def close(self) -> None:
        """Drop everything that is still scheduled."""
        if self._is_running:
            raise RuntimeError("cannot close a running event loop")
        self._is_closed = True
        self._ready.clear()
        self._heap.clear()

    def discard(self) -> None:
        """Close after a run that is over, whatever is still waiting: it never goes on.

        Coroutines that wait are closed, so that their ``finally`` blocks run now and not when they
        are collected.
        """
        self._ready.clear()
        self._heap.clear()
        for owner in list(self.all_owners()):
            for task in self.tasks_of(owner):
                task._log_destroy_pending = False  # type: ignore[attr-defined]  # noqa: SLF001
                with suppress(RuntimeError):
                    task.get_coro().close()
        self.close()

    def _check_closed(self) -> None:
        if self._is_closed:
            raise RuntimeError("event loop is closed")

    def get_debug(self) -> bool:
        return False

    def set_debug(self, enabled: bool) -> None:  # noqa: FBT001 - asyncio's signature
        if enabled:
            raise UnsupportedOnVirtualTime("asyncio's debug mode measures real time")

    def _close_generator(self, generator: AsyncGenerator[Any, Any]) -> None:
        """Close a generator nobody iterates any more; Python calls this when it is collected."""
        self._generators.discard(generator)
        if not self._is_closed:
            self.create_task(generator.aclose())

    async def shutdown_asyncgens(self) -> None:
        """Close every async generator that was begun and not finished."""
        for generator in list(self._generators):
            await generator.aclose()

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:  # noqa: ASYNC109
        """Nothing to do: there are no executors on virtual time."""

    # Errors nobody caught.

    def get_exception_handler(self) -> Any:
        return self._exception_handler

    def set_exception_handler(self, handler: Any) -> None:
        self._exception_handler = handler

    def default_exception_handler(self, context: dict[str, Any]) -> None:
        """End the run with the error of a callback, as soon as that callback has returned.

        Anything else asyncio has to tell (an error that nobody asked a task for) is logged, as the
        stock loop does.
        """
        error = context.get("exception")
        if "handle" not in context or not isinstance(error, BaseException):
            asyncio.log.logger.error(context.get("message"), exc_info=error)
        elif self._failure is None:
            self._failure = error

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        handler = self._exception_handler
        if handler is None:
            self.default_exception_handler(context)
        else:
            handler(self, context)

    def _raise_failure(self) -> None:
        failure, self._failure = self._failure, None
        assert failure is not None
        raise failure
