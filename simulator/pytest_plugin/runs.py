"""Running a strategy of a scenario within a test."""

from pathlib import Path
from typing import Protocol

import pytest

from simulator.analysis.figures import StrategyFigures, figures_of
from simulator.errors import SimulatorError
from simulator.pytest_plugin.marked import marked_scenario, read_scenario
from simulator.scenario import Scenario
from simulator.scenario.choices import StrategyChoice
from simulator.scenario.quoting import hint
from simulator.simulation.planning import plan_run
from simulator.simulation.recording import InMemory
from simulator.trace.files import RecordedRun


class RunStrategy(Protocol):
    """What the fixture ``tokenrace_run`` is."""

    def __call__(
        self, strategy: str, *, scenario: str | Path | None = None, seeds: int | None = None
    ) -> StrategyFigures:
        """Run ``strategy`` on virtual time, from seed 1 on, and return its figures.

        ``scenario`` is a file as the marker takes it; None: the marked one. ``seeds`` None: as many
        as the file says. A run that cannot go on fails the test.
        """
        ...


def runner_for(item: pytest.Item) -> RunStrategy:
    """Return what runs strategies for ``item``."""

    def run(
        strategy: str, *, scenario: str | Path | None = None, seeds: int | None = None
    ) -> StrategyFigures:
        read = marked_scenario(item) if scenario is None else read_scenario(item, scenario)
        if read is None:
            pytest.fail("no scenario: mark the test with one, or name one", pytrace=False)
        choice = _chosen(read, strategy)
        numbers = range(1, 1 + (seeds or read.run.seeds))
        return figures_of([_made(read, choice, seed) for seed in numbers])

    return run


def _chosen(scenario: Scenario, strategy: str) -> StrategyChoice:
    choices = {choice.name: choice for choice in scenario.strategies}
    if strategy not in choices:
        known = hint(strategy, choices)
        pytest.fail(f"{scenario.name} has no strategy {strategy!r}; {known}", pytrace=False)
    return choices[strategy]


def _made(scenario: Scenario, choice: StrategyChoice, seed: int) -> RecordedRun:
    try:
        run: RecordedRun | SimulatorError = InMemory()(plan_run(scenario, choice, seed, 1))
    except SimulatorError as error:
        run = error
    if isinstance(run, SimulatorError):
        pytest.fail(str(run), pytrace=False)
    return run
