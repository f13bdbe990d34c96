"""What a user types and reads: exit codes and messages, by causing them."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from tokenrace.cli.app import app
from tokenrace.scenario import load, schema_text
from tokenrace.strategies.catalogue import CATALOGUE

ROOT = Path(__file__).parents[2]
SHIPPED = sorted((ROOT / "scenarios").rglob("*.yaml"))
GOOD = """
name: good
fleet: {processes: 1, workers: 1}
workload: {arrivals: {process: closed, think: 1s}}
strategies: [single_flight]
run: {duration: 1s}
"""


def tokenrace(*words: str):
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def good(tmp_path):
    """A scenario file with nothing wrong in it."""
    path = tmp_path / "good.yaml"
    path.write_text(GOOD, encoding="utf-8")
    return path


def test_validate_says_what_a_good_file_holds(good):
    """One line a file, exit 0."""
    got = tokenrace("validate", good)

    assert (got.exit_code, got.stdout) == (0, f"{good}: ok, 1 strategy x 5 seeds\n")


def test_validate_goes_on_after_a_bad_file(good, tmp_path):
    """Every file is checked; one bad file makes exit 2."""
    got = tokenrace("validate", tmp_path / "missing.yaml", good)

    assert got.exit_code == 2
    assert got.stderr == f"{tmp_path / 'missing.yaml'}: no such file\n"
    assert got.stdout == f"{good}: ok, 1 strategy x 5 seeds\n"


def test_a_bad_scenario_is_told_with_every_problem_and_writes_nothing(tmp_path):
    """N = 0, a negative duration, an unknown key, an unknown strategy, a unit missing."""
    path = tmp_path / "bad.yaml"
    path.write_text(
        GOOD.replace("single_flight", "singleflight")
        .replace("duration: 1s", "duration: -1s")
        .replace("think: 1s", "think: 1")
        .replace("workers: 1", "workers: 0, worker: 2"),
        encoding="utf-8",
    )
    got = tokenrace("run", path, "--out", tmp_path / "out")

    assert got.exit_code == 2
    assert got.stderr.splitlines() == [
        f"{path}:3:32: fleet.workers: must be at least 1, got 0",
        f"{path}:3:35: fleet.worker: unknown key; did you mean 'workers'?",
        f"{path}:4:47: workload.arrivals.think: needs a unit, such as 30s, 5m or 1h; got 1",
        (
            f"{path}:5:14: strategies[0]: unknown strategy 'singleflight'; did you mean "
            f"'single_flight'? known: {', '.join(CATALOGUE.presets)}"
        ),
        f"{path}:6:17: run.duration: must not be negative, got '-1s'",
    ]
    assert not (tmp_path / "out").exists()


def test_a_strategy_the_file_does_not_have_is_named_with_those_it_has(good):
    """The names are the file's own, which may differ from the presets'."""
    got = tokenrace("run", good, "--strategy", "shared_lock")

    assert got.exit_code == 2
    assert got.stderr == f"{good}: has no strategy 'shared_lock' to run; it has single_flight\n"


def test_results_that_cannot_be_written_are_refused_before_anything_runs(good, tmp_path):
    """A file stands where the folder should be."""
    (tmp_path / "out").write_text("not a folder", encoding="utf-8")
    got = tokenrace("run", good, "--out", tmp_path / "out")

    assert got.exit_code == 2
    assert "cannot write results there" in got.stderr
    assert (tmp_path / "out").read_text(encoding="utf-8") == "not a folder"


def test_a_time_scale_that_leaves_no_whole_seconds_is_refused(tmp_path):
    """1 h / 700 is 5.14 s, which expires_in cannot say."""
    path = tmp_path / "scaled.yaml"
    path.write_text(GOOD.replace("duration: 1s", "duration: 1h, time_scale: 700"), encoding="utf-8")
    got = tokenrace("run", path, "--out", tmp_path / "out")

    assert got.exit_code == 2
    assert "time_scale" in got.stderr
    assert "720" in got.stderr


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_shipped_scenario_is_valid_and_says_what_it_shows(path):
    """Each loads, is named after its file and has a description."""
    scenario = load(path, CATALOGUE)

    assert scenario.name == path.stem
    assert scenario.description


def test_the_shipped_schema_is_current():
    """If this fails, run ``make schema``."""
    text = (ROOT / "scenarios/schema.json").read_text(encoding="utf-8")

    assert text == schema_text(CATALOGUE)


def test_schema_writes_where_it_is_told(tmp_path):
    """A path, or - for standard output; a folder that is not there is said."""
    written = tokenrace("schema", "--out", tmp_path / "schema.json")
    shown = tokenrace("schema", "--out", "-")
    failed = tokenrace("schema", "--out", tmp_path / "nowhere/schema.json")

    assert written.exit_code == 0
    assert (tmp_path / "schema.json").read_text(encoding="utf-8") == shown.stdout
    assert failed.exit_code == 2
    assert "cannot write the schema: No such file or directory" in failed.stderr


def test_help_names_every_command_and_where_to_start():
    """Without arguments, too."""
    for got in (tokenrace("--help"), tokenrace()):
        assert "tokenrace run scenarios/expiry-stampede.yaml" in got.output
        assert all(command in got.output for command in ("run", "validate", "schema"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--seeds", "0"), "'--seeds': must be at least 1, got 0"),
        (("--seeds", "many"), "'--seeds': must be a whole number, got 'many'"),
        (("--engine", "steam"), "'--engine': 'steam' is not one of 'wire', 'virtual'."),
        (("--port", "70000"), "'--port': must be at most 65535, got 70000"),
    ],
)
def test_a_wrong_option_is_said_in_the_words_of_a_scenarios_problems(good, words, said):
    """Not in the library's that reads it, which begin with 'Input should' or 'Value error'."""
    got = tokenrace("run", good, *words)

    assert got.exit_code == 2
    assert said in " ".join(got.output.replace("│", " ").split())
