"""The processes that there are: who lives, in which life, and with what equipment.

Whatever befalls a process does so here, and is written down at the instant it does.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from tokenrace.clock import Ticks
from tokenrace.engine.clocks import SkewedClock
from tokenrace.faults.planned import (
    CancelLeader,
    ClockOff,
    Crash,
    FleetFault,
    Pause,
    Replace,
    Scale,
)
from tokenrace.faults.schedule import ArmedFaults
from tokenrace.fleet.crash_points import CrashPoint, RefreshWatch
from tokenrace.simulation.virtual.birth import Birth, Equipment
from tokenrace.simulation.virtual.broker import VirtualBroker
from tokenrace.simulation.virtual.lives import Life
from tokenrace.simulation.virtual.tether import Tether
from tokenrace.simulation.virtual.world import World
from tokenrace.strategies.compose import scope_of
from tokenrace.strategies.oracle_scope import Oracle
from tokenrace.trace.events import FaultStruck, ProcessEnded, ProcessStarted


@dataclass(slots=True, kw_only=True)
class Population:
    """All processes of one run. ``size`` is how many there should be: numbers 0 to that minus one.

    ``is_store_troubled`` says so of the store for those who are born now.
    """

    world: World
    broker: VirtualBroker | None
    size: int = field(init=False)
    is_store_troubled: bool = field(default=False, init=False)
    _living: dict[int, Life] = field(default_factory=dict, init=False)
    _lives: dict[int, int] = field(default_factory=dict, init=False)
    _equipment: dict[int, Equipment] = field(default_factory=dict, init=False)
    _clocks: dict[int, SkewedClock] = field(default_factory=dict, init=False)
    _clocks_set: list[ClockOff] = field(default_factory=list, init=False)
    _armed: ArmedFaults = field(init=False)

    def __post_init__(self) -> None:
        plan = self.world.plan
        self.size = plan.fleet.processes
        self._armed = ArmedFaults.of(plan.fleet_faults)
        for off in plan.fleet_faults.clocks:
            self._clocks[off.process] = SkewedClock(self.world.loop, offset=0, drift_ppm=0)

    def settle(self) -> None:
        """Have the first processes begin their first lives."""
        for number in range(self.size):
            self._begin(number, self.world.plan.fleet.starts_at(number))

    def living(self) -> Iterator[Life]:
        """Yield the present life of every process that has one, by number."""
        for number in sorted(self._living):
            yield self._living[number]

    def wake(self) -> None:
        """Bring every process up to date."""
        for life in self.living():
            life.process.wake()

    def app_changes(self) -> None:
        """Have every process know that something happens to the app."""
        for life in self.living():
            life.process.app_changes()

    def store_changes(self, *, is_troubled: bool) -> None:
        """Have every process know that the store gets into trouble, or out of it."""
        self.is_store_troubled = is_troubled
        for life in self.living():
            life.process.store_changes(is_troubled=is_troubled)

    def crash(self, crash: Crash) -> None:
        """Kill a process, if it lives, and have it started again after a while."""
        if crash.process in self._living:
            self._end(crash.process, crash, "killed")
            again = self.world.loop.now + crash.restart
            self.world.loop.post_first(again, self._begin_again, crash.process)

    def replace(self, replacement: Replace) -> None:
        """Kill a process, if it lives, and start it again at once; it is equipped anew, or will be
        when it is started."""
        number, plan = replacement.process, self.world.plan
        equipment = self._equipped(number)
        if replacement.recipe is not None:
            equipment = replace(equipment, recipe=replacement.recipe)
        if replacement.newest_secret:
            newest = plan.newest_credentials(self.world.loop.now)
            equipment = replace(equipment, credentials=newest)
        self._equipment[number] = equipment
        if number in self._living:
            self._end(number, replacement, "replaced")
            self._begin(number, self.world.loop.now)

    def scale(self, scale: Scale) -> None:
        """Have another number of processes: the last ones come and go."""
        if scale.processes == self.size:
            return
        self._struck(scale)
        before, self.size = self.size, scale.processes
        for number in sorted(self._living, reverse=True):
            if number >= self.size:
                self._end(number, scale, "not wanted any more")
        for number in range(before, self.size):  # one that is down waits for its own restart
            self._begin_again(number)

    def pause(self, pause: Pause) -> None:
        """Have a process, if it lives, stand still for a while."""
        life = self._living.get(pause.process)
        if life is not None:
            self._struck(pause)
            life.pause(is_suspended=pause.is_suspended)
            goes_on_at = self.world.loop.now + pause.span
            self.world.loop.post_first(goes_on_at, _go_on, life)

    def set_clock(self, off: ClockOff) -> None:
        """Set a process's clock off, now and in its later lives. Where it has none now, the fault
        strikes when it begins the next."""
        life = self._living.get(off.process)
        if life is not None:
            self._struck(off)
            life.before_clock_changes()
        else:
            self._clocks_set.append(off)
        self._clocks[off.process].set_off(off.offset, off.drift_ppm)
        if self.world.own is not None:
            self.world.own.clock_set(off.process, off.drift_ppm)

    def reached(self, number: int, point: CrashPoint) -> None:
        """Learn that a process is at ``point``. Does not return where that is its end."""
        crash = self._armed.crash_at(number, point, self.world.loop.now)
        if crash is not None:
            self.crash(crash)
            raise asyncio.CancelledError  # nothing that it would have done next is done

    def request_left(self, number: int) -> None:
        """Learn that a token request of a process is on its way."""
        now = self.world.loop.now
        cancellation = self._armed.cancellation(number, now)
        if cancellation is None:
            return
        self._armed.has_cancelled(cancellation)
        if cancellation.after:
            self.world.loop.post_first(now + cancellation.after, self._cancel, cancellation)
        else:
            self._cancel(cancellation)

    def _cancel(self, cancellation: CancelLeader) -> None:
        """Cancel who waits longest; where nobody does, wait for the next request."""
        life = self._living.get(cancellation.process)
        caller = None if life is None else life.longest_waiting()
        if life is None or caller is None:
            self._armed.wait_again(cancellation)
        else:
            self._struck(cancellation)
            life.process.waits.cancel(caller)

    def lost_errors(self) -> Iterator[BaseException]:
        """Yield the errors of tasks that nobody asked for, of all who live."""
        for life in self.living():
            yield from self.world.loop.lost_errors_of(life.process.owner)

    def close(self) -> None:
        """Let every strategy close what it keeps open; nothing else happens any more.

        Raises:
            RunError: one takes too long. What it raises passes through.
        """
        self.world.loop.drop_schedule()
        closing = [life.process.close() for life in self.living()]
        self.world.loop.run_until_complete(asyncio.gather(*closing))

    def cut(self) -> None:
        """Let nothing more out of any process: the run is over."""
        for life in self.living():
            life.cut()

    def deadlocked(self) -> list[str]:
        """Return a line for each task that waits for what can never happen."""
        for life in self.living():
            life.notice_deadlock()
        return [line for life in self.living() for line in life.deadlocked]

    def count_hung(self) -> None:
        """Count the operations that hang, now that the run ends."""
        for life in self.living():
            life.count_hung()

    def _begin_again(self, number: int) -> None:
        if number < self.size and number not in self._living:
            self._begin(number, self.world.loop.now)

    def _begin(self, number: int, at: Ticks) -> None:
        world, faults = self.world, self.world.plan.fleet_faults
        life = self._lives[number] = self._lives.get(number, 0) + 1
        tether = self._tether() if faults.befall_processes() else None
        equipment = self._equipped(number)
        is_oracle = isinstance(scope_of(equipment.recipe), Oracle)
        birth = Birth(
            world=world,
            number=number,
            life=life,
            equipment=equipment,
            broker=self.broker,
            clock=None if is_oracle else self._clocks.get(number),
            tether=tether,
            watch=_Watch(self, number, tether) if tether and faults.need_watch() else None,
        )
        if life > 1 or number >= world.plan.fleet.processes:
            world.sink.write(ProcessStarted(at=at, process=number, life=life))
        for off in [off for off in self._clocks_set if off.process == number]:
            self._clocks_set.remove(off)
            self._struck(off)
        self._living[number] = begun = birth.begin(at)
        begun.process.store_changes(is_troubled=self.is_store_troubled)

    def _tether(self) -> Tether:
        plan = self.world.plan
        if plan.fleet_faults.need_watch():
            return Tether(self.world.loop)
        patience = max(plan.fleet.timeout, plan.store_timeout)
        return Tether(self.world.loop, plan.fleet_faults.disturbances(), patience)

    def _end(self, number: int, fault: Crash | Replace | Scale, reason: str) -> None:
        if not isinstance(fault, Scale):
            self._struck(fault)
        in_flight = self._living.pop(number).end()
        self.world.tally.unknown += in_flight
        ended = ProcessEnded(
            at=self.world.loop.now,
            process=number,
            in_flight=in_flight,
            reason=reason,
            fault=fault.fault,
        )
        self.world.sink.write(ended)

    def _equipped(self, number: int) -> Equipment:
        plan = self.world.plan
        plain = Equipment(recipe=plan.recipe, credentials=plan.app.credentials)
        return self._equipment.get(number, plain)

    def _struck(self, fault: FleetFault) -> None:
        at, what = self.world.loop.now, fault.describe()
        self.world.sink.write(FaultStruck(at=at, fault=fault.fault, what=what))


def _go_on(life: Life) -> None:
    if not life.process.is_over:
        life.go_on()


@dataclass(frozen=True, slots=True)
class _Watch(RefreshWatch):
    """Tells of one life, up to its end."""

    population: Population
    number: int
    tether: Tether

    def reached(self, point: CrashPoint) -> None:
        if not self.tether.is_cut:
            self.population.reached(self.number, point)

    def has_left(self) -> None:
        if not self.tether.is_cut:
            self.population.request_left(self.number)
