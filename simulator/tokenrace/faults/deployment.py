"""The kinds of fault of a deployment: restarts one by one, another size, another version."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field, PlainSerializer, PlainValidator, WithJsonSchema, model_validator

from tokenrace.faults.kind import FaultSection, Planning, Setting
from tokenrace.faults.planned import Replace, Scale
from tokenrace.fields.choices import (
    StrategyChoice,
    engine_flaws,
    read_strategy,
    write_strategies,
)
from tokenrace.fields.flaws import Flaw, Loc, refusal
from tokenrace.fields.values import SCALED, PositiveSpan
from tokenrace.user_code.command import Command

_EVERY = f"How long after one process the next one follows. {SCALED}"

Strategy = Annotated[
    StrategyChoice,
    PlainValidator(read_strategy),
    PlainSerializer(lambda choice: write_strategies((choice,))[0]),
    WithJsonSchema({"description": "As an entry of strategies."}),
]


class RollingRestartSection(FaultSection):
    """Every process is killed and started again, one after the other."""

    every: PositiveSpan = Field(description=_EVERY)

    def label(self) -> str:
        """Return what a plot calls this."""
        return "rolling restart"

    def planned(self, planning: Planning) -> Iterator[Replace]:
        """Yield the restart of each process that there is at first."""
        for process in range(planning.processes):
            at = planning.scaled(planning.written_at + process * self.every)
            yield Replace(fault=planning.number, at=at, process=process)


class ScaleSection(FaultSection):
    """The fleet has another number of processes from now on; the last ones come and go first.

    Those that go are ended as by SIGTERM in a service that does not handle it: as by a crash, what
    they had in flight counts as unknown and a lease they hold lapses. Those that come work as much
    as each of the others, so that the fleet's load changes with its size.
    """

    processes: int = Field(ge=1, le=10_000, description="How many processes there are then.")

    def label(self) -> str:
        """Return what a plot calls this."""
        return f"scaled to {self.processes} process{'es' if self.processes > 1 else ''}"

    def planned(self, planning: Planning) -> Iterator[Scale]:
        """Yield the one change of size."""
        yield Scale(fault=planning.number, at=planning.at, processes=self.processes)


class DeploySection(FaultSection):
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

    def planned(self, planning: Planning) -> Iterator[Replace]:
        """Yield the replacement of each process that there is at first."""
        choice = self.strategy
        recipe = None if choice is None else planning.recipe_of(choice, planning.time_scale)
        for process in range(planning.processes):
            yield Replace(
                fault=planning.number,
                at=planning.scaled(planning.written_at + process * self.every),
                process=process,
                recipe=recipe,
                newest_secret=self.secret is not None,
            )

    def violations(self, at: Loc, setting: Setting) -> Iterator[Flaw]:
        """Yield that the strategy has a broker, or cannot run on the engine."""
        if self.strategy is None:
            return
        if self.strategy.has_broker():
            message = "cannot have a broker: a fleet has one from its start or not at all"
            yield Flaw((*at, "strategy"), message)
        yield from engine_flaws(self.strategy, (*at, "strategy"), setting.engine)

    def command_violations(self, at: Loc) -> Iterator[Flaw]:
        """Yield that what is deployed is a program of the user's."""
        if self.strategy is not None and isinstance(self.strategy.own, Command):
            yield Flaw((*at, "strategy"), "cannot be a command: name it in strategies")

    def over_command(self, at: Loc, why: str) -> Iterator[Flaw]:
        """Yield that a program runs no strategy of ours."""
        if self.strategy is not None:
            yield Flaw((*at, "strategy"), f"is {why}: it stays what it is")
