"""What nothing is promised of, broken promises in a baseline, and scenarios that cannot be run."""

import json
from xml.etree import ElementTree as ET

import pytest
from typer.testing import CliRunner

from tests.checked import FLEET, LONE, a_scenario, check, folder, put, without_progress
from tokenrace.cli.app import app

__all__ = ["folder"]

UNPROMISED = a_scenario().replace("expect:", f"  - {LONE}\nexpect:")
"""Two strategies, one of which is expected something of."""
NOTE = f"nothing is promised for {LONE}: add what you expect under 'expect'"


def baseline(*words):
    """Run the command; return its exit code and the lines of its output and errors."""
    got = CliRunner().invoke(app, ["baseline", "--jobs", "1", *map(str, words)])
    assert got.exception is None or isinstance(got.exception, SystemExit), got.exception
    return got.exit_code, got.stdout.splitlines(), without_progress(got.stderr)


def test_a_strategy_of_which_nothing_is_expected_is_told_wherever_findings_are(folder):
    """It passes, and nobody may take that for a promise kept."""
    put(folder, "s.yaml", UNPROMISED)
    code, lines, _ = check("s.yaml", "--junit", "j.xml", "--summary", "s.md", "--json", "c.json")

    assert code == 0
    assert f"  note  {NOTE}" in lines
    assert json.loads((folder / "c.json").read_text())["cases"][0]["notes"] == [NOTE]
    assert ET.parse(folder / "j.xml").getroot()[0].findtext("system-out") == NOTE
    assert (
        "- small: nothing is promised for check\\_then\\_act: add" in (folder / "s.md").read_text()
    )


def test_a_scenario_that_expects_nothing_is_told(folder):
    """Of all its strategies."""
    put(folder, "s.yaml", a_scenario().replace(f"expect:\n  {FLEET}: {{rate_401: == 0}}\n", ""))
    code, lines, _ = check("s.yaml")

    assert code == 0
    assert f"  note  nothing is promised for {FLEET}: add what you expect under 'expect'" in lines


def test_who_requires_expectations_gets_a_failure_at_the_strategy(folder):
    """Exit code 1; the one that has a promise passes; the command that repeats it says so."""
    put(folder, "s.yaml", UNPROMISED)
    code, lines, _ = check("s.yaml", "--require-expect", "--json", "c.json")
    findings = json.loads((folder / "c.json").read_text())["cases"][0]["findings"]

    assert code == 1
    why = "nothing is promised for it: --require-expect wants an expectation for every strategy"
    assert f"  fail  {LONE}: {why}" in lines
    assert "    s.yaml:8:5" in lines
    assert [each["strategy"] for each in findings if each["kind"] == "promise"] == [LONE]
    assert lines[-1] == "again  tokenrace check s.yaml --require-expect"
    put(folder, "s.yaml", a_scenario())
    assert check("s.yaml", "--require-expect")[0] == 0


def test_a_broken_promise_is_no_baseline_unless_somebody_says_so(folder):
    """Nothing is written, exit code 1; with the option it is written, and told."""
    put(folder, "s.yaml", a_scenario(strategy=LONE))
    code, _, errors = baseline("s.yaml", "--out", "b.json")

    assert code == 1
    assert errors[0].startswith(f"s.yaml:9:20: {LONE}: expected rate_401 == 0, measured ")
    assert errors[1].startswith("again: tokenrace replay s.yaml --strategy check_then_act --seed ")
    assert errors[2] == (
        "b.json: nothing was written; --allow-broken takes what is broken as the baseline all the "
        "same"
    )
    assert not (folder / "b.json").exists()
    code, lines, _ = baseline("s.yaml", "--out", "b.json", "--allow-broken")
    assert code == 0
    assert any(line.startswith("broken     s.yaml:9:20: check_then_act: ") for line in lines)
    assert (folder / "b.json").exists()


@pytest.fixture
def mixed(folder):
    """A folder with a scenario that is well, and one of a program, which needs real time."""
    program = a_scenario("program", strategy='{name: ours, command: ["true"]}', of="ours")
    put(folder, "all/a.yaml", a_scenario("a"))
    put(folder, "all/b.yaml", program.replace("engine: virtual", "engine: wire"))
    return folder


def test_a_program_in_a_folder_does_not_stop_the_others(mixed):
    """It is inconclusive, exit code 3, with what to do about it; the other one is checked."""
    code, lines, errors = check("all")

    assert (code, errors) == (3, [])
    assert "pass          a        2 runs, 2 checked" in lines
    assert "inconclusive  program  0 runs, 1 checked" in lines
    (told,) = [line for line in lines if line.startswith("  inconclusive  strategies[0]: not run")]
    assert told.endswith("; add --engine wire")
    assert "    all/b.yaml:7:5" in lines


def test_a_program_in_a_folder_is_left_out_of_a_baseline(mixed):
    """The other one is taken; against that baseline, the program is what it was."""
    code, lines, _ = baseline("all", "--out", "b.json")

    assert code == 0
    assert any(line.startswith("left out   all/b.yaml: strategies[0]: ") for line in lines)
    assert "baseline  b.json: 2 runs of 1 scenario" in lines
    assert check("all", "--baseline", "b.json")[0] == 3


def test_a_program_that_is_named_itself_is_wrong_input(mixed):
    """Who asks for what cannot be gets it said before anything is run."""
    code, lines, errors = check("all/b.yaml", "all/a.yaml")

    assert (code, lines) == (2, [])
    assert errors[0].startswith("all/b.yaml:7:5: strategies[0]: ")
