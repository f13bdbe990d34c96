"""When what befalls the fleet and its store begins and ends on virtual time."""

from collections.abc import Callable, Iterator
from functools import partial

from tokenrace.clock import Ticks
from tokenrace.faults.planned import StoreLoss, StoreTrouble
from tokenrace.faults.schedule import FleetFaults
from tokenrace.simulation.virtual.population import Population
from tokenrace.simulation.virtual.world import World
from tokenrace.trace.events import FaultStruck


def let_befall(faults: FleetFaults, world: World, population: Population) -> None:
    """Have each of ``faults`` happen in its time; those that wait for a point wait for it."""
    troubles = Troubles(world, population)
    planned = [*_of_processes(faults, population), *_of_the_store(faults, world, troubles)]
    for at, _, happens in sorted(planned, key=lambda each: each[:2]):
        world.loop.post_first(at, _call, happens)


Planned = tuple[Ticks, int, Callable[[], None]]
"""When something happens, by which fault, and what."""


def _of_processes(faults: FleetFaults, population: Population) -> Iterator[Planned]:
    for crash in faults.crashes:
        if crash.point is None:
            yield crash.at, crash.fault, partial(population.crash, crash)
    for replacement in faults.replacements:
        yield replacement.at, replacement.fault, partial(population.replace, replacement)
    for pause in faults.pauses:
        yield pause.at, pause.fault, partial(population.pause, pause)
    for scale in faults.scalings:
        yield scale.at, scale.fault, partial(population.scale, scale)
    for off in faults.clocks:
        yield off.at, off.fault, partial(population.set_clock, off)


def _of_the_store(faults: FleetFaults, world: World, troubles: "Troubles") -> Iterator[Planned]:
    for loss in faults.store_losses:
        yield loss.at, loss.fault, partial(_lose, loss, world)
    for trouble in faults.store_troubles:
        yield trouble.at, trouble.fault, partial(troubles.begin, trouble)
        yield trouble.until, trouble.fault, partial(troubles.end, trouble)


class Troubles:
    """The troubles the store is in. What they do to its messages is a rule of the link."""

    def __init__(self, world: World, population: Population) -> None:
        self._world = world
        self._population = population
        self._now: list[StoreTrouble] = []

    def begin(self, trouble: StoreTrouble) -> None:
        """Begin ``trouble``."""
        _struck(trouble, self._world)
        self._change([*self._now, trouble])

    def end(self, trouble: StoreTrouble) -> None:
        """End ``trouble``."""
        self._change([other for other in self._now if other is not trouble])

    def _change(self, troubles: list[StoreTrouble]) -> None:
        # Everybody is up to date before it changes what a read sees.
        self._population.store_changes(is_troubled=bool(troubles))
        self._now = troubles
        lags = [trouble.by for trouble in troubles if trouble.kind == "lag"]
        self._world.set_lag(max(lags, default=0))


def _lose(loss: StoreLoss, world: World) -> None:
    struck = partial(_struck, loss, world)
    if loss.kind == "lock":
        world.store.lose_lock(struck)
    else:
        world.store.lose_write(struck)


def _struck(fault: StoreTrouble | StoreLoss, world: World) -> None:
    what = fault.describe()
    world.sink.write(FaultStruck(at=world.loop.now, fault=fault.fault, what=what))


def _call(what: Callable[[], None]) -> None:
    what()
