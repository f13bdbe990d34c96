"""The incident: which observations the runs of an explanation reproduce, and what is made of that.

The shipped scenarios last a week, and ``make test`` holds them to what they expect. The runs here
are of the same five, shortened to a day.
"""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.browser import opened
from tests.hand_written_runs import a_run
from tokenrace.cli.app import app
from tokenrace.clock import DAY, HOUR, MINUTE, SECOND
from tokenrace.errors import SimulatorError
from tokenrace.incident.evidence import Evidence, evidence_in
from tokenrace.incident.explanations import EXPLANATIONS
from tokenrace.incident.phases import phases_of
from tokenrace.incident.report import Finding, Findings, contradictions
from tokenrace.incident.running import read_cases
from tokenrace.incident.table import Cell
from tokenrace.scenario import parse
from tokenrace.scenario.parts import Part
from tokenrace.strategies.catalogue import CATALOGUE
from tokenrace.trace.events import CallRefused, TokenIssued
from tokenrace.trace.kept import KeptEvents

SHIPPED = Path(__file__).parents[2] / "scenarios/incident"
SHORTER = {
    "lifetime: 1h": "lifetime: 20m",
    "6d 23h 15m": "11h 36m",
    "for: 45m": "for: 12m",
    "for: 3h": "for: 1h",
    "7d 12h": "24h",
    "7d 3h 45m": "13h",
    "7d 2h 15m": "12h 36m",
    "7d 1h 30m": "12h 24m",
    "7d 45m": "12h 12m",
    "7d": "12h",
}
"""The same story in a day, with tokens of twenty minutes; bins of six."""


def shortened(text: str) -> str:
    """The story of ``text``, in a day."""
    for long, short in SHORTER.items():
        text = text.replace(long, short)
    return text


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """The five scenarios, shortened."""
    made = tmp_path_factory.mktemp("incident")
    for file in SHIPPED.glob("*.yaml"):
        (made / file.name).write_text(shortened(file.read_text()))
    return made


@pytest.fixture(scope="module")
def results(folder, tmp_path_factory) -> tuple[Path, str]:
    """What the command leaves and prints for three seeds."""
    out = tmp_path_factory.mktemp("results")
    done = CliRunner().invoke(app, ["incident", str(folder), "--seeds", "3", "--out", str(out)])
    assert done.exit_code == 0, done.output
    return out / "incident.all", done.output


@pytest.fixture(scope="module")
def document(results):
    """The document of those runs."""
    return json.loads((results[0] / "incident.json").read_text())


def outcomes(document, observation):
    """The outcome of one row, by letter."""
    return {
        letter: column["observations"][observation]["outcome"]
        for letter, column in document["explanations"].items()
    }


def test_the_runs_tell_what_ends_the_trouble(document):
    """A new secret where somebody feeds it or a rule says so, the transfer where the role was lost;
    neither is needed where there is no trouble."""
    yes, no, none = "reproduced", "not reproduced", "nothing to end"

    assert outcomes(document, "every_call") == {"A": yes, "B": yes, "C": yes, "D": yes, "E": no}
    assert outcomes(document, "rotation") == {"A": yes, "B": no, "C": yes, "D": yes, "E": none}
    assert outcomes(document, "transfer") == {"A": no, "B": yes, "C": no, "D": no, "E": none}
    assert set(outcomes(document, "fix").values()) == {yes}


def test_each_explanation_has_its_own_report(results):
    """Beside the page that links to it."""
    folder, _ = results
    page = (folder / "report.html").read_text()

    for explanation in EXPLANATIONS:
        assert f'href="{explanation.stem}/report.html"' in page
        assert explanation.title.replace("'", "&#39;") in page
        assert (folder / explanation.stem / "report.html").exists()


def test_the_table_on_the_terminal_has_the_same_words(results):
    """A row for each observation, and how to make it again."""
    _, printed = results

    assert "it does not" in printed
    assert "again    tokenrace incident" in printed
    assert "--seeds 3" in printed


def test_the_browser_has_nothing_to_complain_of(results, tmp_path):
    """No script, no network: the page opens as it is."""
    dom, log = opened((results[0] / "report.html").as_uri(), tmp_path)

    assert "The three questions" in dom
    assert "CONSOLE" not in log


def test_the_stretches_are_whole_bins_between_the_faults():
    """Bins of 45 minutes: what goes wrong at 6 days 23 h 15 min, trial at 7 d, transfer, rotation
    and fix a bin after each other, and a bin until the fix is everywhere."""
    (case, *_) = read_cases(SHIPPED)
    phases, week = case.phases, 7 * DAY

    assert phases.calm == Part(0, week - 45 * MINUTE)
    assert phases.trouble == Part(week, week + 45 * MINUTE)
    assert phases.transferred == Part(week + 45 * MINUTE, week + 90 * MINUTE)
    assert phases.rotated == Part(week + 90 * MINUTE, week + 135 * MINUTE)
    assert phases.fixed == Part(week + 3 * HOUR, None)


def test_a_scenario_that_tells_another_story_is_refused():
    """It would be judged by stretches it does not have."""
    text = (SHIPPED / "a-storm.yaml").read_text()
    other = re.sub(r"  - \{at: 7d 45m, transfer_ownership: \{\}\}\n", "", text)
    scenario = parse(other.encode(), CATALOGUE, Path("a.yaml"))

    with pytest.raises(SimulatorError, match=r"a.yaml: is no explanation .* in this order"):
        phases_of(scenario, Path("a.yaml"))


def test_a_folder_that_is_not_there_is_named_with_where_the_scenarios_are(tmp_path):
    """And a folder without one of the five with the file that is missing."""
    missing = CliRunner().invoke(app, ["incident", str(tmp_path / "nowhere")])
    empty = CliRunner().invoke(app, ["incident", str(tmp_path)])

    assert (missing.exit_code, empty.exit_code) == (2, 2)
    assert "nowhere: there is no such folder" in missing.output
    assert "a-storm.yaml" in empty.output


@pytest.mark.parametrize(
    ("outcome", "expected", "contradicts"),
    [
        ("reproduced", True, False),
        ("reproduced", False, True),
        ("not reproduced", True, True),
        ("not reproduced", False, False),
        ("can't tell", True, False),
        ("nothing to end", True, False),
        ("reproduced", None, False),
    ],
)
def test_only_the_opposite_of_what_was_expected_is_a_contradiction(outcome, expected, contradicts):
    """Not that the runs cannot tell, nor where nothing was expected."""
    assert Cell(outcome=outcome, figure="", expected=expected).contradicts is contradicts


def test_where_runs_contradict_what_was_expected_the_report_says_so():
    """An explanation of which the opposite was expected."""
    cell = Cell(outcome="reproduced", figure="99 %", expected=False)
    (first, *_) = EXPLANATIONS
    finding = Finding(
        explanation=first,
        cells={"rotation": cell},
        evidence=Evidence(by_fleet=1.0, by_all=1.0, refused_at_age_s=None),
    )
    findings = Findings(version="1", command="", seeds=[1], columns=[finding], answers=[])

    (sentence,) = contradictions(findings)
    assert sentence == (
        "A, rotating the secret ends it: expected not reproduced, the runs say reproduced (99 %); "
        "the runs win"
    )


def test_the_evidence_counts_who_asked_and_how_old_a_refused_token_was(tmp_path):
    """From the first minute to the third the fleet asks twice and a second minter once; whoever
    tries counts for nobody. Tokens are refused 30 s and 90 s old."""
    events = (
        TokenIssued(at=30 * SECOND, token=1, expires_at=HOUR, asked_by="p0"),
        TokenIssued(at=MINUTE, token=2, expires_at=HOUR, asked_by="p1"),
        CallRefused(at=90 * SECOND, token=2, cause="evicted", asked_by="p1.w0"),
        TokenIssued(at=100 * SECOND, token=3, expires_at=HOUR, asked_by="second-minter"),
        TokenIssued(at=110 * SECOND, token=4, expires_at=HOUR, asked_by="trial"),
        CallRefused(at=2 * MINUTE, token=1, cause="evicted", asked_by="p0.w0"),
        TokenIssued(at=150 * SECOND, token=5, expires_at=HOUR, asked_by="p0"),
        TokenIssued(at=3 * MINUTE, token=6, expires_at=HOUR, asked_by="p0"),
    )
    run = replace(a_run(tmp_path), trace=KeptEvents(events))

    assert evidence_in(run, Part(MINUTE, 3 * MINUTE)) == Evidence(
        by_fleet=1.0, by_all=1.5, refused_at_age_s=60.0
    )
