"""``time`` and ``datetime`` on virtual time, for code that asks them and not its loop.

What a user's code reads from ``time.time``, ``datetime.now``, ``time.monotonic`` and their kin then
goes with the loop, however the function was imported, and is off as its process's clock is. A clock
that was set tells so to ``time.time`` and ``datetime``; the clocks that only run forwards gain or
lose with it, and stand still while the process's machine sleeps. Processor time is refused: on
virtual time computing takes none.

Follows the loop: the code of processes and of tasks. The program itself and its other threads
read the real monotonic clocks.
"""

import asyncio
import sys
import time  # noqa: TID251 - to replace what it says
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

import time_machine

from tokenrace.clock import Clock, Ticks
from tokenrace.errors import BlockedLoopError
from tokenrace.user_code.builtin_calls import Instead, replaced
from tokenrace.user_code.ownership import OWNER, whose
from tokenrace.user_code.places import running_place

PPM = 1_000_000
_NS_PER_TICK = 1_000
_NS_PER_SECOND = 1_000_000_000
_MONOTONIC = ("monotonic", "perf_counter")
_OF_PROCESSOR = ("process_time", "thread_time")
_WALL_IDS = ("CLOCK_REALTIME", "CLOCK_TAI", "CLOCK_REALTIME_COARSE")
_PROCESSOR_IDS = ("CLOCK_PROCESS_CPUTIME_ID", "CLOCK_THREAD_CPUTIME_ID", "CLOCK_PROF")


_OURS = ("tokenrace.engine.", "tokenrace.user_code.")


class SimulatedTime(Protocol):
    """The loop whose time the clocks show, as far as they need it."""

    @property
    def now(self) -> Ticks:
        """The ticks since the run began."""
        ...

    def fail(self, error: BaseException) -> None:
        """End the run with ``error``."""
        ...


@dataclass(slots=True)
class ProcessTime:
    """What the clocks of one process show. ``wall`` is its own clock, true or off."""

    loop: SimulatedTime
    wall: Clock
    _slept: Ticks = field(default=0, init=False)
    _gained: Ticks = field(default=0, init=False)
    _since: Ticks = field(default=0, init=False)
    _drift_ppm: int = field(default=0, init=False)

    def monotonic(self) -> Ticks:
        """Return what its clock that only runs forwards shows."""
        return self.loop.now - self._slept + self._gain()

    def drift(self, ppm: int) -> None:
        """Gain ``ppm`` on each second from now on."""
        self._gained, self._since, self._drift_ppm = self._gain(), self.loop.now, ppm

    def slept(self, span: Ticks) -> None:
        """Leave ``span``, which the machine has slept through, out of the monotonic clock."""
        self._slept += span

    def _gain(self) -> Ticks:
        return self._gained + (self.loop.now - self._since) * self._drift_ppm // PPM


TimeOf = Callable[[int], ProcessTime | None]
"""The time of an owner; None where its clocks are true."""


def _true(_: int) -> None:
    return None


@contextmanager
def wall_clock_of(loop: SimulatedTime, epoch: int, time_of: TimeOf = _true) -> Iterator[None]:
    """Let the machine's clocks tell the loop's time; tick 0 is ``epoch``, in Unix seconds."""

    def own() -> ProcessTime | None:
        owner = OWNER.get()
        return None if owner is None else time_of(owner)

    def wall_ns() -> int:
        of_process = own()
        now = loop.now if of_process is None else of_process.wall.now()
        return epoch * _NS_PER_SECOND + now * _NS_PER_TICK

    def monotonic_ns() -> int:
        of_process = own()
        return (loop.now if of_process is None else of_process.monotonic()) * _NS_PER_TICK

    with time_machine.travel(epoch, tick=False) as traveller:
        # It is asked for the time at each call; to move it at every tick would cost more.
        traveller.time_ns = wall_ns  # type: ignore[method-assign]
        with replaced(time, _calls(loop, wall_ns, monotonic_ns)):
            yield


def _calls(
    loop: SimulatedTime, wall_ns: Callable[[], int], monotonic_ns: Callable[[], int]
) -> dict[str, Instead]:
    def seconds() -> float:
        return monotonic_ns() / _NS_PER_SECOND

    by_id = partial(_by_id, loop, wall_ns, monotonic_ns)
    calls: dict[str, Instead] = {
        "ctime": partial(_in_words, loop),
        "asctime": partial(_in_words, loop),
        "clock_gettime": partial(by_id, _NS_PER_SECOND),
        "clock_gettime_ns": partial(by_id, None),
    }
    for name in _MONOTONIC:
        calls[name] = partial(_follow, loop, seconds)
        calls[f"{name}_ns"] = partial(_follow, loop, monotonic_ns)
    for name in _OF_PROCESSOR:
        calls[name] = calls[f"{name}_ns"] = partial(_refuse, loop, name)
    return calls


def _follow(
    loop: SimulatedTime, read: Callable[[], Any], original: Callable[[], Any], _: Any
) -> Any:
    return read() if _is_simulated(loop) else original()


def _refuse(loop: SimulatedTime, name: str, original: Callable[[], Any], _: Any) -> Any:
    if OWNER.get() is not None:
        loop.fail(_no_processor_time(name))
    return original()


def _by_id(
    loop: SimulatedTime,
    wall_ns: Callable[[], int],
    monotonic_ns: Callable[[], int],
    unit: int | None,
    original: Callable[[], Any],
    clock: Any,
) -> Any:
    if not _is_simulated(loop):
        return original()
    if clock in _ids(_PROCESSOR_IDS):
        return _refuse(loop, "clock_gettime", original, clock)
    read = wall_ns() if clock in _ids(_WALL_IDS) else monotonic_ns()
    return read if unit is None else read / unit


def _in_words(loop: SimulatedTime, original: Callable[[], Any], argument: Any) -> Any:
    if argument is not None or not _is_simulated(loop):
        return original()
    return time.strftime("%a %b %e %H:%M:%S %Y", time.localtime())


def _ids(names: tuple[str, ...]) -> list[int]:
    return [getattr(time, name) for name in names if hasattr(time, name)]


def _is_simulated(loop: SimulatedTime) -> bool:
    """Return whether code asks that lives on ``loop``: a process's, or a task's."""
    if OWNER.get() is not None:
        return True
    running: object = asyncio._get_running_loop()  # noqa: SLF001 - None where none runs
    return running is loop and asyncio.current_task() is not None


def _no_processor_time(name: str) -> BlockedLoopError:
    place = running_place(_caller(sys._getframe(1)))  # noqa: SLF001 - the way to find who asks
    return BlockedLoopError(
        f"{whose(OWNER.get())}: time.{name} in {place} counts processor time, which does not pass "
        "on virtual time; use time.monotonic instead"
    )


def _caller(frame: Any) -> Any:
    """Return the innermost frame that is not of this package."""
    while frame.f_globals.get("__name__", "").startswith(_OURS):
        frame = frame.f_back
    return frame
