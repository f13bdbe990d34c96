"""What befalls the fleet and its store in a run, as values; either engine makes it happen.

Every fault has its number in the scenario, ``fault``, and leaves a ``FaultStruck`` in the trace at
the instant at which it really happens, which for some is later than it was armed.
"""

from dataclasses import dataclass
from typing import Literal, assert_never

from tokenrace.clock import Ticks, seconds
from tokenrace.fleet.crash_points import CrashPoint
from tokenrace.strategies.compose import Recipe


@dataclass(frozen=True, slots=True, kw_only=True)
class Crash:
    """Process ``process`` is killed at ``at``, or the first time after it that it comes to
    ``point``; ``restart`` ticks later it is started again."""

    fault: int
    at: Ticks
    process: int
    point: CrashPoint | None
    restart: Ticks


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """Process ``process`` stands still from ``at`` for ``span``; so does its monotonic clock, if
    ``is_suspended``."""

    fault: int
    at: Ticks
    process: int
    span: Ticks
    is_suspended: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Replace:
    """Process ``process`` is killed at ``at`` and started again at once.

    With ``recipe`` if it has one, and with the newest secret if ``newest_secret``; else with
    what it had.
    """

    fault: int
    at: Ticks
    process: int
    recipe: Recipe | None = None
    newest_secret: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """From ``at`` on the fleet has ``processes`` processes: 0 to that minus one."""

    fault: int
    at: Ticks
    processes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockOff:
    """From ``at`` on the clock of ``process`` is ``offset`` ahead and gains ``drift_ppm``."""

    fault: int
    at: Ticks
    process: int
    offset: Ticks
    drift_ppm: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelLeader:
    """At the next token request of ``process`` after ``at``, the caller who has waited longest is
    cancelled, ``after`` the request has left."""

    fault: int
    at: Ticks
    process: int
    after: Ticks = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreTrouble:
    """From ``at`` to ``until`` (exclusive) every call made of the store fails, or takes ``by``
    longer; or reads that arrive see what was there ``by`` ago."""

    fault: int
    at: Ticks
    until: Ticks
    kind: Literal["down", "slow", "lag"]
    by: Ticks = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreLoss:
    """The lock held at ``at``, or else the first taken after it, is gone; or the first write of the
    record from ``at`` on is acknowledged and not kept."""

    fault: int
    at: Ticks
    kind: Literal["lock", "write"]


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

    def befall_processes(self) -> bool:
        """Return whether any process is stopped, killed or disturbed."""
        return bool(
            self.crashes or self.pauses or self.replacements or self.scalings or self.cancellations
        )

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


_POINTS: dict[CrashPoint | None, str] = {
    None: "",
    "before_issue": " before its next token request",
    "issued_not_stored": " with a token not stored yet",
    "stored_not_released": " with its lock not released yet",
}
_TROUBLES = {
    "down": "the store is down",
    "slow": "the store is slow",
    "lag": "reads of the store lag",
}


def in_words(  # noqa: PLR0911 - one for each kind of fault
    fault: Crash | Pause | Replace | Scale | ClockOff | CancelLeader | StoreTrouble | StoreLoss,
) -> str:
    """Return what ``fault`` does when it strikes, as a trace says it on either engine."""
    match fault:
        case Crash():
            return f"process {fault.process} is killed{_POINTS[fault.point]}"
        case Pause():
            return f"process {fault.process} stands still for {seconds(fault.span):g} s"
        case Replace():
            return f"process {fault.process} is replaced"
        case Scale():
            return f"the fleet has {fault.processes} processes from now on"
        case ClockOff():
            side = "behind" if fault.offset < 0 else "ahead"
            off = f"is {seconds(abs(fault.offset)):g} s {side} and gains {fault.drift_ppm} ppm"
            return f"the clock of process {fault.process} {off}"
        case CancelLeader():
            return f"the caller of process {fault.process} who has waited longest is cancelled"
        case StoreTrouble():
            return f"{_TROUBLES[fault.kind]}, for {seconds(fault.until - fault.at):g} s"
        case StoreLoss():
            return "the lock is gone" if fault.kind == "lock" else "a write is not kept"
        case _:
            assert_never(fault)
