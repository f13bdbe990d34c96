"""What a kind of fault does in a run, as values, and the words for it; either engine applies them.

Every fault has its number in the scenario, ``fault``, and leaves a ``FaultStruck`` in the trace at
the instant at which it strikes, which for some is later than it was armed. Instants and steps from
one process to the next shrink with ``time_scale``. Pauses, restarts and skews do not: they belong
to machines.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from tokenrace.arrivals import Poisson, gaps
from tokenrace.clock import Ticks, seconds
from tokenrace.fleet.crash_points import CrashPoint
from tokenrace.provider.lifecycle import Change
from tokenrace.strategies.compose import Recipe

if TYPE_CHECKING:  # what draws numbers is not for those who only check a file
    from tokenrace.rng import Streams

AT_POINT: dict[CrashPoint | None, str] = {
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Crash:
    """Process ``process`` is killed at ``at``, or the first time after it that it comes to
    ``point``; ``restart`` ticks later it is started again."""

    fault: int
    at: Ticks
    process: int
    point: CrashPoint | None
    restart: Ticks

    def describe(self) -> str:
        """Return what it does when it strikes, as a trace says it on either engine."""
        return f"process {self.process} is killed{AT_POINT[self.point]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """Process ``process`` stands still from ``at`` for ``span``; so does its monotonic clock, if
    ``is_suspended``."""

    fault: int
    at: Ticks
    process: int
    span: Ticks
    is_suspended: bool = True

    def describe(self) -> str:
        """Return what it does when it strikes, as a trace says it on either engine."""
        return f"process {self.process} stands still for {seconds(self.span):g} s"


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

    def describe(self) -> str:
        """Return what it does when it strikes, as a trace says it on either engine."""
        return f"process {self.process} is replaced"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """From ``at`` on the fleet has ``processes`` processes: 0 to that minus one."""

    fault: int
    at: Ticks
    processes: int

    def describe(self) -> str:
        """Return what it does when it strikes, as a trace says it on either engine."""
        return f"the fleet has {self.processes} processes from now on"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockOff:
    """From ``at`` on the clock of ``process`` is ``offset`` ahead and gains ``drift_ppm``."""

    fault: int
    at: Ticks
    process: int
    offset: Ticks
    drift_ppm: int

    def describe(self) -> str:
        """Return what it does when it strikes, as a trace says it on either engine."""
        side = "behind" if self.offset < 0 else "ahead"
        off = f"is {seconds(abs(self.offset)):g} s {side} and gains {self.drift_ppm} ppm"
        return f"the clock of process {self.process} {off}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelLeader:
    """At the next token request of ``process`` after ``at``, the caller who has waited longest is
    cancelled, ``after`` the request has left."""

    fault: int
    at: Ticks
    process: int
    after: Ticks = 0

    def describe(self) -> str:
        """Return what it does when it strikes, as a trace says it on either engine."""
        return f"the caller of process {self.process} who has waited longest is cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreTrouble:
    """From ``at`` to ``until`` (exclusive) every call made of the store fails, or takes ``by``
    longer; or reads that arrive see what was there ``by`` ago."""

    fault: int
    at: Ticks
    until: Ticks
    kind: Literal["down", "slow", "lag"]
    by: Ticks = 0

    def describe(self) -> str:
        """Return what it does when it strikes, as a trace says it on either engine."""
        return f"{_TROUBLES[self.kind]}, for {seconds(self.until - self.at):g} s"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreLoss:
    """The lock held at ``at``, or else the first taken after it, is gone; or the first write of the
    record from ``at`` on is acknowledged and not kept."""

    fault: int
    at: Ticks
    kind: Literal["lock", "write"]

    def describe(self) -> str:
        """Return what it does when it strikes, as a trace says it on either engine."""
        return "the lock is gone" if self.kind == "lock" else "a write is not kept"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedChange:
    """``change`` happens to the app at ``at``, as one of the scenario's faults."""

    at: Ticks
    fault: int
    change: Change

    def describe(self) -> str:
        """Return what a trace says when it strikes."""
        return "the app changes"


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondMinter:
    """Somebody outside the fleet has the app's credentials, and asks for tokens at random.

    From ``begins`` to ``ends``, exclusive. Its requests take no time and it uses no token.
    """

    fault: int
    begins: Ticks
    ends: Ticks
    rate_hz: float

    def asks_at(self, streams: "Streams") -> Iterator[Ticks]:
        """Yield the instants at which it asks."""
        pauses = streams.spans(f"minter/{self.fault}", gaps(Poisson(self.rate_hz), 1))
        at = self.begins + pauses.next()
        while at < self.ends:
            yield at
            at += pauses.next()

    def describe(self, asked_by: str) -> str:
        """Return what a trace says when it asks for the first time, in the name ``asked_by``."""
        return f"{asked_by} asks for its first token"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """Somebody outside the fleet, with the app's newest secret, tries whether the app works.

    At ``begins`` and ``every`` so often until ``ends``, exclusive: has a token issued and makes one
    call with it as soon as it is there.
    """

    fault: int
    begins: Ticks
    ends: Ticks
    every: Ticks

    def describe(self) -> str:
        """Return what a trace says when it strikes."""
        return "somebody tries a token of their own"


FleetFault = Crash | Pause | Replace | Scale | ClockOff | CancelLeader
"""What strikes processes."""
StoreFault = StoreTrouble | StoreLoss
"""What strikes the store."""
