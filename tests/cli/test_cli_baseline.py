"""``tokenrace baseline``: what it takes, what it shows, what it leaves alone."""

import re

import pytest
from typer.testing import CliRunner

from tests.checked import FLEET, LONE, a_scenario, folder, put, without_progress
from tokenrace.cli.app import app
from tokenrace.gate.baseline_file import read_baseline

__all__ = ["folder"]


@pytest.fixture
def scenario(folder):
    """A working folder with a scenario in it."""
    put(folder, "s.yaml", a_scenario())
    return folder


def baseline(*words):
    """Run the command; return its exit code and the lines of its output and errors."""
    got = CliRunner().invoke(app, ["baseline", "--jobs", "1", *map(str, words)])
    assert got.exception is None or isinstance(got.exception, SystemExit), got.exception
    return got.exit_code, got.stdout.splitlines(), without_progress(got.stderr)


def test_a_new_baseline_has_every_run(scenario):
    """In results/, unless told otherwise; the folder is made."""
    code, lines, _ = baseline("s.yaml")
    made = read_baseline(scenario / "results/baseline.json")

    assert code == 0
    assert lines == [
        "new        ../s.yaml",
        "baseline  results/baseline.json: 2 runs of 1 scenario",
    ]
    assert [(run.file, run.strategy, run.seed) for run in made.runs] == [
        ("../s.yaml", FLEET, 1),
        ("../s.yaml", FLEET, 2),
    ]
    assert made.runs[0].counts.responses > 100


def test_the_same_scenarios_give_the_same_bytes_and_nothing_to_show(scenario):
    """So a change in a diff is a change of the runs."""
    baseline("s.yaml", "--out", "b.json")
    before = (scenario / "b.json").read_bytes()
    _, lines, _ = baseline("s.yaml", "--out", "b.json")

    assert (scenario / "b.json").read_bytes() == before
    assert lines == ["baseline  b.json: 2 runs of 1 scenario"]


def test_what_changed_is_shown(scenario):
    """A strategy that is another now, one that is new, one that is gone, another world."""
    text = a_scenario().replace("expect:", "  - single_flight\nexpect:")
    (scenario / "s.yaml").write_text(text)
    baseline("s.yaml", "--out", "b.json")
    text = text.replace(f"  - {FLEET}", f"  - {{name: {FLEET}, preset: {LONE}}}")
    text = text.replace("  - single_flight", "  - mint_per_call")
    (scenario / "s.yaml").write_text(text.replace("lifetime: 10m", "lifetime: 11m"))
    _, lines, _ = baseline("s.yaml", "--out", "b.json", "--allow-broken")

    assert [line for line in lines if not line.startswith((" ", "broken "))] == [
        "gone       s.yaml: single_flight",
        "changed    s.yaml: the scenario itself",
        "changed    s.yaml: shared_lock: worse",
        "new        s.yaml: mint_per_call",
        "baseline  b.json: 4 runs of 1 scenario",
    ]
    assert any(re.match(r" +401 rate 0 % to [\d.]+ % \(worse: \+", line) for line in lines)


def test_other_seeds_are_told(scenario):
    """One pair is equal; the third run is new."""
    baseline("s.yaml", "--out", "b.json")
    (scenario / "s.yaml").write_text(a_scenario(seeds=3))
    _, lines, _ = baseline("s.yaml", "--out", "b.json")

    assert lines == [
        "changed    s.yaml: shared_lock: 3 seeds, 2 before",
        "baseline  b.json: 3 runs of 1 scenario",
    ]


def test_scenarios_that_were_not_asked_for_stay(scenario):
    """One of two is made anew."""
    (scenario / "other.yaml").write_text(a_scenario("other"))
    baseline(".", "--out", "b.json")
    _, lines, _ = baseline("other.yaml", "--out", "b.json")

    assert lines == [
        "kept       1 scenario not among these",
        "baseline  b.json: 2 runs of 1 scenario",
    ]
    assert [each.file for each in read_baseline(scenario / "b.json").scenarios] == [
        "other.yaml",
        "s.yaml",
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [("<<<<<<<", "damaged, or no baseline of ours"), ('{"baseline": 9}', "by a newer tokenrace")],
)
def test_a_baseline_that_cannot_be_read_is_never_written_over(scenario, content, said):
    """Exit code 2, and not a byte of it changed."""
    (scenario / "b.json").write_text(content)
    code, lines, errors = baseline("s.yaml", "missing.yaml", "--out", "b.json")

    assert (code, lines) == (2, [])
    assert errors[0] == "missing.yaml: no such file"
    assert said in errors[1]
    assert (scenario / "b.json").read_text() == content


def test_runs_that_fail_are_no_baseline(scenario):
    """Exit code 1 and what is wrong; the old baseline stays."""
    baseline("s.yaml", "--out", "b.json")
    before = (scenario / "b.json").read_bytes()
    (scenario / "mine.py").write_text(
        "class Raises:\n    def __init__(self, fetch): ...\n"
        "    async def get_token(self): raise LookupError('no secret')\n"
    )
    ours = a_scenario(strategy='{name: ours, python: "mine:Raises"}', of="ours")
    (scenario / "s.yaml").write_text(ours)
    code, _, errors = baseline("s.yaml", "--out", "b.json")

    assert code == 1
    assert errors == [
        "s.yaml:7:5: ours: 2 of 2 runs failed: LookupError: no secret (mine.py:3)",
        "again: tokenrace replay s.yaml --strategy ours --seed 1",
        "b.json: nothing was written",
    ]
    assert (scenario / "b.json").read_bytes() == before
