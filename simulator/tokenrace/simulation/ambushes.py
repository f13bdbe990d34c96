"""Faults that wait for a process to come to a point: which of them strikes, and when. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from tokenrace.clock import Ticks
from tokenrace.fleet.crash_points import CrashPoint
from tokenrace.simulation.fleet_faults import CancelLeader, Crash, FleetFaults

T = TypeVar("T", Crash, CancelLeader)


@dataclass(slots=True)
class Ambushes:
    """Those that have not struck yet; each strikes once, whichever life the process is in."""

    crashes: list[Crash] = field(default_factory=list)
    cancellations: list[CancelLeader] = field(default_factory=list)

    @classmethod
    def of(cls, faults: FleetFaults) -> "Ambushes":
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


def _in_order(faults: Iterable[T]) -> list[T]:
    return sorted(faults, key=lambda fault: fault.at)
