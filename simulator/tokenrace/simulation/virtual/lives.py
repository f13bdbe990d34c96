"""One life of a process: it stands still and goes on, and it ends.

What is under way when a process stops is either its own doing (it wants an operation, an answer
lies there to be read, its patience ends), which waits for it or ends with it, or a message that is
on its way, which arrives whatever becomes of its sender.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tokenrace.clock import Ticks
from tokenrace.engine.deadlock import deadlock_of
from tokenrace.engine.loop import VirtualLoop
from tokenrace.fleet.names import process_name
from tokenrace.simulation.virtual.broker import Line
from tokenrace.simulation.virtual.operation import Operation
from tokenrace.simulation.virtual.process import VirtualProcess
from tokenrace.simulation.virtual.tether import Tether
from tokenrace.simulation.virtual.worker import VirtualWorker

Step = Callable[[Any], None]
OWN_STEPS: tuple[Step, ...] = (Operation.store_read, Operation.answered, Operation.gave_up)
"""What an operation waits for in its own process."""
REQUESTS: tuple[Step, ...] = (Operation.api_reached, Operation.answered, Operation.gave_up)
"""What it waits for with an API request unanswered."""
ARRIVALS: tuple[Step, ...] = (Operation.api_reached, Operation.api_reached_unheard)
"""What a request does at the API."""


class HeldBack:
    """The timetable of workers whose process stands still: their own steps wait for its end."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop
        self._steps: list[tuple[Ticks, int, int, Step, Any]] = []

    @property
    def now(self) -> Ticks:
        """The instant."""
        return self._loop.now

    def post(self, at: Ticks, key: int, callback: Step, argument: Any) -> None:
        """Keep a step that is due at ``at``."""
        self._steps.append((at, key, len(self._steps), callback, argument))

    def steps(self) -> list[tuple[Ticks, Step, Any]]:
        """Return what is kept, in the order in which it would have run."""
        return [(at, step, argument) for at, _, _, step, argument in sorted(self._steps)]

    def let_go(self) -> None:
        """Have everything that is kept done when it is due, and what is overdue now."""
        for at, key, _, callback, argument in sorted(self._steps):
            self._loop.post(max(at, self._loop.now), key, callback, argument)


_FIRST_CALLERS = 16


@dataclass(slots=True, kw_only=True)
class Life:
    """``process`` with its ``workers`` and its ties to the world: ``tether`` where something may
    befall processes in this run, ``line`` to its broker where it has one. ``deadlocked`` has a line
    for each task that waited for what could never happen, before anybody called the API."""

    process: VirtualProcess
    workers: Sequence[VirtualWorker]
    tether: Tether | None
    line: Line | None
    pauses: int = 0
    deadlocked: tuple[str, ...] = field(default=(), init=False)
    _given_up: int = field(default=0, init=False)
    _stood_since: Ticks = field(default=0, init=False)
    _is_suspended: bool = field(default=False, init=False)
    _held: HeldBack | None = field(default=None, init=False)
    _asleep: set[asyncio.Task[Any]] = field(default_factory=set, init=False)

    def __post_init__(self) -> None:
        self.process.waits.before_giving_up = self._notice_now_and_then

    @property
    def _loop(self) -> VirtualLoop:
        return self.process.world.loop

    def pause(self, *, is_suspended: bool = True) -> None:
        """Stand still; a pause within a pause ends when both are over.

        The monotonic clock stands still in all of it if any of them ``is_suspended``.
        """
        self.pauses += 1
        self._is_suspended = is_suspended or (self.pauses > 1 and self._is_suspended)
        if self.pauses > 1:
            return
        self._stood_since = self._loop.now
        self.process.wake()
        self._held = held = HeldBack(self._loop)
        for at, step, operation in self._loop.take_posts(self._is_own_step):
            held.post(at, operation.key, step, operation)
        for worker in self.workers:
            worker.ticket += 1
            worker.loop = held
        if self.line is not None:
            self.line.pause()
        self._loop.pause(self.process.owner)

    def go_on(self) -> None:
        """End a pause: what became due meanwhile is done now, in its order."""
        self.pauses -= 1
        if self.pauses or self._held is None:
            return
        held, self._held = self._held, None
        own = self.process.world.own
        if own is not None and self._is_suspended:
            own.has_slept(self.process.number, self._loop.now - self._stood_since)
        self._loop.resume(self.process.owner)
        if self.line is not None:
            self.line.resume()
        for worker in self.workers:
            worker.loop = self._loop
        held.let_go()
        for worker in self.workers:
            if worker.is_resting:
                worker.make_up(self._loop.now)
                worker.rest()

    def end(self) -> int:
        """Die; return how many requests were unanswered.

        Those on their way to the provider arrive, and so do messages to the store. A lease stays
        until it lapses; a lock that lasts as long as its holder ends.
        """
        assert self.tether is not None, "nothing befalls a process in this run"
        self.process.wake()
        steps = self._loop.take_posts(self._is_ours)
        waiting = steps if self._held is None else steps + self._held.steps()
        in_flight = sum(step in REQUESTS for _, step, _ in waiting) + self.tether.requests
        for at, step, operation in steps:
            if step in ARRIVALS:
                self._loop.post(at, operation.key, Operation.api_reached_unheard, operation)
        for worker in self.workers:
            worker.ticket += 1
        self.process.is_over = self.process.waits.is_ending = True
        self.tether.is_cut = True
        if self.line is not None:
            self.line.cut()
        self._loop.crash(self.process.owner)
        own = self.process.world.own
        if own is not None:
            own.has_died(self.process.owner)
        return in_flight

    def cut(self) -> None:
        """Let nothing more out of the process."""
        if self.tether is not None:
            self.tether.is_cut = True

    def before_clock_changes(self) -> None:
        """Learn that the process's clock is about to be set.

        A task that sleeps until some instant of the old clock wakes at another one of the new:
        until all such tasks have ended, the strategy's word on itself is not to be trusted.
        """
        self.process.before_news()
        for task in self._loop.tasks_of(self.process.owner):
            if task not in self._asleep:
                self._asleep.add(task)
                task.add_done_callback(self._woke)
        self.process.trust(is_trusted=not self._asleep)

    def _woke(self, task: asyncio.Task[Any]) -> None:
        self._asleep.discard(task)
        if not self._asleep:
            self.process.trust(is_trusted=True)

    def longest_waiting(self) -> asyncio.Task[Any] | None:
        """Return the task of the operation that has waited longest for the strategy; None where
        nobody waits."""
        of_an_operation = f"{process_name(self.process.number)} "
        for task in self._loop.tasks_of(self.process.owner):  # first created first
            if task.get_name().startswith(of_an_operation):
                return task
        return None

    def _notice_now_and_then(self) -> None:
        """Notice a deadlock when one of the first callers gives up, then at the 32nd, the 64th and
        so on: each look is at all that wait."""
        self._given_up += 1
        if self._given_up <= _FIRST_CALLERS or self._given_up.bit_count() == 1:
            self.notice_deadlock()

    def notice_deadlock(self) -> None:
        """Take note of who waits, if it can never go on though nothing keeps it from that: callers
        that give up hide it."""
        if any(self.process.world.recorder.tally.responses):
            return  # somebody gets on, so that the operations that hang tell of it
        is_kept = self.pauses or (self.tether is not None and self.tether.under_way)
        if not is_kept and self.process.is_deadlocked():
            waiting = deadlock_of(self._loop, [self.process.owner]).waiting
            self.deadlocked = max(self.deadlocked, waiting, key=len)

    def count_hung(self) -> None:
        """Count the operations that hang, now that the run ends; not while it stands still."""
        self.process.waits.is_ending = True
        if not self.pauses:
            self.process.waits.count_hung(self._loop.now)

    def _is_ours(self, _: Step, argument: Any) -> bool:
        return isinstance(argument, Operation) and argument.process is self.process

    def _is_own_step(self, step: Step, argument: Any) -> bool:
        return step in OWN_STEPS and self._is_ours(step, argument)
