"""All runs of one scenario: every strategy under every seed, each leaving its trace.

Seeds are the outer loop, so that strategies take turns: what else the machine does meanwhile falls
on all of them alike.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Protocol

from tokenrace.clock import Ticks
from tokenrace.errors import RunError, RunFailed, RunLost, StoreUnreachable
from tokenrace.scenario import Scenario, StrategyChoice
from tokenrace.simulation.counted import Counted
from tokenrace.simulation.plan import RunPlan
from tokenrace.simulation.planning import plan_run
from tokenrace.simulation.repeating import has_own_class, how_another_differs
from tokenrace.trace.files import RecordedRun, TraceHeader, TraceWriter, unasked_for


class Engine(Protocol):
    """Makes runs happen: on the wire or on virtual time."""

    @property
    def name(self) -> str:
        """Its name in results."""
        ...

    def run(self, plan: RunPlan, writer: TraceWriter, report: Callable[[Ticks], None]) -> Counted:
        """Make one run: every event goes to ``writer``, in order; ``report`` hears how far it is.

        Raises:
            RunError: the run could not start or go on.
        """
        ...


class Watcher(Protocol):
    """Is told how an experiment goes on."""

    def began(self, strategy: str, seed: int, duration: Ticks) -> None:
        """A run began, which will last ``duration``."""
        ...

    def reached(self, at: Ticks) -> None:
        """The run under way has come to ``at``."""
        ...

    def ended(self) -> None:
        """The run under way ended."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """Which runs of ``scenario`` to make, ``time_scale`` times as fast as it is written.

    With ``repeats``, the first run of a class of the user's on virtual time is made twice, to see
    whether it is the same.
    """

    scenario: Scenario
    choices: tuple[StrategyChoice, ...]
    seeds: tuple[int, ...]
    time_scale: float
    repeats: bool = False

    def beside(self, choice: StrategyChoice) -> "Experiment":
        """Return this with ``choice`` run as well, unless one is called the same."""
        if any(choice.name == own.name for own in self.choices):
            return self
        return replace(self, choices=(*self.choices, choice))

    def plans(self) -> list[RunPlan]:
        """Return the plan of every run, in the order they are made."""
        return [
            plan_run(self.scenario, choice, seed, self.time_scale)
            for seed in self.seeds
            for choice in self.choices
        ]


def run_all(
    experiment: Experiment, engine: Engine, traces: Path, watcher: Watcher
) -> Iterator[RecordedRun]:
    """Make every run and yield it when its trace is complete, in the folder ``traces``.

    Raises:
        RunFailed: a run could not start or go on.
    """
    for outcome in outcomes_of(experiment, engine, traces, watcher):
        if isinstance(outcome, RunFailed):
            raise outcome
        yield outcome


def outcomes_of(
    experiment: Experiment, engine: Engine, traces: Path, watcher: Watcher
) -> Iterator[RecordedRun | RunFailed]:
    """Make every run and yield it when its trace is complete, in the folder ``traces``, or why it
    could not start or go on. A strategy that has failed is not run again, and leaves no trace.

    Raises:
        StoreUnreachable: the first run found no store. Where a later one finds none, the store has
            disappeared, and that run is lost.
    """
    failed: set[str] = set()
    has_run = False
    for plan in experiment.plans():
        if plan.strategy in failed:
            continue
        watcher.began(plan.strategy, plan.seed, plan.duration)
        try:
            outcome = _outcome(plan, experiment.time_scale, engine, traces, watcher)
        except StoreUnreachable as error:
            if not has_run:
                raise
            outcome = RunFailed(plan.strategy, plan.seed, str(error), is_lost=True)
        has_run = True
        if experiment.repeats and plan.seed == experiment.seeds[0] and engine.name == "virtual":
            outcome = _compared_with_another(plan, outcome)
        watcher.ended()
        if isinstance(outcome, RunFailed):
            failed.add(plan.strategy)
            for trace in traces.glob(f"{plan.strategy}-*.jsonl"):
                trace.unlink()
        yield outcome


def _compared_with_another(
    plan: RunPlan, outcome: RecordedRun | RunFailed
) -> RecordedRun | RunFailed:
    if not has_own_class(plan) or not isinstance(outcome, RecordedRun):
        return outcome
    assert isinstance(outcome.trace, Path)
    return replace(outcome, differs=how_another_differs(plan, outcome.trace))


def _outcome(
    plan: RunPlan, time_scale: float, engine: Engine, traces: Path, watcher: Watcher
) -> RecordedRun | RunFailed:
    header = TraceHeader(
        scenario=plan.scenario,
        strategy=plan.strategy,
        seed=plan.seed,
        engine=engine.name,
        duration=plan.duration,
        lifetime=plan.policy.lifetime,
        time_scale=time_scale,
        version=version("tokenrace"),
        lifetimes=plan.lifetimes(),
    )
    path = traces / f"{plan.strategy}-{plan.seed}.jsonl"
    try:
        with TraceWriter(path, header) as writer:
            counted = _run(engine, plan, writer, watcher)
            counted.clients.slices.settle()
            writer.finish(counted.provider, counted.clients)
    except RunFailed as failed:
        return failed
    return RecordedRun(
        header=header,
        provider=counted.provider,
        clients=counted.clients,
        deaths=unasked_for(counted.deaths),
        trace=path,
    )


def _run(engine: Engine, plan: RunPlan, writer: TraceWriter, watcher: Watcher) -> Counted:
    try:
        return engine.run(plan, writer, watcher.reached)
    except RunError as error:
        lost = isinstance(error, RunLost)
        raise RunFailed(plan.strategy, plan.seed, str(error), is_lost=lost) from None
