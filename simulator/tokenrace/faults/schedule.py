"""When the faults of a run strike: those of each subject, the provider's timeline, armed faults.

Either engine takes the timeline's entries one by one and makes each happen at its instant. An armed
fault waits for a process to come to a point.
"""

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

from tokenrace.clock import Ticks
from tokenrace.faults.planned import (
    CancelLeader,
    ClockOff,
    Crash,
    FleetFault,
    Pause,
    PlannedChange,
    Replace,
    Scale,
    SecondMinter,
    StoreFault,
    StoreLoss,
    StoreTrouble,
    Trial,
)
from tokenrace.fleet.crash_points import CrashPoint
from tokenrace.network.fates import Partition
from tokenrace.provider.bursts import Burst
from tokenrace.provider.lifecycle import Change
from tokenrace.provider.messages import TokenRequest
from tokenrace.rng import Streams
from tokenrace.trace.events import FaultStruck

ProviderFault = PlannedChange | SecondMinter | Trial | Burst
"""What strikes the provider."""
PlannedFault = FleetFault | StoreFault | ProviderFault | Partition
"""Every fault of a run."""
T = TypeVar("T")
A = TypeVar("A", Crash, CancelLeader)


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetFaults:
    """All that befalls the fleet and its store in one run."""

    crashes: tuple[Crash, ...] = ()
    pauses: tuple[Pause, ...] = ()
    replacements: tuple[Replace, ...] = ()
    scalings: tuple[Scale, ...] = ()
    clocks: tuple[ClockOff, ...] = ()
    cancellations: tuple[CancelLeader, ...] = ()
    store_troubles: tuple[StoreTrouble, ...] = ()
    store_losses: tuple[StoreLoss, ...] = ()

    @classmethod
    def of(cls, planned: Sequence[PlannedFault]) -> "FleetFaults":
        """Return those of the fleet and the store among ``planned``."""
        return cls(
            crashes=_all(Crash, planned),
            pauses=_all(Pause, planned),
            replacements=_all(Replace, planned),
            scalings=_all(Scale, planned),
            clocks=_all(ClockOff, planned),
            cancellations=_all(CancelLeader, planned),
            store_troubles=_all(StoreTrouble, planned),
            store_losses=_all(StoreLoss, planned),
        )

    def of_fleet(self) -> list[FleetFault]:
        """Return what strikes processes; at one instant, in the scenario's order."""
        every: list[FleetFault] = [
            *self.crashes,
            *self.replacements,
            *self.pauses,
            *self.scalings,
            *self.clocks,
            *self.cancellations,
        ]
        return sorted(every, key=lambda fault: (fault.at, fault.fault))

    def of_store(self) -> list[StoreFault]:
        """Return what strikes the store; at one instant, in the scenario's order."""
        every: list[StoreFault] = [*self.store_losses, *self.store_troubles]
        return sorted(every, key=lambda fault: (fault.at, fault.fault))

    def befall_processes(self) -> bool:
        """Return whether any process is stopped, killed or disturbed."""
        return bool(self.disturbances())

    def disturbances(self) -> list[Ticks]:
        """Return the instants at which a process is stopped, killed or disturbed, in order. One
        that waits for a process to come to a point is told of when it is armed."""
        timed = (
            self.crashes,
            self.pauses,
            self.replacements,
            self.scalings,
            self.cancellations,
        )
        return sorted(fault.at for faults in timed for fault in faults)

    def need_watch(self) -> bool:
        """Return whether any fault waits for a process to come to a point."""
        return bool(self.cancellations) or any(crash.point for crash in self.crashes)

    def lag_max(self) -> Ticks:
        """Return how far reads of the store are behind at most."""
        return max([0, *(each.by for each in self.store_troubles if each.kind == "lag")])

    def processes_max(self, at_first: int) -> int:
        """Return how many processes the fleet has at its largest."""
        return max([at_first, *(scale.processes for scale in self.scalings)])


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderFaults:
    """All that goes wrong at the provider in one run."""

    changes: tuple[PlannedChange, ...] = ()
    minters: tuple[SecondMinter, ...] = ()
    bursts: tuple[Burst, ...] = ()
    trials: tuple[Trial, ...] = ()

    @classmethod
    def of(cls, planned: Sequence[PlannedFault]) -> "ProviderFaults":
        """Return those of the provider among ``planned``."""
        return cls(
            changes=_all(PlannedChange, planned),
            minters=_all(SecondMinter, planned),
            bursts=_all(Burst, planned),
            trials=_all(Trial, planned),
        )


class Happening(NamedTuple):
    """``what`` happens at ``at``; ``struck`` is what a trace says of it, if anything."""

    at: Ticks
    what: Change | TokenRequest | Trial
    struck: FaultStruck | None


def timeline(
    faults: ProviderFaults, request: TokenRequest, streams: Streams
) -> Iterator[Happening]:
    """Yield what happens, in order; a second minter sends ``request`` in its own name."""
    changes = sorted(faults.changes, key=lambda planned: planned.at)
    minters = (_mints(minter, request, streams) for minter in faults.minters)
    trials = map(_tries, faults.trials)
    yield from heapq.merge(map(_happening, changes), *minters, *trials, key=lambda each: each.at)


def _happening(planned: PlannedChange) -> Happening:
    struck = FaultStruck(at=planned.at, fault=planned.fault, what=planned.describe())
    return Happening(planned.at, planned.change, struck)


def _mints(minter: SecondMinter, request: TokenRequest, streams: Streams) -> Iterator[Happening]:
    for number, at in enumerate(minter.asks_at(streams)):
        what = minter.describe(request.asked_by)
        struck = FaultStruck(at=at, fault=minter.fault, what=what)
        yield Happening(at, request, None if number else struck)


def _tries(trial: Trial) -> Iterator[Happening]:
    for at in range(trial.begins, trial.ends, trial.every):
        first = FaultStruck(at=at, fault=trial.fault, what=trial.describe())
        yield Happening(at, trial, first if at == trial.begins else None)


@dataclass(slots=True)
class ArmedFaults:
    """Faults that wait for a process to come to a point. Each strikes once, in any of its lives."""

    crashes: list[Crash] = field(default_factory=list)
    cancellations: list[CancelLeader] = field(default_factory=list)

    @classmethod
    def of(cls, faults: FleetFaults) -> "ArmedFaults":
        """Return those among ``faults``."""
        at_points = [crash for crash in faults.crashes if crash.point is not None]
        return cls(_in_order(at_points), _in_order(faults.cancellations))

    def crash_at(self, process: int, point: CrashPoint, now: Ticks) -> Crash | None:
        """Return what kills ``process``, which is at ``point`` ``now``; it is then spent."""
        for crash in self.crashes:
            if crash.at <= now and crash.process == process and crash.point == point:
                self.crashes.remove(crash)
                return crash
        return None

    def cancellation(self, process: int, now: Ticks) -> CancelLeader | None:
        """Return what cancels a caller of ``process``, of which a token request has just left."""
        for cancellation in self.cancellations:
            if cancellation.at <= now and cancellation.process == process:
                return cancellation
        return None

    def has_cancelled(self, cancellation: CancelLeader) -> None:
        """Take ``cancellation`` as spent: there was a caller to cancel, or its instant is near."""
        self.cancellations.remove(cancellation)

    def wait_again(self, cancellation: CancelLeader) -> None:
        """Keep ``cancellation`` for the next request: nobody waited when its instant came."""
        self.cancellations.insert(0, cancellation)


def _in_order(faults: Iterable[A]) -> list[A]:
    return sorted(faults, key=lambda fault: fault.at)


def _all(kind: type[T], planned: Sequence[PlannedFault]) -> tuple[T, ...]:
    return tuple(fault for fault in planned if isinstance(fault, kind))
