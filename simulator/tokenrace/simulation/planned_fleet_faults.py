"""From the faults of the fleet that a user wrote to those an engine makes happen.

The instants shrink with ``time_scale``, and so do the steps from one process to the next. Pauses,
restarts and skews do not: they belong to machines.
"""

from collections.abc import Iterable, Iterator

from tokenrace.clock import Ticks, shrunk
from tokenrace.scenario import Scenario, StrategyChoice
from tokenrace.scenario.faults import Fault
from tokenrace.simulation.fleet_faults import (
    CancelLeader,
    ClockOff,
    Crash,
    FleetFaults,
    Pause,
    Replace,
    Scale,
    StoreLoss,
    StoreTrouble,
)
from tokenrace.strategies.compose import Recipe
from tokenrace.strategies.composing import composed_of
from tokenrace.strategies.composition import scaled

Timed = tuple[int, Fault, Ticks]
"""A fault with its number and its instant in the run, which may be hurried."""


def recipe_of(choice: StrategyChoice, time_scale: float) -> Recipe:
    """Return what ``choice`` names, ``time_scale`` times as fast; code of the user's as it is."""
    if choice.own is not None:
        return choice.own
    composition = composed_of(choice.preset, dict(choice.axes), choice.settings)
    return scaled(composition, time_scale)


def fleet_faults(scenario: Scenario, time_scale: float) -> FleetFaults:
    """Return what befalls the fleet and its store."""
    timed = [
        (number, fault, shrunk(fault.at, time_scale))
        for number, fault in enumerate(scenario.faults)
    ]
    return FleetFaults(
        crashes=tuple(_crashes(timed)),
        pauses=tuple(_pauses(timed)),
        replacements=tuple(_replacements(scenario, time_scale)),
        scalings=tuple(_scalings(timed)),
        clocks=tuple(_clocks(timed)),
        cancellations=tuple(_cancellations(timed)),
        store_troubles=tuple(_store_troubles(timed, time_scale)),
        store_losses=tuple(_store_losses(timed)),
    )


def _crashes(timed: Iterable[Timed]) -> Iterator[Crash]:
    for number, fault, at in timed:
        if (crash := fault.crash) is not None:
            yield Crash(
                fault=number,
                at=at,
                process=crash.process,
                point=None if crash.when == "at_once" else crash.when,
                restart=crash.restart,
            )


def _pauses(timed: Iterable[Timed]) -> Iterator[Pause]:
    for number, fault, at in timed:
        if (pause := fault.pause) is not None:
            yield Pause(
                fault=number,
                at=at,
                process=pause.process,
                span=pause.duration,
                is_suspended=pause.monotonic == "stops",
            )


def _replacements(scenario: Scenario, time_scale: float) -> Iterator[Replace]:
    """Yield the restarts, process by process, of the processes that there are at first."""
    for number, fault in enumerate(scenario.faults):
        steps = fault.rolling_restart or fault.deploy
        if steps is None:
            continue
        choice = None if fault.deploy is None else fault.deploy.strategy
        recipe = None if choice is None else recipe_of(choice, time_scale)
        for process in range(scenario.fleet.processes):
            yield Replace(
                fault=number,
                at=shrunk(fault.at + process * steps.every, time_scale),
                process=process,
                recipe=recipe,
                newest_secret=fault.deploy is not None and fault.deploy.secret is not None,
            )


def _scalings(timed: Iterable[Timed]) -> Iterator[Scale]:
    for number, fault, at in timed:
        if (scale := fault.scale) is not None:
            yield Scale(fault=number, at=at, processes=scale.processes)


def _clocks(timed: Iterable[Timed]) -> Iterator[ClockOff]:
    for number, fault, at in timed:
        if (clock := fault.clock) is not None:
            yield ClockOff(
                fault=number,
                at=at,
                process=clock.process,
                offset=clock.offset(),
                drift_ppm=clock.drift_ppm,
            )


def _cancellations(timed: Iterable[Timed]) -> Iterator[CancelLeader]:
    for number, fault, at in timed:
        if (cancel := fault.cancel_leader) is not None:
            yield CancelLeader(fault=number, at=at, process=cancel.process, after=cancel.after)


def _store_troubles(timed: Iterable[Timed], time_scale: float) -> Iterator[StoreTrouble]:
    for number, fault, at in timed:
        if (down := fault.store_down) is not None:
            until = at + shrunk(down.duration, time_scale)
            yield StoreTrouble(fault=number, at=at, until=until, kind="down")
        if (slow := fault.store_slow) is not None:
            until = at + shrunk(slow.duration, time_scale)
            yield StoreTrouble(fault=number, at=at, until=until, kind="slow", by=slow.by)
        if (lag := fault.replica_lag) is not None:
            until = at + shrunk(lag.duration, time_scale)
            yield StoreTrouble(fault=number, at=at, until=until, kind="lag", by=lag.lag)


def _store_losses(timed: Iterable[Timed]) -> Iterator[StoreLoss]:
    for number, fault, at in timed:
        if fault.lose_lock is not None:
            yield StoreLoss(fault=number, at=at, kind="lock")
        if fault.lose_write is not None:
            yield StoreLoss(fault=number, at=at, kind="write")
