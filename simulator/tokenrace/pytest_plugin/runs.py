"""Running a strategy of a scenario within a test, and telling of the runs where the test fails."""

import asyncio
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

import pytest

from tokenrace.analysis.blame import Wanted, Witness
from tokenrace.analysis.blame_words import blame_in_words
from tokenrace.analysis.blames import clock_of, telling_cause
from tokenrace.analysis.figures import StrategyFigures, figures_of
from tokenrace.analysis.wording import percent
from tokenrace.errors import SimulatorError
from tokenrace.fields.choices import StrategyChoice
from tokenrace.fields.quoting import hint
from tokenrace.pytest_plugin.marked import found_file, marked_file, read_scenario
from tokenrace.replay_command import replay_command
from tokenrace.scenario import Scenario
from tokenrace.simulation.planning import plan_run
from tokenrace.simulation.recording import InMemory
from tokenrace.simulation.virtual.engine import VirtualEngine
from tokenrace.trace.files import RecordedRun

T = TypeVar("T")


class RunStrategy(Protocol):
    """What the fixture ``tokenrace_run`` is."""

    def __call__(
        self, strategy: str, *, scenario: str | Path | None = None, seeds: int | None = None
    ) -> StrategyFigures:
        """Run ``strategy`` on virtual time, from seed 1 on, and return its figures.

        ``scenario`` is a file as the marker takes it; None: the marked one. ``seeds`` None: as many
        as the file says. A run that cannot go on fails the test. It may be called in a test that
        awaits: the loop of the test stands still meanwhile.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a test was shown: the ``figures`` of the ``runs`` of one strategy of ``file``."""

    file: Path
    scenario: Scenario
    choice: StrategyChoice
    runs: tuple[RecordedRun, ...]
    figures: StrategyFigures


def runner_for(item: pytest.Item, show: Callable[[Shown], None]) -> RunStrategy:
    """Return what runs strategies for ``item``, and calls ``show`` with what it is given."""

    def run(
        strategy: str, *, scenario: str | Path | None = None, seeds: int | None = None
    ) -> StrategyFigures:
        file = marked_file(item) if scenario is None else found_file(item, scenario)
        if file is None:
            pytest.fail("no scenario: mark the test with one, or name one", pytrace=False)
        read = read_scenario(file)
        choice = _chosen(read, strategy)
        numbers = range(1, 1 + (seeds or read.run.seeds))
        runs = _beside_any_loop(lambda: [_made(read, choice, seed) for seed in numbers])
        for made in runs:
            if isinstance(made, SimulatorError):
                pytest.fail(str(made), pytrace=False)
        recorded = tuple(made for made in runs if isinstance(made, RecordedRun))
        figures = figures_of(recorded)
        show(Shown(file=file, scenario=read, choice=choice, runs=recorded, figures=figures))
        return figures

    return run


def story_of(shown: Shown) -> str:
    """Return what a failed test should know of the figures it was shown: causes and way back."""
    return "\n".join(_beside_any_loop(lambda: list(_lines(shown))))


def _lines(shown: Shown) -> Iterator[str]:
    figures, name = shown.figures, shown.choice.name
    worst = max(shown.runs, key=lambda run: sum(run.provider.causes().values()))
    causes = ", ".join(f"{cause} {number:,}" for cause, number in figures.causes.items() if number)
    rate = "no responses" if figures.rate_401 is None else percent(figures.rate_401.mean)
    seeds = "1 seed" if len(shown.runs) == 1 else f"{len(shown.runs)} seeds"
    yield f"{name} in {_relative(shown.file)}, {seeds}: 401 rate {rate}" + (
        f"; causes: {causes}" if causes else ""
    )
    cause = telling_cause([worst])
    if cause is not None:
        witness = Witness(Wanted(causes=(cause,)))
        plan = plan_run(shown.scenario, shown.choice, worst.header.seed, 1)
        VirtualEngine().run(plan, witness, lambda _: None)
        if witness.blame is not None:
            yield from (f"  {line}" for line in blame_in_words(witness.blame, clock_of(worst)))
    yield f"  replay: {replay_command(_relative(shown.file), name, worst.header.seed)}"


def _relative(file: Path) -> str:
    """Return ``file`` as seen from the working folder, where replay would be called."""
    return os.path.relpath(file)


def _beside_any_loop(work: Callable[[], T]) -> T:
    """Do ``work``, which runs a loop of its own, whether or not one is running here."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return work()
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(work).result()


def _chosen(scenario: Scenario, strategy: str) -> StrategyChoice:
    choices = {choice.name: choice for choice in scenario.strategies}
    if strategy not in choices:
        known = hint(strategy, choices)
        pytest.fail(f"{scenario.name} has no strategy {strategy!r}; {known}", pytrace=False)
    return choices[strategy]


def _made(scenario: Scenario, choice: StrategyChoice, seed: int) -> RecordedRun | SimulatorError:
    try:
        return InMemory()(plan_run(scenario, choice, seed, 1))
    except SimulatorError as error:
        return error
