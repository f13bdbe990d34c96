"""Making the runs of the five explanations, on virtual time and on every processor."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tokenrace.errors import RunError, RunFailed, SimulatorError
from tokenrace.incident.explanations import EXPLANATIONS, Explanation
from tokenrace.incident.phases import Phases, phases_of
from tokenrace.incident.table import Column
from tokenrace.replay_command import replay_command
from tokenrace.scenario import Scenario, load
from tokenrace.simulation.experiment import Experiment
from tokenrace.simulation.many_runs import Lost, ManyRunsWatcher, in_order
from tokenrace.simulation.plan import RunPlan
from tokenrace.simulation.planning import plan_run
from tokenrace.simulation.recording import EVERY_EVENT, FAULTS, InMemory
from tokenrace.simulation.runners import Runners
from tokenrace.strategies.catalogue import CATALOGUE
from tokenrace.trace.events import Event
from tokenrace.trace.files import RecordedRun


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An explanation with its scenario, read from ``file``."""

    explanation: Explanation
    file: Path
    scenario: Scenario
    phases: Phases

    def experiment(self, seeds: Sequence[int]) -> Experiment:
        """Return the runs to make of it."""
        return Experiment(
            scenario=self.scenario,
            choices=self.scenario.strategies,
            seeds=tuple(seeds),
            time_scale=1,
        )

    def without_transfer(self) -> Scenario:
        """Return its scenario with the app staying where it is."""
        faults = tuple(f for f in self.scenario.faults if f.transfer_ownership is None)
        return self.scenario.model_copy(update={"faults": faults})


def read_cases(folder: Path) -> list[Case]:
    """Return the five explanations, whose scenarios are in ``folder``.

    Raises:
        SimulatorError: one is not there, or is wrong.
    """
    if not folder.is_dir():
        raise SimulatorError(
            f"{folder}: there is no such folder. The five explanations are in scenarios/incident "
            "of tokenrace's repository: run this there, or name the folder"
        )
    return [_read(explanation, folder) for explanation in EXPLANATIONS]


def _read(explanation: Explanation, folder: Path) -> Case:
    file = folder / f"{explanation.stem}.yaml"
    scenario = load(file, CATALOGUE)
    if len(scenario.strategies) != 1:
        raise SimulatorError(f"{file}: must have one strategy, the service's")
    phases = phases_of(scenario, file)
    return Case(explanation=explanation, file=file, scenario=scenario, phases=phases)


def make_columns(
    cases: Sequence[Case], seeds: Sequence[int], runners: Runners, watcher: ManyRunsWatcher
) -> list[Column]:
    """Make every run, and those without a transfer where it was the transfer that helped, or may
    have been.

    Raises:
        RunError: a run could not go on.
    """
    whole = _make(cases, [case.scenario for case in cases], seeds, runners, watcher)
    columns = [
        Column(explanation=case.explanation, phases=case.phases, whole=runs, alone=runs)
        for case, runs in zip(cases, whole, strict=True)
    ]
    again = [
        place
        for place, column in enumerate(columns)
        if column.cells()["transfer"].outcome in ("reproduced", "can't tell")
    ]
    helped = [cases[place] for place in again]
    scenarios = [case.without_transfer() for case in helped]
    alone = _make(helped, scenarios, seeds, runners, watcher)
    for place, runs in zip(again, alone, strict=True):
        case, column = cases[place], columns[place]
        columns[place] = Column(
            explanation=case.explanation, phases=case.phases, whole=column.whole, alone=runs
        )
    return columns


@dataclass(frozen=True, slots=True)
class _Job:
    plan: RunPlan
    kinds: Collection[type[Event]]


def _do(job: _Job) -> RecordedRun | RunFailed:
    return InMemory(job.kinds)(job.plan)


def _make(
    cases: Sequence[Case],
    scenarios: Sequence[Scenario],
    seeds: Sequence[int],
    runners: Runners,
    watcher: ManyRunsWatcher,
) -> list[list[RecordedRun]]:
    """Return the runs of each of ``scenarios``; of the first seed's with every event."""
    jobs = [
        _Job(
            plan_run(scenario, scenario.strategies[0], seed, 1),
            EVERY_EVENT if seed == seeds[0] else FAULTS,
        )
        for scenario in scenarios
        for seed in seeds
    ]
    watcher.planned(len(jobs))
    runs = list(_outcomes(jobs, cases, len(seeds), runners, watcher))
    return [runs[first : first + len(seeds)] for first in range(0, len(runs), len(seeds))]


def _outcomes(
    jobs: Sequence[_Job],
    cases: Sequence[Case],
    seeds: int,
    runners: Runners,
    watcher: ManyRunsWatcher,
) -> Iterator[RecordedRun]:
    for number, outcome in enumerate(in_order(jobs, _do, runners)):
        watcher.ended()
        if isinstance(outcome, RecordedRun):
            yield outcome
            continue
        file, plan = cases[number // seeds].file, jobs[number].plan
        replay = replay_command(file, plan.strategy, plan.seed)
        why = outcome.reason if isinstance(outcome, Lost) else str(outcome)
        raise RunError(f"{why}\nreplay: {replay}")
