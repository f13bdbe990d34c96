"""All runs of one scenario: every strategy under every seed, each leaving its trace.

Seeds are the outer loop, so that strategies take turns: what else the machine does meanwhile falls
on all of them alike.
"""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Protocol

from simulator.clock import Ticks
from simulator.errors import RunError
from simulator.scenario import Scenario, StrategyChoice
from simulator.simulation.plan import RunPlan, plan_run
from simulator.simulation.wire.run import run_on_wire, spool_of, spool_of_provider
from simulator.simulation.wire.spool import merged
from simulator.trace.events import ProcessEnded
from simulator.trace.files import RecordedRun, TraceHeader, TraceWriter


class Watcher(Protocol):
    """Is told how an experiment goes on."""

    def began(self, strategy: str, seed: int, duration: Ticks) -> None:
        """A run began, which will last ``duration``."""
        ...

    def reached(self, at: Ticks) -> None:
        """The run under way has come to ``at``."""
        ...

    def ended(self, deaths: Sequence[ProcessEnded]) -> None:
        """The run under way ended; the processes in ``deaths`` died before it did."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """Which runs of ``scenario`` to make."""

    scenario: Scenario
    choices: tuple[StrategyChoice, ...]
    seeds: tuple[int, ...]

    def plans(self) -> list[RunPlan]:
        """Return the plan of every run, in the order they are made."""
        return [
            plan_run(self.scenario, choice, seed, self.scenario.run.time_scale)
            for seed in self.seeds
            for choice in self.choices
        ]


def run_all(experiment: Experiment, traces: Path, watcher: Watcher) -> Iterator[RecordedRun]:
    """Make every run and yield it when its trace is complete, in the folder ``traces``.

    Raises:
        RunError: a run could not start or go on; it names strategy and seed.
    """
    for plan in experiment.plans():
        watcher.began(plan.strategy, plan.seed, plan.duration)
        try:
            yield _run(plan, experiment.scenario.run.time_scale, traces, watcher)
        except RunError as error:
            raise RunError(f"strategy {plan.strategy}, seed {plan.seed}: {error}") from None


def _run(plan: RunPlan, time_scale: float, traces: Path, watcher: Watcher) -> RecordedRun:
    header = TraceHeader(
        scenario=plan.scenario,
        strategy=plan.strategy,
        seed=plan.seed,
        engine="wire",
        duration=plan.duration,
        lifetime=plan.policy.lifetime,
        time_scale=time_scale,
        version=version("tokenrace"),
    )
    path = traces / f"{plan.strategy}-{plan.seed}.jsonl"
    with tempfile.TemporaryDirectory(prefix="tokenrace-") as name:
        folder = Path(name)
        counted = run_on_wire(plan, folder, watcher.reached)
        spools = [spool_of_provider(folder)]
        spools += [spool_of(folder, process) for process in range(plan.fleet.processes)]
        with TraceWriter(path, header) as writer:
            for event in merged(spools, counted.deaths):
                writer.write(event)
            writer.finish(counted.provider, counted.clients)
    watcher.ended(counted.deaths)
    return RecordedRun(
        header=header, provider=counted.provider, clients=counted.clients, trace=path
    )
