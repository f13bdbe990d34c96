"""Making the runs of a check: on virtual time many at once, on the wire one after the other."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from tokenrace.clock import Ticks
from tokenrace.errors import RunFailed, StoreUnreachable
from tokenrace.gate.cases import Case
from tokenrace.machine_clock import MachineClock
from tokenrace.scenario import StrategyChoice
from tokenrace.simulation.experiment import Engine, Experiment, run_all
from tokenrace.simulation.many_runs import Lost, ManyRunsWatcher, as_they_end
from tokenrace.simulation.plan import RunPlan
from tokenrace.simulation.planning import plan_run
from tokenrace.simulation.recording import FAULTS, InMemory
from tokenrace.simulation.repeating import has_own_class, how_two_differ
from tokenrace.simulation.runners import Runners
from tokenrace.trace.files import RecordedRun


@dataclass(slots=True)
class CaseRuns:
    """The runs of ``case`` that were made: by strategy, in order of seeds.

    ``failed`` holds why a run could not go on, by strategy and seed; those that are ``lost`` too
    say nothing about the strategy. What is in neither was not made. ``took`` is the real time that
    the runs of each strategy took, one by one.
    """

    case: Case
    runs: dict[str, dict[int, RecordedRun]] = field(default_factory=dict)
    failed: dict[tuple[str, int], str] = field(default_factory=dict)
    lost: set[tuple[str, int]] = field(default_factory=set)
    took: dict[str, Ticks] = field(default_factory=dict)

    def add(
        self, strategy: str, seed: int, outcome: RecordedRun | RunFailed | Lost, took: Ticks = 0
    ) -> None:
        """Take in one run."""
        self.took[strategy] = self.took.get(strategy, 0) + took
        if isinstance(outcome, RecordedRun):
            self.runs.setdefault(strategy, {})[seed] = outcome
        else:
            self.failed[strategy, seed] = outcome.reason
            if isinstance(outcome, RunFailed) and outcome.is_lost:
                self.lost.add((strategy, seed))

    @property
    def made(self) -> int:
        """How many were made, well or not."""
        return sum(map(len, self.runs.values())) + len(self.failed)

    def missing(self, strategy: str) -> list[int]:
        """Return the seeds of the scenario that were not made of ``strategy``."""
        made = self.runs.get(strategy, {})
        return [
            seed
            for seed in self.case.seeds
            if seed not in made and (strategy, seed) not in self.failed
        ]

    def failures(self, strategy: str) -> list[int]:
        """Return the seeds whose run of ``strategy`` could not go on."""
        return sorted(seed for name, seed in self.failed if name == strategy)

    def of(self, strategy: str) -> list[RecordedRun]:
        """Return the runs of ``strategy`` in order of seeds, those beyond the scenario's too."""
        return [run for _, run in sorted(self.runs.get(strategy, {}).items())]

    def of_own_seeds(self, strategy: str) -> list[RecordedRun]:
        """Return the runs of ``strategy`` under the scenario's own seeds."""
        return [run for run in self.of(strategy) if run.header.seed in self.case.seeds]

    def cells(self) -> "list[Cell]":
        """Return every run that the scenario asks for; none where it cannot be run."""
        if self.case.impossible:
            return []
        return [
            Cell(self, choice, seed)
            for choice in self.case.scenario.strategies
            for seed in self.case.seeds
        ]

    def more_cells(self, choice: StrategyChoice, number: int) -> "list[Cell]":
        """Return ``number`` runs more of one strategy: under the seeds that follow its last."""
        first = max([*self.runs.get(choice.name, {}), self.case.seeds[-1]]) + 1
        return [Cell(self, choice, seed) for seed in range(first, first + number)]


@dataclass(frozen=True, slots=True)
class Cell:
    """One run to make, and where it is put."""

    into: CaseRuns
    choice: StrategyChoice
    seed: int

    def plan(self, time_scale: float) -> RunPlan:
        """Return what an engine makes of it."""
        return plan_run(self.into.case.scenario, self.choice, self.seed, time_scale)

    def job(self) -> "_Job":
        """Return what a runner makes of it on virtual time."""
        plan = self.plan(1)
        return _Job(plan, has_own_class(plan) and self.seed == self.into.case.seeds[0])


@dataclass(frozen=True, slots=True)
class _Job:
    """A run to make; and to make again, if it ``repeats``, to see whether it is the same."""

    plan: RunPlan
    repeats: bool


@dataclass(frozen=True, slots=True)
class _Timed:
    outcome: RecordedRun | RunFailed
    took: Ticks


_RECORD = InMemory(FAULTS)


def _make(job: _Job) -> _Timed:
    clock = MachineClock.starting_in(0)
    outcome = _RECORD(job.plan)
    if job.repeats and isinstance(outcome, RecordedRun):
        outcome = replace(outcome, differs=how_two_differ(job.plan))
    return _Timed(outcome, clock.now())


def make_virtual(
    cells: Sequence[Cell], runners: Runners, within: Ticks | None, watcher: ManyRunsWatcher
) -> Iterator[CaseRuns]:
    """Make the runs of ``cells``, and yield each case when it has all of them.

    What was not made within so much real time is missing; cases that miss some come last.

    Raises:
        RunError: the runners die, whatever they are given.
    """
    left = Counter(cell.into.case.file for cell in cells)
    cases = {cell.into.case.file: cell.into for cell in cells}
    jobs = (cell.job() for cell in cells)
    for place, outcome in as_they_end(jobs, _make, runners, within):
        cell = cells[place]
        if isinstance(outcome, _Timed):
            cell.into.add(cell.choice.name, cell.seed, outcome.outcome, outcome.took)
        else:
            cell.into.add(cell.choice.name, cell.seed, outcome)
        watcher.ended()
        file = cell.into.case.file
        left[file] -= 1
        if not left[file]:
            yield cases.pop(file)
    yield from cases.values()


def make_on_wire(
    cells: Sequence[Cell],
    engine: Engine,
    traces: Path,
    left: Callable[[], Ticks | None],
    watcher: ManyRunsWatcher,
) -> None:
    """Make the runs of ``cells`` one by one, until no time is ``left``, with their traces in
    ``traces``. The run that is under way then is ended with all its processes, and not made."""
    for cell in cells:
        if left() == 0:
            return
        clock = MachineClock.starting_in(0)
        try:
            outcome = _one_on_wire(cell, engine, traces, _UntilOver(left))
        except _OutOfTime:
            return
        cell.into.add(cell.choice.name, cell.seed, outcome, clock.now())
        watcher.ended()


def _one_on_wire(
    cell: Cell, engine: Engine, traces: Path, watcher: "_UntilOver"
) -> RecordedRun | RunFailed:
    scenario = cell.into.case.scenario
    experiment = Experiment(
        scenario=scenario,
        choices=(cell.choice,),
        seeds=(cell.seed,),
        time_scale=scenario.run.time_scale,
    )
    try:
        (run,) = run_all(experiment, engine, traces, watcher)
    except RunFailed as failed:
        return failed
    except StoreUnreachable as error:  # the other scenarios have stores of their own
        return RunFailed(cell.choice.name, cell.seed, str(error), is_lost=True)
    return run


class _OutOfTime(Exception):  # noqa: N818 - no error: the budget is over
    """Ends the run that is under way."""


@dataclass(frozen=True, slots=True)
class _UntilOver:
    """Shows nothing of a run: the check shows how many have ended. Ends it when no time is left."""

    left: Callable[[], Ticks | None]

    def began(self, strategy: str, seed: int, duration: Ticks) -> None:
        """A run began."""

    def reached(self, at: Ticks) -> None:  # noqa: ARG002 - real time counts, not the run's
        """The run under way has come to ``at``."""
        if self.left() == 0:
            raise _OutOfTime

    def ended(self) -> None:
        """The run under way ended."""
