"""``tokenrace init`` and ``tokenrace suite``: what they write is right, and over nothing."""

import shlex
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

import tokenrace.cli
from tests.checked import folder, put
from tests.suites.known_modes.trying import MEMORY
from tokenrace.cli.app import app
from tokenrace.suites.modes import read_suite

__all__ = ["folder"]

DOCS = Path(__file__).parents[2] / "docs" / "ci"
FILES = Path(tokenrace.cli.__file__).parent / "ci_files"
OURS = ["--python", "mine:MemoryTokens"]
SCENARIO, BASELINE = Path("scenarios/tokens.yaml"), Path("results/baseline.json")
WORKFLOW = Path(".github/workflows/tokens.yml")


def run(*words, stdin=None):
    """Run the command; return its exit code and all it said."""
    got = CliRunner().invoke(app, list(words), input=stdin)
    return got.exit_code, got.output


@pytest.mark.parametrize("name", ["github.yml", "gitlab.yml"])
def test_the_workflows_in_the_wheel_are_those_of_the_docs(name):
    """A page that shows one thing and a command that writes another would be two truths."""
    assert (FILES / name).read_text() == (DOCS / name).read_text()


def test_what_init_writes_passes_validate_and_check(folder):
    """A scenario, its baseline, and a job whose check is the one that passes here."""
    put(folder, "mine.py", MEMORY)
    code, output = run("init", *OURS, "--with", "margin=90", "--ci", "github")
    assert code == 0, output
    assert run("validate", str(SCENARIO))[0] == 0
    assert "'mine:MemoryTokens', options: {margin: 90}" in SCENARIO.read_text()
    assert "live_tokens: 8" in SCENARIO.read_text()

    (_, _, install, check, _) = yaml.safe_load(WORKFLOW.read_text())["jobs"]["check"]["steps"]
    words = shlex.split(check["run"])
    assert install["run"].startswith("pip install tokenrace==")
    assert words[:3] == ["tokenrace", "check", "scenarios/"]
    assert words[3:9] == [*OURS, "--with", "margin=90", "--suite", "known-modes"]
    assert words[9:11] == ["--baseline", str(BASELINE)]
    code, output = run("check", "scenarios/", "--baseline", str(BASELINE), "--jobs", "1")
    assert code == 0, output


def test_init_without_a_class_races_what_is_shipped_on_gitlab(folder):
    """The job has no suite then."""
    code, output = run("init", "--ci", "gitlab")
    assert code == 0, output
    assert run("validate", str(SCENARIO))[0] == 0
    (_, check) = yaml.safe_load(Path(".gitlab-ci.yml").read_text())["tokens"]["script"]
    assert check.startswith(f"tokenrace check scenarios/ --baseline {BASELINE}")


def test_init_asks_what_is_left_open_where_somebody_can_answer(folder, monkeypatch):
    """On a terminal: the class, and the CI, again where there is none of that name."""
    monkeypatch.setattr("tokenrace.cli.init.somebody_can_answer", lambda: True)
    put(folder, "mine.py", MEMORY)
    code, output = run("init", stdin="mine:MemoryTokens\njenkins\nNone\n")

    assert code == 0, output
    assert "Your class, as module:Class" in output
    assert "mine:MemoryTokens" in SCENARIO.read_text()
    assert not WORKFLOW.exists()


@pytest.mark.parametrize("there", [SCENARIO, WORKFLOW, BASELINE], ids=str)
def test_init_writes_over_nothing(folder, there):
    """One file that is there is enough for none to be written."""
    put(folder, "mine.py", MEMORY)
    put(folder, str(there), "mine")
    code, output = run("init", *OURS, "--ci", "github")

    assert code == 2
    assert f"{there}: already there, nothing was written. Add --force" in output
    assert there.read_text() == "mine"
    assert sum(path.exists() for path in (SCENARIO, WORKFLOW, BASELINE)) == 1


def test_suite_writes_scenarios_that_pass_validate_and_writes_over_none(folder):
    """Those that can be tried on the class."""
    put(folder, "mine.py", MEMORY)
    code, output = run("suite", *OURS, "--out", "modes")
    written = sorted(Path("modes").iterdir())

    assert code == 0, output
    assert [path.stem for path in written] == sorted(
        mode.name for mode in read_suite("known-modes") if "process" in mode.bars
    )
    assert run("validate", *map(str, written))[0] == 0
    code, output = run("suite", *OURS, "--out", "modes")
    assert code == 2
    assert "already there" in output
    assert run("suite", *OURS, "--out", "modes", "--force")[0] == 0


def test_suite_lists_what_is_tried(folder):
    """By itself it needs no class."""
    code, output = run("suite")

    assert code == 0
    for mode in read_suite("known-modes"):
        assert mode.name in output
        assert mode.tried in output
    assert run("suite", "unknown")[0] == 2
    assert run("suite", "--out", "x")[0] == 2
