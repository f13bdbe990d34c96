"""What befalls the fleet and its store in a run, as values; either engine makes it happen.

Every fault has its number in the scenario, ``fault``, and leaves a ``FaultStruck`` in the trace at
the instant at which it really happens, which for some is later than it was armed.
"""

from dataclasses import dataclass
from typing import Literal

from simulator.clock import Ticks
from simulator.strategies.compose import Recipe

CrashPoint = Literal["before_issue", "issued_not_stored", "stored_not_released"]


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
    """Process ``process`` stands still from ``at`` for ``span``."""

    fault: int
    at: Ticks
    process: int
    span: Ticks


@dataclass(frozen=True, slots=True, kw_only=True)
class Replace:
    """Process ``process`` is killed at ``at`` and started again at once.

    With ``composition`` if it has one, and with the newest secret if ``newest_secret``; else with
    what it had.
    """

    fault: int
    at: Ticks
    process: int
    composition: Recipe | None = None
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
    cancelled, when the request has just left."""

    fault: int
    at: Ticks
    process: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreTrouble:
    """From ``at`` to ``until`` (exclusive) every call of the store fails, or takes ``by`` longer,
    or reads what was there ``by`` ago."""

    fault: int
    at: Ticks
    until: Ticks
    kind: Literal["down", "slow", "lag"]
    by: Ticks = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreLoss:
    """At ``at`` the lock is gone; or the first write of the record after ``at`` is not kept."""

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

    def processes_max(self, at_first: int) -> int:
        """Return how many processes the fleet has at its largest."""
        return max([at_first, *(scale.processes for scale in self.scalings)])
