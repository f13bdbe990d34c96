"""The baseline: what every run came to when somebody last said that it was good.

One JSON file, for people to review: a line for each scenario, strategy and run, in order, so that a
change of one run is a change of one line. Scenarios are known by their file, as seen from the
folder of the baseline.

    {"baseline": 1,
    "scenarios": [
    {"file": "../scenarios/cold-start.yaml", "sha256": "5f..", "engine": "virtual", "version": ..}
    ],
    "strategies": [
    {"file": "../scenarios/cold-start.yaml", "strategy": "shared_lock", "settings": "{..}"}
    ],
    "runs": [
    {"file": "../scenarios/cold-start.yaml", "strategy": "shared_lock", "seed": 1, "counts": {..}}
    ]}
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TypeVar

from tokenrace.gate.counts import RunCounts
from tokenrace.scenario import Scenario
from tokenrace.scenario.world import world_hash


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownScenario:
    """A scenario in a baseline. ``sha256`` is of the world (``world_hash``); ``version`` is of the
    tokenrace that made its runs, ``numpy`` of the numpy that drew its chance."""

    file: str
    sha256: str
    engine: str
    version: str
    numpy: str = ""

    def made_by(self) -> str:
        """Return what made its runs: two that are made by the same can be held to each count."""
        numpy = f" with numpy {self.numpy}" if self.numpy else ""
        return f"tokenrace {self.version}{numpy}"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownStrategy:
    """A strategy in a baseline; ``settings`` are what its scenario said it was."""

    file: str
    strategy: str
    settings: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownRun:
    """A run in a baseline."""

    file: str
    strategy: str
    seed: int
    counts: RunCounts


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """What is known, in the order of the file."""

    scenarios: tuple[KnownScenario, ...] = ()
    strategies: tuple[KnownStrategy, ...] = ()
    runs: tuple[KnownRun, ...] = ()

    def scenario(self, file: str) -> KnownScenario | None:
        """Return what is known of the scenario in ``file``."""
        return next((each for each in self.scenarios if each.file == file), None)

    def settings(self, file: str) -> Mapping[str, str]:
        """Return the settings of each strategy of the scenario in ``file``."""
        return {each.strategy: each.settings for each in self.strategies if each.file == file}

    def counts(self, file: str) -> Mapping[str, Mapping[int, RunCounts]]:
        """Return the counts of each run of the scenario in ``file``, by strategy and seed."""
        found: dict[str, dict[int, RunCounts]] = {name: {} for name in self.settings(file)}
        for run in self.runs:
            if run.file == file:
                found[run.strategy][run.seed] = run.counts
        return found

    def with_new(self, new: "Baseline") -> "Baseline":
        """Return this with all that ``new`` says of its scenarios in the place of what was said of
        them here. The scenarios that ``new`` does not have stay."""
        theirs = {each.file for each in new.scenarios}
        return Baseline(
            scenarios=_sorted((*_but(self.scenarios, theirs), *new.scenarios)),
            strategies=_sorted((*_but(self.strategies, theirs), *new.strategies)),
            runs=_sorted((*_but(self.runs, theirs), *new.runs)),
        )


def known_scenario(file: str, scenario: Scenario, engine: str) -> KnownScenario:
    """Return what a baseline made here and now says of ``scenario``, which is in ``file``."""
    return KnownScenario(
        file=file,
        sha256=world_hash(scenario),
        engine=engine,
        version=version("tokenrace"),
        numpy=version("numpy"),
    )


def file_from(baseline: Path, file: Path) -> str:
    """Return how ``file`` is called in the baseline at ``baseline``."""
    return Path(os.path.relpath(file.resolve(), baseline.resolve().parent)).as_posix()


_Known = TypeVar("_Known", KnownScenario, KnownStrategy, KnownRun)


def _but(lines: tuple[_Known, ...], files: set[str]) -> list[_Known]:
    return [each for each in lines if each.file not in files]


def _sorted(lines: tuple[_Known, ...]) -> tuple[_Known, ...]:
    """Sort by file; what is of one file stays in the scenario's order."""
    return tuple(sorted(lines, key=lambda each: each.file))
