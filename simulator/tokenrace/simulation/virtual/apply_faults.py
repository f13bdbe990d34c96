"""Applies the faults of the fleet and the store on virtual time.

The handler for each is in ``_steps``; the type checker says where one is missing. The provider's
faults are applied by ``let_happen`` (``door.py``), partitions by the links.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import assert_never

from tokenrace.clock import Ticks
from tokenrace.faults.planned import (
    CancelLeader,
    ClockOff,
    Crash,
    FleetFault,
    Pause,
    Replace,
    Scale,
    StoreFault,
    StoreLoss,
    StoreTrouble,
)
from tokenrace.faults.schedule import FleetFaults
from tokenrace.simulation.virtual.population import Population
from tokenrace.simulation.virtual.world import World
from tokenrace.trace.events import FaultStruck

Step = tuple[Ticks, Callable[[], None]]
"""When something happens, and what."""


def apply_faults(faults: FleetFaults, world: World, population: Population) -> None:
    """Schedule each of ``faults``. A fault that waits for a process to come to a point is armed by
    the population."""
    troubles = _StoreTroubles(world, population)
    steps = [
        (at, fault.fault, happens)
        for fault in [*faults.of_fleet(), *faults.of_store()]
        for at, happens in _steps(fault, world, population, troubles)
    ]
    for at, _, happens in sorted(steps, key=lambda each: each[:2]):
        world.loop.post_first(at, _call, happens)


def _steps(
    fault: FleetFault | StoreFault, world: World, population: Population, troubles: "_StoreTroubles"
) -> Iterator[Step]:
    match fault:
        case Crash(point=None):
            yield fault.at, partial(population.crash, fault)
        case Crash() | CancelLeader():
            return  # armed from the beginning
        case Replace():
            yield fault.at, partial(population.replace, fault)
        case Pause():
            yield fault.at, partial(population.pause, fault)
        case Scale():
            yield fault.at, partial(population.scale, fault)
        case ClockOff():
            yield fault.at, partial(population.set_clock, fault)
        case StoreLoss():
            yield fault.at, partial(_lose, fault, world)
        case StoreTrouble():
            yield fault.at, partial(troubles.begin, fault)
            yield fault.until, partial(troubles.end, fault)
        case _:
            assert_never(fault)


@dataclass(slots=True)
class _StoreTroubles:
    """The troubles the store is in now. What they do to its messages is a rule of the link."""

    world: World
    population: Population
    now: list[StoreTrouble] = field(default_factory=list)

    def begin(self, trouble: StoreTrouble) -> None:
        """Begin ``trouble``."""
        _record(trouble, self.world)
        self._change([*self.now, trouble])

    def end(self, trouble: StoreTrouble) -> None:
        """End ``trouble``."""
        self._change([other for other in self.now if other is not trouble])

    def _change(self, troubles: list[StoreTrouble]) -> None:
        # Every process is up to date before it changes what a read sees.
        self.population.store_changes(is_troubled=bool(troubles))
        self.now = troubles
        lags = [trouble.by for trouble in troubles if trouble.kind == "lag"]
        self.world.set_lag(max(lags, default=0))


def _lose(loss: StoreLoss, world: World) -> None:
    record = partial(_record, loss, world)
    if loss.kind == "lock":
        world.store.lose_lock(record)
    else:
        world.store.lose_write(record)


def _record(fault: StoreFault, world: World) -> None:
    struck = FaultStruck(at=world.loop.now, fault=fault.fault, what=fault.describe())
    world.sink.write(struck)


def _call(what: Callable[[], None]) -> None:
    what()
