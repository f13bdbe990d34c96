"""From the faults of the fleet that a user wrote to those an engine makes happen.

The instants shrink with ``time_scale``, and so do the steps from one process to the next. Pauses,
restarts and skews do not: they belong to machines.
"""

from collections.abc import Iterator

from simulator.clock import Ticks, shrunk
from simulator.scenario import Scenario, StrategyChoice
from simulator.scenario.faults import Fault
from simulator.simulation.fleet_faults import (
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
from simulator.strategies.compose import Recipe
from simulator.strategies.composing import composed_of
from simulator.strategies.composition import scaled


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
        crashes=tuple(
            Crash(
                fault=number,
                at=at,
                process=crash.process,
                point=None if crash.when == "at_once" else crash.when,
                restart=crash.restart,
            )
            for number, fault, at in timed
            if (crash := fault.crash) is not None
        ),
        pauses=tuple(
            Pause(fault=number, at=at, process=pause.process, span=pause.duration)
            for number, fault, at in timed
            if (pause := fault.pause) is not None
        ),
        replacements=tuple(
            replacement
            for number, fault, _ in timed
            for replacement in _replacements(scenario, number, fault, time_scale)
        ),
        scalings=tuple(
            Scale(fault=number, at=at, processes=fault.scale.processes)
            for number, fault, at in timed
            if fault.scale is not None
        ),
        clocks=tuple(
            ClockOff(
                fault=number,
                at=at,
                process=clock.process,
                offset=clock.offset(),
                drift_ppm=clock.drift_ppm,
            )
            for number, fault, at in timed
            if (clock := fault.clock) is not None
        ),
        cancellations=tuple(
            CancelLeader(fault=number, at=at, process=fault.cancel_leader.process)
            for number, fault, at in timed
            if fault.cancel_leader is not None
        ),
        store_troubles=tuple(
            trouble
            for number, fault, at in timed
            for trouble in _store_troubles(number, fault, at, time_scale)
        ),
        store_losses=tuple(
            StoreLoss(fault=number, at=at, kind="lock" if fault.lose_lock else "write")
            for number, fault, at in timed
            if fault.lose_lock is not None or fault.lose_write is not None
        ),
    )


def _replacements(
    scenario: Scenario, number: int, fault: Fault, time_scale: float
) -> Iterator[Replace]:
    """Yield the restarts, process by process, of the processes that there are at first."""
    steps = fault.rolling_restart or fault.deploy
    if steps is None:
        return
    choice = None if fault.deploy is None else fault.deploy.strategy
    composition = None if choice is None else recipe_of(choice, time_scale)
    for process in range(scenario.fleet.processes):
        yield Replace(
            fault=number,
            at=shrunk(fault.at + process * steps.every, time_scale),
            process=process,
            composition=composition,
            newest_secret=fault.deploy is not None and fault.deploy.secret is not None,
        )


def _store_troubles(
    number: int, fault: Fault, at: Ticks, time_scale: float
) -> Iterator[StoreTrouble]:
    if fault.store_down is not None:
        until = at + shrunk(fault.store_down.duration, time_scale)
        yield StoreTrouble(fault=number, at=at, until=until, kind="down")
    if (slow := fault.store_slow) is not None:
        until = at + shrunk(slow.duration, time_scale)
        yield StoreTrouble(fault=number, at=at, until=until, kind="slow", by=slow.by)
    if (lag := fault.replica_lag) is not None:
        until = at + shrunk(lag.duration, time_scale)
        yield StoreTrouble(fault=number, at=at, until=until, kind="lag", by=lag.lag)
