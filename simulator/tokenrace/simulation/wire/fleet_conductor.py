"""Makes the faults of the fleet happen from outside: kills, stops and starts real processes.

What strikes a process from within, a crash at a point, its clock, a caller who is cancelled, it
does to itself (``client_faults.py``) and tells, so that its next life is spared it.
"""

import signal
from collections.abc import Callable
from functools import partial
from heapq import heappop, heappush
from itertools import count, pairwise
from typing import assert_never

from tokenrace.clock import Clock, Ticks
from tokenrace.faults.planned import (
    CancelLeader,
    ClockOff,
    Crash,
    FleetFault,
    Pause,
    Replace,
    Scale,
)
from tokenrace.faults.schedule import FleetFaults
from tokenrace.simulation.plan import RunPlan
from tokenrace.simulation.wire.apply_faults import applier_of
from tokenrace.simulation.wire.lives import Life, Lives
from tokenrace.trace.events import EventSink, FaultStruck, ProcessStarted


def starts(faults: FleetFaults, processes: int) -> int:
    """Return how many processes start in a run after its beginning, at most."""
    scalings = sorted(faults.scalings, key=lambda scale: scale.at)
    sizes = [processes, *(scale.processes for scale in scalings)]
    grown = sum(max(0, after - before) for before, after in pairwise(sizes))
    return len(faults.crashes) + len(faults.replacements) + grown


class FleetConductor:
    """Decides who lives and who dies. ``act`` does all that is due."""

    def __init__(self, plan: RunPlan, lives: Lives, sink: EventSink, clock: Clock) -> None:
        self._plan = plan
        self._lives = lives
        self._sink = sink
        self._clock = clock
        self._size = plan.fleet.processes
        self._due: list[tuple[Ticks, int, Callable[[], None]]] = []
        self._order = count()
        for fault in _in_order(plan.fleet_faults):
            self._plan_to(fault.at, partial(self._apply, fault))

    def begin(self) -> None:
        """Begin the first life of every process."""
        for process in range(self._size):
            self._lives.begin(process, self._plan.fleet.starts_at(process))

    def next_at(self) -> Ticks | None:
        """Return when the next thing is due before the run's end."""
        at = self._due[0][0] if self._due else self._plan.duration
        return at if at < self._plan.duration else None

    def act(self) -> None:
        """Do all that is due; what would be due after the run's end never happens."""
        while (at := self.next_at()) is not None and at <= self._clock.now():
            _, _, do = heappop(self._due)
            do()

    def end_pauses(self) -> None:
        """Kill those that stand still, as they cannot end by themselves when the run does."""
        for life in self._lives.all:
            if life.stands_until:
                self._lives.kill(life)

    def struck_within(self, life: Life, fault: int) -> None:
        """Learn that ``fault`` befell ``life`` from within; of a crash it is dying."""
        self._lives.outfit(life.process).struck.add(fault)
        for crash in self._plan.fleet_faults.crashes:
            if crash.fault == fault:
                life.is_killed, life.killed_by, life.again_after = True, fault, crash.restart

    def after_death(self, life: Life) -> None:
        """Have the next life of a process begin, if the one that has died was meant to."""
        if life.again_after is not None:
            self._plan_to(self._clock.now() + life.again_after, partial(self._start, life.process))

    def _plan_to(self, at: Ticks, do: Callable[[], None]) -> None:
        heappush(self._due, (at, next(self._order), do))

    def _start(self, process: int) -> None:
        if process < self._size and self._lives.of(process) is None:
            now = self._clock.now()
            life = self._lives.begin(process, now)
            self._sink.write(ProcessStarted(at=now, process=process, life=life))

    def _apply(self, fault: FleetFault) -> None:
        match fault:
            case Crash():
                self._crash(fault)
            case Pause():
                self._pause(fault)
            case Replace():
                self._replace(fault)
            case Scale():
                self._scale(fault)
            case ClockOff() | CancelLeader():
                raise AssertionError(fault)  # a process does that to itself
            case _:
                assert_never(fault)

    def _crash(self, crash: Crash) -> None:
        life = self._lives.of(crash.process)
        if life is not None and self._kill(life, crash.fault, crash.restart):
            self._struck(crash)

    def _kill(self, life: Life, fault: int, again_after: Ticks | None) -> bool:
        """Kill ``life``; returns whether it was alive."""
        if not self._lives.kill(life):
            return False
        life.killed_by, life.again_after = fault, again_after
        return True

    def _replace(self, replacement: Replace) -> None:
        """Kill a process and have it start again; one that is dead is fitted out, and no more."""
        outfit = self._lives.outfit(replacement.process)
        if replacement.recipe is not None:
            outfit.recipe = replacement.recipe
        if replacement.newest_secret:
            outfit.credentials = self._plan.newest_credentials(self._clock.now())
        life = self._lives.of(replacement.process)
        if life is not None and self._kill(life, replacement.fault, again_after=0):
            self._struck(replacement)

    def _scale(self, scale: Scale) -> None:
        if scale.processes == self._size:
            return
        before, self._size = self._size, scale.processes
        self._struck(scale)
        for process in range(before, self._size):
            self._start(process)
        for process in range(before - 1, self._size - 1, -1):
            life = self._lives.of(process)
            if life is not None:
                self._kill(life, scale.fault, again_after=None)

    def _pause(self, pause: Pause) -> None:
        life = self._lives.of(pause.process)
        if life is None or not life.child.signal(signal.SIGSTOP):
            return
        self._struck(pause)
        life.stands_until = max(life.stands_until, self._clock.now() + pause.span)
        self._plan_to(life.stands_until, partial(self._go_on, life))

    def _go_on(self, life: Life) -> None:
        if not life.is_killed and life.stands_until <= self._clock.now():
            life.child.signal(signal.SIGCONT)
            life.stands_until = 0

    def _struck(self, fault: FleetFault) -> None:
        at, what = self._clock.now(), fault.describe()
        self._sink.write(FaultStruck(at=at, fault=fault.fault, what=what))


def _in_order(faults: FleetFaults) -> list[FleetFault]:
    """Return what strikes from outside; at one instant, in the scenario's order."""
    return [fault for fault in faults.of_fleet() if applier_of(fault) == "conductor"]
