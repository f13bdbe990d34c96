"""What is scheduled on a virtual loop, and the order in which it runs: the rules are in loop.py."""

import heapq
import math
from asyncio import Handle, TimerHandle
from collections import deque
from collections.abc import Callable, Collection
from contextvars import Context
from heapq import heappush
from typing import Any, TypeVarTuple, Unpack

from tokenrace.clock import SECOND, Ticks, seconds
from tokenrace.engine.deadlock import deadlock_of, livelock_of
from tokenrace.engine.ties import Fifo, TiePolicy
from tokenrace.engine.uncaught import Uncaught
from tokenrace.user_code.ownership import OWNER

Ts = TypeVarTuple("Ts")
_TIMER, _POST = 0, 1
NO_POST_YET = -1
"""``posted_key`` before the first post of a tick."""
_PRUNE_FROM = 100
"""Cancelled timers in the heap before it is worth looking for them; the stock loop's number."""
_CALLBACKS_MAX = 5_000_000
"""More than a run has at one instant: some hundred for each of the largest fleet's workers."""


class Schedule(Uncaught):
    """The part of the loop that keeps time."""

    def __init__(self, ties: TiePolicy) -> None:
        super().__init__()
        self.now: Ticks = 0
        self.posted_key = NO_POST_YET
        self._ties = ties
        self._is_fifo = self.is_fifo = isinstance(ties, Fifo)
        self._ready: deque[Handle] = deque()
        self._heap: list[tuple[Ticks, int, int, int, Any, Any]] = []
        self._serial = 0
        self._turn = 0
        self._cancelled_timers = 0
        self._is_stopping = False
        self._is_closed = False

    # What the engine schedules.

    def post(self, at: Ticks, key: int, callback: Callable[[Any], None], argument: Any) -> None:
        """Call ``callback(argument)`` at ``at``, which must not be past, after asyncio's own."""
        assert at >= self.now, (at, self.now)
        self._serial = serial = self._serial + 1
        rank = key if self._is_fifo else self._ties.rank(at, key)
        heappush(self._heap, (at, _POST, rank, serial, callback, argument))

    def post_first(self, at: Ticks, callback: Callable[[Any], None], argument: Any) -> None:
        """Call ``callback(argument)`` at ``at``, in line with asyncio's timers.

        An argument that is a future, or has one that it ``wakes``, tells what waits for the call.
        """
        assert at >= self.now, (at, self.now)
        self._serial = serial = self._serial + 1
        rank = serial if self._is_fifo else self._ties.rank(at, serial)
        heappush(self._heap, (at, _TIMER, rank, serial, callback, argument))

    def take_posts(
        self, wanted: Callable[[Callable[[Any], None], Any], bool]
    ) -> list[tuple[Ticks, Callable[[Any], None], Any]]:
        """Take every post of which ``wanted`` says so off the schedule: instant, callback and
        argument of each, in the order in which they would have run."""
        taken: list[tuple[Ticks, int, int, int, Any, Any]] = []
        left: list[tuple[Ticks, int, int, int, Any, Any]] = []
        for entry in self._heap:
            is_wanted = entry[1] == _POST and wanted(entry[4], entry[5])
            (taken if is_wanted else left).append(entry)
        self._heap[:] = left
        heapq.heapify(self._heap)
        return [(at, callback, argument) for at, _, _, _, callback, argument in sorted(taken)]

    # What asyncio schedules.

    def call_soon(
        self,
        callback: Callable[[Unpack[Ts]], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> Handle:
        if self._is_closed:
            self._check_closed()
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
        return self._timer(self.time() + delay, callback, args, context)

    def call_at(
        self,
        when: float,
        callback: Callable[[Unpack[Ts]], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> TimerHandle:
        return self._timer(when, callback, args, context)

    def _timer(
        self, when: float, callback: Callable[..., object], args: Any, context: Context | None
    ) -> TimerHandle:
        self._check_closed()
        timer = TimerHandle(when, callback, args, self, context)
        if when == math.inf:
            return timer  # never due, so nothing to wait for: a deadlock must be seen
        # Later than now if only by a rounding: a loop of ever shorter sleeps would never end.
        at = max(round(when * SECOND), self.now + (when > self.now / SECOND))
        timer._scheduled = True  # type: ignore[attr-defined]  # noqa: SLF001 - cancel() looks at it
        self._serial = serial = self._serial + 1
        rank = serial if self._is_fifo else self._ties.rank(at, serial)
        heappush(self._heap, (at, _TIMER, rank, serial, None, timer))
        return timer

    def _timer_handle_cancelled(self, handle: Any) -> None:
        """Forget cancelled timers when they are the better part of the heap."""
        if not handle._scheduled:  # noqa: SLF001
            return
        self._cancelled_timers += 1
        if self._cancelled_timers > max(_PRUNE_FROM, len(self._heap) // 2):
            self._heap[:] = [entry for entry in self._heap if not _is_cancelled(entry)]
            heapq.heapify(self._heap)
            self._cancelled_timers = 0

    def is_due_for(self, process: int, but_for: Collection[TimerHandle]) -> bool:
        """Return whether anything is ready, or due some time, that wakes a task of ``process``;
        ``but_for`` are timers that do not count."""
        awaited = {id(task._fut_waiter) for task in self.tasks_of(process)}  # type: ignore[attr-defined]  # noqa: SLF001
        timers = [entry[5] for entry in self._heap if entry[4] is None]
        timers = [timer for timer in timers if timer not in but_for]
        return any(id(_wakes(entry[5])) in awaited for entry in self._heap) or any(
            handle._context.get(OWNER) == process and not handle._cancelled  # noqa: SLF001
            for handle in (*self._ready, *timers)
        )

    def time(self) -> float:
        return seconds(self.now)

    def stop(self) -> None:
        """End the run when what is ready now has run."""
        self._is_stopping = True

    def _turn_until_stopped(self) -> None:
        ready, heap, pop = self._ready, self._heap, heapq.heappop
        turned_at, callbacks = self.now, 0
        while True:
            if ready:
                if turned_at != self.now:
                    turned_at, callbacks = self.now, 0
                callbacks += len(ready)
                if callbacks > _CALLBACKS_MAX:
                    raise livelock_of(self)
                last = self._serial  # a timer set meanwhile is for the next turn
                self._run_ready()
                self._run_timers(last)
            if self._is_stopping:
                return
            if ready:
                continue
            if not heap:
                raise deadlock_of(self)
            first = heap[0]
            if first[1] == _TIMER:
                self._advance_to_timers(first)
            else:
                self.now, _, self.posted_key, _, callback, argument = pop(heap)
                callback(argument)

    def _run_ready(self) -> None:
        """Run what is ready now; what becomes ready meanwhile is for the next turn."""
        take = self._ready.popleft if self._is_fifo else self._picked
        for _ in range(len(self._ready)):
            handle = take()
            if handle._cancelled or (self._is_watching and self._is_withheld(handle)):  # noqa: SLF001
                continue
            handle._run()  # noqa: SLF001 - what every loop does with a handle

    def _run_timers(self, last: int) -> None:
        """Run the timers due now, up to the one with serial number ``last``."""
        heap = self._heap
        while heap:
            at, line, _, serial, callback, argument = heap[0]
            if at != self.now or line != _TIMER or serial > last:
                return
            heapq.heappop(heap)
            if callback is not None:
                callback(argument)
                continue
            argument._scheduled = False  # noqa: SLF001
            if argument._cancelled:  # noqa: SLF001
                self._cancelled_timers -= 1
            elif not (self._is_watching and self._is_withheld(argument)):
                argument._run()  # noqa: SLF001

    def _advance_to_timers(self, first: tuple[Ticks, int, int, int, Any, Any]) -> None:
        """Move to the next instant at which a timer is due, that of ``first``, and run those due
        then."""
        if first[4] is None and first[5]._cancelled:  # noqa: SLF001 - it must not move the clock
            heapq.heappop(self._heap)
            self._cancelled_timers -= 1
            return
        at = first[0]
        if at != self.now:
            self.now = at
            self.posted_key = NO_POST_YET
        last, heap = self._serial, self._heap
        if first[4] is not None:  # the engine's own, and as a rule the only one
            heapq.heappop(heap)
            first[4](first[5])
        if heap and heap[0][0] == at:
            self._run_timers(last)

    def _picked(self) -> Handle:
        """Take one of the ready handles, as the tie policy says."""
        self._turn += 1
        self._ready.rotate(-self._ties.pick(len(self._ready), self._turn))
        return self._ready.popleft()

    def _forget(self) -> None:
        """Drop everything that is scheduled."""
        self._ready.clear()
        self._heap.clear()

    def _check_closed(self) -> None:
        if self._is_closed:
            raise RuntimeError("Event loop is closed")


def _wakes(argument: Any) -> Any:
    """Return the future that a post with ``argument`` is for, if it is for one."""
    return getattr(argument, "wakes", argument)


def _is_cancelled(entry: tuple[Ticks, int, int, int, Any, Any]) -> bool:
    """Return whether ``entry`` of the heap is a timer that was cancelled."""
    return entry[4] is None and entry[5]._cancelled  # noqa: SLF001
