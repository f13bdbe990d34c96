"""The kinds of fault of one process: killed, suspended, its clock off, its leader cancelled."""

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from tokenrace.clock import Ticks
from tokenrace.faults.kind import FaultSection, Planning, Setting, Spell, process_violations
from tokenrace.faults.planned import AT_POINT, CancelLeader, ClockOff, Crash, Pause
from tokenrace.fields.flaws import Flaw, Loc
from tokenrace.fields.units import write_span
from tokenrace.fields.values import UNSCALED, PositiveSpan, Span
from tokenrace.fleet.crash_points import CrashPoint

PPM_MAX = 100_000
_PROCESS = "The number of the process, from 0."


class CrashSection(FaultSection):
    """A process is killed, and its workers with it: at once, or at a point of its next refresh.

    What it had in flight counts as unknown, and arrives. A lease it holds is not given back and
    lapses; a lock on a row or a file ends with its holder, and so does what was written within its
    transaction. Started again it begins with an empty memory, and with the secret it had.
    """

    process: int = Field(ge=0, description=_PROCESS)
    when: Literal["at_once", CrashPoint] = Field(
        default="at_once",
        description="at_once, or the next time after that when a token request is about to leave "
        "(before_issue), its token is not stored yet (issued_not_stored), or its token is stored "
        "and the lock not given back yet (stored_not_released).",
    )
    restart: Span = Field(
        default="1s",
        validate_default=True,
        description=f"How long after its death the process is started again. {UNSCALED}",
    )

    def label(self) -> str:
        """Return what a plot calls this."""
        return f"process {self.process} dies{AT_POINT[self._point()]}"

    def planned(self, planning: Planning) -> Iterator[Crash]:
        """Yield the one crash."""
        yield Crash(
            fault=planning.number,
            at=planning.at,
            process=self.process,
            point=self._point(),
            restart=self.restart,
        )

    def violations(self, at: Loc, setting: Setting) -> Iterator[Flaw]:
        """Yield that there never is such a process."""
        yield from process_violations(self.process, at, setting.processes_max)

    def over_command(self, at: Loc, why: str) -> Iterator[Flaw]:
        """Yield that a program does not tell where it is in a refresh."""
        if self.when != "at_once":
            rest = "only at_once will do, as nobody sees where it is in a refresh"
            yield Flaw((*at, "when"), f"{self.when} is {why}: {rest}")

    def _point(self) -> CrashPoint | None:
        return None if self.when == "at_once" else self.when


class PauseSection(Spell):
    """A process stands still, as its machine is suspended; nothing is lost.

    Operations of an open workload that are due meanwhile begin when it goes on. Pauses that overlap
    end together, with the last. What a class of one's own reads from ``time.monotonic`` stands
    still as well and ``time.time`` does not; with ``monotonic: runs`` both go on, as under SIGSTOP
    or in a long collection of garbage.
    """

    duration: PositiveSpan = Field(alias="for", description=f"How long. {UNSCALED}")
    process: int = Field(ge=0, description=_PROCESS)
    monotonic: Literal["stops", "runs"] = Field(
        default="stops",
        description="Whether the monotonic clock of a class of one's own stands still as well.",
    )

    def label(self) -> str:
        """Return what a plot calls this."""
        return f"process {self.process} pauses for {write_span(self.duration)}"

    def planned(self, planning: Planning) -> Iterator[Pause]:
        """Yield the one pause."""
        yield Pause(
            fault=planning.number,
            at=planning.at,
            process=self.process,
            span=self.duration,
            is_suspended=self.monotonic == "stops",
        )

    def violations(self, at: Loc, setting: Setting) -> Iterator[Flaw]:
        """Yield that there never is such a process."""
        yield from process_violations(self.process, at, setting.processes_max)


class ClockSection(FaultSection):
    """A process's clock is off from now on: ahead or behind, and gaining or losing.

    It is the clock by which the process judges how old a token is; of a class of one's own,
    ``time.time`` and ``datetime``, and ``time.monotonic`` gains or loses with it but cannot be set.
    A sleep under way when it is set goes on as it is. The oracle, which knows the provider's clock,
    has no use for it.
    """

    process: int = Field(ge=0, description=_PROCESS)
    ahead: Span = Field(
        default="0s", validate_default=True, description=f"How far ahead. {UNSCALED}"
    )
    behind: Span = Field(
        default="0s", validate_default=True, description=f"How far behind. {UNSCALED}"
    )
    drift_ppm: int = Field(
        default=0,
        ge=-PPM_MAX,
        le=PPM_MAX,
        description="How many microseconds it gains in a second; negative: loses.",
    )

    def label(self) -> str:
        """Return what a plot calls this."""
        return f"process {self.process}'s clock is off"

    def offset(self) -> Ticks:
        """Return how far ahead the clock is, negative: behind."""
        return self.ahead - self.behind

    def planned(self, planning: Planning) -> Iterator[ClockOff]:
        """Yield the one setting of the clock."""
        yield ClockOff(
            fault=planning.number,
            at=planning.at,
            process=self.process,
            offset=self.offset(),
            drift_ppm=self.drift_ppm,
        )

    def violations(self, at: Loc, setting: Setting) -> Iterator[Flaw]:
        """Yield that there never is such a process, or that its clock would be right."""
        yield from process_violations(self.process, at, setting.processes_max)
        if self.ahead and self.behind:
            yield Flaw(at, "must be ahead or behind, not both")
        if not self.offset() and not self.drift_ppm:
            yield Flaw(at, "must be off: say ahead, behind or drift_ppm")

    def over_command(self, at: Loc, why: str) -> Iterator[Flaw]:
        """Yield that a program's clock is not ours to set."""
        yield Flaw(at, f"is {why}: it has the machine's clock")


class CancelLeaderSection(FaultSection):
    """While the process's next refresh is under way, the caller who waits longest is cancelled.

    As by a request timeout: its operation ends as unknown; what follows is the control's. Where
    nobody waits at that instant, the refresh after that one is struck.
    """

    process: int = Field(ge=0, description=_PROCESS)
    after: Span = Field(
        default="0s",
        validate_default=True,
        description=f"How long after the token request has left. {UNSCALED}",
    )

    def label(self) -> str:
        """Return what a plot calls this."""
        return f"process {self.process}: leader cancelled"

    def planned(self, planning: Planning) -> Iterator[CancelLeader]:
        """Yield the one cancellation."""
        yield CancelLeader(
            fault=planning.number, at=planning.at, process=self.process, after=self.after
        )

    def violations(self, at: Loc, setting: Setting) -> Iterator[Flaw]:
        """Yield that there never is such a process."""
        yield from process_violations(self.process, at, setting.processes_max)

    def over_command(self, at: Loc, why: str) -> Iterator[Flaw]:
        """Yield that nobody reaches the callers in a program."""
        yield Flaw(at, f"is {why}: it has callers that nobody else can cancel")
