"""The suite of known failure modes: every planted bug is caught by the mode that is about it, and
no right class fails any."""

import json
import re
from pathlib import Path

import pytest

from tests.checked import check, folder, put
from tests.suites.known_modes import mutants, right_classes
from tests.suites.known_modes.refactorings import HARMLESS
from tests.suites.known_modes.trying import FLEET, MEMORY, fitted, found, planted
from tokenrace.provider.profiles import PROFILES
from tokenrace.scenario import parse
from tokenrace.strategies.catalogue import CATALOGUE
from tokenrace.suites.adapted import scenario_text
from tokenrace.suites.modes import SUITES, read_suite
from tokenrace.user_code.python_class import PythonClass

__all__ = ["folder"]

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs" / "bring-your-own.md").read_text()
RIGHT = (Path(right_classes.__file__)).read_text()


@pytest.mark.parametrize(
    ("source", "name", "scope"),
    [(FLEET, "FleetTokens", "shared"), (MEMORY, "MemoryTokens", "process")],
)
def test_a_right_class_passes_every_mode(folder, source, name, scope):
    """One that shares a token under a lease, and one that keeps it in memory."""
    assert found(fitted(folder, source, name, scope)) == {}


@pytest.mark.parametrize("change", HARMLESS)
def test_a_harmless_change_passes_every_mode(folder, change):
    """Other names, other methods, a lock for a future, another back-off, lease or leeway."""
    name = "Tokens" if change == "renamed" else "FleetTokens"
    assert found(fitted(folder, planted(FLEET, HARMLESS[change]), name, "shared")) == {}


@pytest.mark.parametrize(
    ("name", "scope"),
    [(name, "shared") for name in right_classes.SHARED]
    + [(name, "process") for name in right_classes.PROCESS],
)
def test_what_is_shipped_passes_where_it_is_right_for_its_scope(folder, name, scope):
    """With a back-off and an ear for 401s: without them two of the modes are about just that."""
    assert found(fitted(folder, RIGHT, name, scope)) == {}


@pytest.mark.parametrize(("bug", "mode"), mutants.FLEET)
def test_a_bug_in_a_class_that_shares_its_token_is_caught(folder, bug, mode):
    """Not inconclusive: a failure, in the mode that is about it."""
    source = planted(FLEET, mutants.FLEET[bug, mode])
    wrong = found(fitted(folder, source, "FleetTokens", "shared"), mode)
    assert any(not told.startswith("inconclusive") for told in wrong[mode])


@pytest.mark.parametrize(("bug", "mode"), mutants.MEMORY)
def test_a_bug_in_a_class_that_keeps_its_token_in_memory_is_caught(folder, bug, mode):
    """The same bugs, where there is one for a class without a store."""
    source = planted(MEMORY, mutants.MEMORY[bug, mode])
    wrong = found(fitted(folder, source, "MemoryTokens", "process"), mode)
    assert any(not told.startswith("inconclusive") for told in wrong[mode])


def test_what_is_shipped_without_a_back_off_or_an_ear_for_401s_is_told_so(folder):
    """single_flight as it is: its page says that it does nothing about a 401, and it has no pause
    between two tries."""
    source = RIGHT.replace('made("single_flight", COMPARES)', 'made("single_flight", {})')
    wrong = found(fitted(folder, source, "single_flight", "process"))
    assert set(wrong) == {"early-revoke", "failing-endpoint"}


def test_the_documented_source_passes_every_mode(folder):
    """The first class that a reader copies."""
    (code,) = re.findall(r"```python\n# shop/tokens.py\n(.*?)```", DOCUMENT, re.DOTALL)
    assert found(fitted(folder, code, "TokenSource", "process")) == {}


def test_every_mode_of_every_suite_is_a_scenario_for_either_scope():
    """And says all that a report tells of it; its numbers are those of scenarios/README.md."""
    known = (ROOT / "scenarios" / "README.md").read_text()
    for name in SUITES:
        for mode in read_suite(name):
            assert mode.tried.endswith(".")
            assert mode.matters.endswith(".")
            assert all(f"| {number} |" in known for number in mode.numbers)
            for scope, bar in mode.bars.items():
                own = PythonClass(target="shop.tokens:Source", options=(("margin", 30),))
                scenario = parse(
                    scenario_text(mode, own, scope).encode(), CATALOGUE, Path("mode.yaml")
                )
                assert scenario.name == mode.name
                assert len(scenario.expect) == len(bar.expect) > 0


def test_the_page_lists_every_mode_of_the_suite():
    """With what a right class promises."""
    page = (ROOT / "docs" / "known-modes.md").read_text()
    listed = set(re.findall(r"^\| `([a-z0-9-]+)` \|", page, re.MULTILINE))
    assert listed == {mode.name for mode in read_suite("known-modes")}


def test_the_command_passes_a_right_class_and_says_what_it_took_it_for(folder):
    """Exit code 0 without a scenario, a baseline or a word on what the class is."""
    put(folder, "mine.py", FLEET)
    code, output, _ = check("--python", "mine:FleetTokens", "--suite", "known-modes")

    assert code == 0, output
    assert sum(line.startswith("pass ") for line in output) == len(read_suite("known-modes")) + 1
    (note,) = [line for line in output if "has token() and rejected()" in line]
    assert note.startswith(
        "note  known-modes: mine:FleetTokens has token() and rejected(), and shares"
    )
    assert output[-1] == "again  tokenrace check --python mine:FleetTokens --suite known-modes"


def test_a_failure_says_what_was_tried_promised_and_measured_and_why_it_matters(folder):
    """And the two commands that write the scenario and replay the run."""
    put(folder, "mine.py", planted(MEMORY, mutants.MEMORY["issue_on_any_401", "late-401"]))
    code, output, _ = check("--python", "mine:MemoryTokens", "--with", "margin=90", "--json", "j")
    told = "\n".join(output)

    assert code == 1
    assert "fail          late-401" in told
    assert "tried: Every token is revoked while slow calls with it are under way" in told
    assert "promised: one new token for each process and revocation" in told
    assert "why it matters: A 401 of a token that has been replaced" in told
    assert "again: tokenrace replay known-modes/late-401.yaml --strategy ours --seed" in told
    assert (
        "tokenrace suite known-modes --python mine:MemoryTokens --with margin=90 --out known-modes"
        in told
    )
    assert "not tried: " in told
    case = next(c for c in json.loads(Path("j").read_text())["cases"] if c["title"] == "late-401")
    assert case["story"]["modes"] == [14, 34]
    assert case["story"]["source"] == "mine.py"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "name scenario files or folders, or --python module:Class"),
        (["--suite", "known-modes"], "--suite needs a class: add --python module:Class"),
        (["--with", "margin=3"], "--with needs a class: add --python module:Class"),
        (["--python", "mine"], "--python: python: must be a module and a name in it"),
        (["--python", "mine:Nobody"], "mine:Nobody: "),
        (["--python", "mine:FleetTokens", "--with", "3"], "--with: must be name=value"),
        (["--python", "mine:FleetTokens", "--with", "margin=[1]"], "--with: margin must be text"),
        (["--python", "mine:FleetTokens", "--with", "marge=3"], "marge"),
        (["--python", "mine:FleetTokens", "--suite", "all"], "--suite: unknown suite 'all'"),
    ],
)
def test_what_is_wrong_with_the_words_is_said_before_the_first_run(folder, words, message):
    """Exit code 2, in a line."""
    put(folder, "mine.py", FLEET)
    code, _, errors = check(*words)

    assert code == 2
    assert message in "\n".join(errors)


def test_profiles_that_the_suite_names_are_there():
    """The modes are of one provider, whose cap is set for each scope."""
    named = {mode.scenario["provider"]["profile"] for mode in read_suite("known-modes")}
    assert named <= PROFILES.keys()
