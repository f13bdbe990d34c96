"""Every scenario that is shipped, run as its file says on virtual time, and what it expects.

A file that promises something its runs do not show is wrong, or the simulation is.
"""

import re
from pathlib import Path

import pytest

from simulator.analysis.doubts import doubts_about
from simulator.analysis.run_figures import FaultSpan
from simulator.analysis.verdicts import judge
from simulator.scenario import load
from simulator.simulation.experiment import Experiment, run_all
from simulator.simulation.virtual.engine import VirtualEngine
from simulator.strategies.catalogue import CATALOGUE

FOLDER = Path(__file__).parents[1] / "scenarios"
FILES = sorted(file for file in FOLDER.rglob("*.yaml") if file.parent.name != "sweeps")
THEMED = [path for path in FILES if path.parent != FOLDER]
NAMES = [load(path, CATALOGUE).name for path in FILES]
every_file = pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(FOLDER)))


class Silent:
    """Nobody watches these runs."""

    def began(self, strategy, seed, duration):
        """A run began."""

    def reached(self, at):
        """It went on."""

    def ended(self):
        """It ended."""


def made(scenario, folder):
    """Make the scenario's runs; those without an expectation of the first seed alone."""
    seeds = range(1, scenario.run.seeds + 1) if scenario.expect else [1]
    experiment = Experiment(
        scenario=scenario, choices=scenario.strategies, seeds=tuple(seeds), time_scale=1
    )
    runs = {choice.name: [] for choice in scenario.strategies}
    for run in run_all(experiment, VirtualEngine(), folder, Silent()):
        runs[run.header.strategy].append(run)
    return runs


def span_of(faults):
    """Return from when to when there are faults."""
    if not faults:
        return None
    begin = [fault.at for fault in faults]
    return FaultSpan(min(begin), max(begin), max(fault.over() for fault in faults))


@every_file
def test_its_runs_are_as_it_expects(path, tmp_path):
    """Every expectation passes, none by too few seeds, and every fault happened in every run."""
    scenario = load(path, CATALOGUE)
    runs = made(scenario, tmp_path)
    verdicts = judge(scenario.expect, runs, span_of(scenario.faults))
    traced = {
        number: fault.label()
        for number, fault in enumerate(scenario.faults)
        if fault.partition is None
    }

    assert [each for each in verdicts if each.verdict != "pass"] == []
    assert list(doubts_about(runs, traced)) == []


def test_no_two_scenarios_share_a_name():
    """It is that of their folder of results."""
    assert sorted(set(NAMES)) == sorted(NAMES)


@pytest.mark.parametrize("path", THEMED, ids=lambda path: path.stem)
def test_a_themed_scenario_says_which_failure_mode_it_shows(path):
    """And runs five seeds on virtual time, and expects something of two strategies or more: of one
    that gets through and one that does not, or does at a price."""
    scenario = load(path, CATALOGUE)

    assert re.match(r"Failure mode [0-9]", scenario.description)
    assert scenario.run.engine == "virtual"
    assert scenario.run.seeds == 5
    assert len({wanted.strategy for wanted in scenario.expect}) >= 2


def test_the_table_of_contents_is_whole():
    """scenarios/README.md names each themed file by its path, and nothing that is not there."""
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([a-z0-9-]+/[a-z0-9-]+)`", text))

    assert named == {str(path.relative_to(FOLDER).with_suffix("")) for path in THEMED}


def test_every_failure_mode_has_a_scenario_or_a_reason():
    """All 36 of the list: in the table, by number, or among those left out."""
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([0-9]+(?:, [0-9]+)*) \|", text, re.MULTILINE)
    modes = [int(number) for row in rows for number in row.split(", ")]

    assert sorted(modes) == list(range(1, 37))
