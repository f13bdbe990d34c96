"""Making the runs of a check: on virtual time many at once, on the wire one after the other."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from simulator.clock import Ticks
from simulator.errors import RunFailed
from simulator.gate.cases import Case
from simulator.machine_clock import MachineClock
from simulator.scenario import StrategyChoice
from simulator.simulation.experiment import Engine, Experiment, run_all
from simulator.simulation.many_runs import Lost, ManyRunsWatcher, as_they_end
from simulator.simulation.plan import RunPlan
from simulator.simulation.planning import plan_run
from simulator.simulation.recording import FAULTS, InMemory
from simulator.simulation.runners import Runners
from simulator.trace.files import RecordedRun


@dataclass(slots=True)
class CaseRuns:
    """The runs of ``case`` that were made: by strategy, in order of seeds.

    ``failed`` holds why a run could not go on, by strategy and seed. What is in neither was not
    made. ``took`` is the real time that all of them took, one by one.
    """

    case: Case
    runs: dict[str, dict[int, RecordedRun]] = field(default_factory=dict)
    failed: dict[tuple[str, int], str] = field(default_factory=dict)
    took: Ticks = 0

    def add(self, strategy: str, seed: int, outcome: RecordedRun | RunFailed | Lost) -> None:
        """Take in one run."""
        if isinstance(outcome, RecordedRun):
            self.runs.setdefault(strategy, {})[seed] = outcome
        else:
            self.failed[strategy, seed] = outcome.reason

    @property
    def made(self) -> int:
        """How many were made, well or not."""
        return sum(map(len, self.runs.values())) + len(self.failed)

    def missing(self, strategy: str) -> list[int]:
        """Return the seeds of ``strategy`` that were not made."""
        made = self.runs.get(strategy, {})
        return [
            seed
            for seed in self.case.seeds
            if seed not in made and (strategy, seed) not in self.failed
        ]

    def of(self, strategy: str) -> list[RecordedRun]:
        """Return the runs of ``strategy`` in order of seeds."""
        return [run for _, run in sorted(self.runs.get(strategy, {}).items())]


@dataclass(frozen=True, slots=True)
class _Timed:
    outcome: RecordedRun | RunFailed
    took: Ticks


_RECORD = InMemory(FAULTS)


def _make(plan: RunPlan) -> _Timed:
    clock = MachineClock.starting_in(0)
    outcome = _RECORD(plan)
    return _Timed(outcome, clock.now())


_Cell = tuple[int, StrategyChoice, int]


def make_virtual(
    cases: Sequence[Case], runners: Runners, within: Ticks | None, watcher: ManyRunsWatcher
) -> Iterator[CaseRuns]:
    """Make the runs of ``cases``, in their order, and yield each case when it has all its own.

    What was not made within so much real time is missing; cases that miss some come last.

    Raises:
        RunError: the runners die, whatever they are given.
    """
    cells: list[_Cell] = [
        (number, choice, seed)
        for number, case in enumerate(cases)
        for choice in case.scenario.strategies
        for seed in case.seeds
    ]
    plans = (plan_run(cases[at].scenario, choice, seed, 1) for at, choice, seed in cells)
    open_cases = {number: CaseRuns(case) for number, case in enumerate(cases)}
    for place, outcome in as_they_end(plans, _make, runners, within):
        number, choice, seed = cells[place]
        runs = open_cases[number]
        if isinstance(outcome, _Timed):
            runs.took += outcome.took
            runs.add(choice.name, seed, outcome.outcome)
        else:
            runs.add(choice.name, seed, outcome)
        watcher.ended()
        if runs.made == runs.case.size:
            yield open_cases.pop(number)
    yield from open_cases.values()


def make_on_wire(
    case: Case, engine: Engine, traces: Path, is_over: Callable[[], bool], watcher: ManyRunsWatcher
) -> CaseRuns:
    """Make the runs of ``case`` one by one, until ``is_over``, their traces in ``traces``."""
    runs = CaseRuns(case)
    clock = MachineClock.starting_in(0)
    for seed in case.seeds:
        for choice in case.scenario.strategies:
            if is_over():
                return runs
            runs.add(choice.name, seed, _one_on_wire(case, choice, seed, engine, traces))
            runs.took = clock.now()
            watcher.ended()
    return runs


def _one_on_wire(
    case: Case, choice: StrategyChoice, seed: int, engine: Engine, traces: Path
) -> RecordedRun | RunFailed:
    experiment = Experiment(
        scenario=case.scenario,
        choices=(choice,),
        seeds=(seed,),
        time_scale=case.scenario.run.time_scale,
    )
    try:
        (run,) = run_all(experiment, engine, traces, _Unwatched())
    except RunFailed as failed:
        return failed
    return run


class _Unwatched:
    """Shows nothing of a run: the check shows how many have ended."""

    def began(self, strategy: str, seed: int, duration: Ticks) -> None:
        """A run began."""

    def reached(self, at: Ticks) -> None:
        """The run under way has come to ``at``."""

    def ended(self) -> None:
        """The run under way ended."""
