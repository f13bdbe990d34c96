"""The kinds of fault that befall the fleet: its processes, their clocks, what they run."""

from typing import Annotated, Literal

from pydantic import (
    Field,
    PlainSerializer,
    PlainValidator,
    WithJsonSchema,
    model_validator,
)

from tokenrace.fields.choices import StrategyChoice, read_strategy, write_strategies
from tokenrace.fields.flaws import Flaw, refusal
from tokenrace.fields.units import write_span
from tokenrace.fields.values import PositiveSpan, Section, Span
from tokenrace.scenario.fault_kinds import Spell

CrashPoint = Literal["before_issue", "issued_not_stored", "stored_not_released"]
PPM_MAX = 100_000
_POINTS: dict[CrashPoint, str] = {
    "before_issue": "before its next token request",
    "issued_not_stored": "with a token not stored yet",
    "stored_not_released": "with its lock not released yet",
}
_SCALED = "Divided by run.time_scale on the wire engine."
_UNSCALED = "Not changed by run.time_scale."
_PROCESS = "The number of the process, from 0."
_EVERY = f"How long after one process the next one follows. {_SCALED}"


Strategy = Annotated[
    StrategyChoice,
    PlainValidator(read_strategy),
    PlainSerializer(lambda choice: write_strategies((choice,))[0]),
    WithJsonSchema({"description": "As an entry of strategies."}),
]


class CrashSection(Section):
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
        description=f"How long after its death the process is started again. {_UNSCALED}",
    )

    def label(self) -> str:
        """Return what a plot calls this."""
        point = "" if self.when == "at_once" else f" {_POINTS[self.when]}"
        return f"process {self.process} dies{point}"


class PauseSection(Spell):
    """A process stands still, as its machine is suspended; nothing is lost.

    Operations of an open workload that are due meanwhile begin when it goes on. Pauses that overlap
    end together, with the last. What a class of one's own reads from ``time.monotonic`` stands
    still as well and ``time.time`` does not; with ``monotonic: runs`` both go on, as under SIGSTOP
    or in a long collection of garbage.
    """

    duration: PositiveSpan = Field(alias="for", description=f"How long. {_UNSCALED}")
    process: int = Field(ge=0, description=_PROCESS)
    monotonic: Literal["stops", "runs"] = Field(
        default="stops",
        description="Whether the monotonic clock of a class of one's own stands still as well.",
    )

    def label(self) -> str:
        """Return what a plot calls this."""
        return f"process {self.process} pauses for {write_span(self.duration)}"


class RollingRestartSection(Section):
    """Every process is killed and started again, one after the other."""

    every: PositiveSpan = Field(description=_EVERY)

    def label(self) -> str:
        """Return what a plot calls this."""
        return "rolling restart"


class ScaleSection(Section):
    """The fleet has another number of processes from now on; the last ones come and go first.

    Those that go are ended as by SIGTERM in a service that does not handle it: as by a crash, what
    they had in flight counts as unknown and a lease they hold lapses. Those that come work as much
    as each of the others, so that the fleet's load changes with its size.
    """

    processes: int = Field(ge=1, le=10_000, description="How many processes there are then.")

    def label(self) -> str:
        """Return what a plot calls this."""
        return f"scaled to {self.processes} process{'es' if self.processes > 1 else ''}"


class DeploySection(Section):
    """Process by process, each is killed and started again with something new: those that there are
    at first.

    A process keeps its secret until another is deployed, through every restart.
    """

    strategy: Strategy | None = Field(
        default=None, description="The strategy it runs from then on, as an entry of strategies."
    )
    secret: Literal["newest"] | None = Field(
        default=None, description="newest: it asks with the newest secret from then on."
    )
    every: PositiveSpan = Field(description=_EVERY)

    @model_validator(mode="after")
    def _check_something_is_new(self) -> "DeploySection":
        if self.strategy is None and self.secret is None:
            raise refusal([Flaw((), "must deploy a strategy or a secret")])
        return self

    def label(self) -> str:
        """Return what a plot calls this."""
        strategy = [] if self.strategy is None else [self.strategy.name]
        return "deploy of " + " and ".join(strategy + ["secret"] * (self.secret is not None))


class ClockSection(Section):
    """A process's clock is off from now on: ahead or behind, and gaining or losing.

    It is the clock by which the process judges how old a token is; of a class of one's own,
    ``time.time`` and ``datetime``, and ``time.monotonic`` gains or loses with it but cannot be set.
    A sleep under way when it is set
    goes on as it is; the oracle, which knows the provider's clock, has no use for it.
    """

    process: int = Field(ge=0, description=_PROCESS)
    ahead: Span = Field(
        default="0s", validate_default=True, description=f"How far ahead. {_UNSCALED}"
    )
    behind: Span = Field(
        default="0s", validate_default=True, description=f"How far behind. {_UNSCALED}"
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

    def offset(self) -> int:
        """Return how far ahead the clock is, in ticks; negative: behind."""
        return self.ahead - self.behind


class CancelLeaderSection(Section):
    """While the process's next refresh is under way, the caller who waits longest is cancelled.

    As by a request timeout: its operation ends as unknown; what follows is the control's. Where
    nobody waits at that instant, the refresh after that one is struck.
    """

    process: int = Field(ge=0, description=_PROCESS)
    after: Span = Field(
        default="0s",
        validate_default=True,
        description=f"How long after the token request has left. {_UNSCALED}",
    )

    def label(self) -> str:
        """Return what a plot calls this."""
        return f"process {self.process}: leader cancelled"
