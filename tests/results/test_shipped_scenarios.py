"""What every scenario that is shipped has, and that the list of them is whole.

Whether their runs are as they expect, ``tokenrace check scenarios/`` finds out, which is part of
``make test``.
"""

import re
from pathlib import Path

import pytest

from tokenrace.clock import DAY
from tokenrace.scenario import load
from tokenrace.strategies.catalogue import CATALOGUE

FOLDER = Path(__file__).parents[2] / "scenarios"
FILES = sorted(file for file in FOLDER.rglob("*.yaml") if file.parent.name != "sweeps")
STORMS = sorted((FOLDER / "storms").glob("*.yaml"))
OF_THEIR_OWN = (FOLDER, FOLDER / "incident", FOLDER / "storms")
THEMED = [path for path in FILES if path.parent not in OF_THEIR_OWN]
EXPLANATIONS = sorted((FOLDER / "incident").glob("*.yaml"))
NAMES = [load(path, CATALOGUE).name for path in FILES]


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


@pytest.mark.parametrize("path", EXPLANATIONS, ids=lambda path: path.stem)
def test_an_explanation_of_the_incident_lasts_more_than_a_week(path):
    """It has its letter, and expects something before, under and after the trouble."""
    scenario = load(path, CATALOGUE)

    assert scenario.description.startswith(f"Explanation {path.stem[0].upper()}.")
    assert scenario.run.duration > 7 * DAY
    assert len(scenario.expect) >= 5


@pytest.mark.parametrize("path", STORMS, ids=lambda path: path.stem)
def test_a_storm_has_a_trigger_and_says_what_becomes_of_it(path):
    """It is called after its file, and expects something of a strategy that storms."""
    scenario = load(path, CATALOGUE)

    assert scenario.name == path.stem
    assert scenario.faults
    assert "mint_on_401" in {wanted.strategy for wanted in scenario.expect}


def test_the_table_of_contents_is_whole():
    """scenarios/README.md names each themed file by its path, and nothing that is not there."""
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([a-z0-9-]+/[a-z0-9-]+)`", text))

    assert named == {
        str(path.relative_to(FOLDER).with_suffix("")) for path in (*THEMED, *EXPLANATIONS, *STORMS)
    }


def test_every_failure_mode_has_a_scenario_or_a_reason():
    """All 36 of the list: in the table, by number, or among those left out."""
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([0-9]+(?:, [0-9]+)*) \|", text, re.MULTILINE)
    modes = [int(number) for row in rows for number in row.split(", ")]

    assert sorted(modes) == list(range(1, 37))
