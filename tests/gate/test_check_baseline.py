"""``tokenrace check --baseline``: better, worse, the same, or nobody can tell."""

import json
import re

import pytest
from typer.testing import CliRunner

from tests.checked import FLEET, LONE, a_scenario, check, folder, put
from tokenrace.cli.app import app

__all__ = ["folder"]


@pytest.fixture
def baselined(folder):
    """A scenario of a strategy that is good, and its baseline."""
    put(folder, "s.yaml", a_scenario(expect="rate_401: <= 100%"))
    got = CliRunner().invoke(app, ["baseline", "s.yaml", "--jobs", "1", "--out", "b.json"])
    assert got.exit_code == 0, got.output
    return folder


def run(folder):
    """Take what the scenario comes to now as the baseline."""
    words = ["baseline", "s.yaml", "--jobs", "1", "--out", "b.json", "--allow-broken"]
    CliRunner().invoke(app, words)


def against(folder, *words):
    return check("s.yaml", "--baseline", "b.json", *words)


def rewrite(folder, old, new, name="s.yaml"):
    text = (folder / name).read_text()
    assert old in text
    (folder / name).write_text(text.replace(old, new))


def test_where_nothing_changed_every_count_is_equal(baselined):
    """Nor does it matter what is expected, or what the scenario is called and described as."""
    rewrite(baselined, "rate_401: <= 100%", "rate_401: <= 50%")
    rewrite(baselined, "name: small", "name: other\ndescription: words")
    code, lines, _ = against(baselined)

    assert code == 0
    assert "pass          other  2 runs, 3 checked" in lines


def test_a_strategy_that_got_worse_fails(baselined):
    """Its name is the same, its settings are named; the difference and its interval are told."""
    rewrite(baselined, f"  - {FLEET}", f"  - {{name: {FLEET}, preset: {LONE}}}")
    code, lines, _ = against(baselined)
    worse = next(line for line in lines if "worse than the baseline" in line)

    assert code == 1
    assert worse.startswith(
        "  fail  shared_lock: worse than the baseline, 2 seeds, its settings were "
        '{"preset": "shared_lock"}: '
    )
    assert re.search(r"worse: \+[\d.]+", worse)
    assert any(re.match(r" *the first event that differs", line) for line in lines)
    assert any(re.match(r" *its first 401: [\d:.]+: p\d\.w\d got 401", line) for line in lines)
    assert lines[-1] == "again  tokenrace check s.yaml --baseline b.json"


def test_exactly_means_every_count(baselined):
    """What got better passes, and fails where the same counts are asked for."""
    rewrite(baselined, f"  - {FLEET}", f"  - {{name: {FLEET}, preset: {LONE}}}")
    run(baselined)
    rewrite(baselined, f"{{name: {FLEET}, preset: {LONE}}}", FLEET)
    tolerant, _, _ = against(baselined)
    code, lines, _ = against(baselined, "--exact")

    assert (tolerant, code) == (0, 1)
    assert any("better than the baseline" in line and "counts otherwise" in line for line in lines)
    assert lines[-1] == "again  tokenrace check s.yaml --baseline b.json --exact"


def test_exactly_the_same_passes_and_needs_something_to_be_the_same_as(baselined):
    """Equal code gives equal counts."""
    assert against(baselined, "--exact")[0] == 0
    assert check("s.yaml", "--exact") == (
        2,
        [],
        ["--exact is about a baseline: add --baseline FILE"],
    )


KEEPS = """
class Source:
    def __init__(self, fetch):
        self.fetch, self.kept, self.calls = fetch, None, 0

    async def get_token(self):
        self.calls += 1
        if self.kept is None or self.calls % {calls} == 0:
            self.kept = (await self.fetch())["access_token"]
        return self.kept
"""


def test_code_of_ones_own_that_got_worse_fails_though_its_scenario_is_the_same(folder):
    """It takes a new token every fiftieth call, and after the change every second; of a cap of one
    for two processes. What this is all for."""
    put(folder, "mine.py", KEEPS.format(calls=50))
    ours = '{name: ours, python: "mine:Source"}'
    put(folder, "s.yaml", a_scenario(strategy=ours, of="ours", expect="rate_401: <= 100%"))
    got = CliRunner().invoke(app, ["baseline", "s.yaml", "--jobs", "1", "--out", "b.json"])
    assert (got.exit_code, against(folder)[0]) == (0, 0)
    put(folder, "mine.py", KEEPS.format(calls=2))
    code, lines, _ = against(folder)

    assert code == 1
    assert any(re.search(r"ours: worse than the baseline, 2 seeds: ", line) for line in lines)
    assert any(re.search(r"tokens issued [\d.]+ to [\d.]+ \(worse: ", line) for line in lines)


def test_a_strategy_that_got_better_passes(baselined):
    """The other way round."""
    rewrite(baselined, f"  - {FLEET}", f"  - {{name: {FLEET}, preset: {LONE}}}")
    words = ["baseline", "s.yaml", "--jobs", "1", "--out", "b.json", "--allow-broken"]
    CliRunner().invoke(app, words)
    rewrite(baselined, f"{{name: {FLEET}, preset: {LONE}}}", FLEET)
    code, _, _ = against(baselined, "--json", "c.json")
    *_, finding = json.loads((baselined / "c.json").read_text())["cases"][0]["findings"]

    assert code == 0
    assert finding["measured"].startswith("better than the baseline, 2 seeds")
    assert "401 rate" in finding["detail"]


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("live_tokens: 1", "live_tokens: 2", "the scenario changed since the baseline (then "),
        ("name: small", "name: small", ""),
        (
            f"  - {FLEET}\n",
            f"  - {FLEET}\n  - single_flight\n",
            "the strategy is not in b.json; tokenrace baseline takes it as it is now",
        ),
    ],
)
def test_what_cannot_be_compared_is_named_and_inconclusive(baselined, old, new, why):
    """Not silently compared, and not silently passed; the second changes nothing."""
    rewrite(baselined, old, new)
    code, lines, _ = against(baselined)

    assert code == (3 if why else 0)
    assert any(why in line for line in lines)


def test_a_scenario_that_is_new_is_named(baselined):
    """It is not in the baseline; what is there and not here is a note."""
    put(baselined, "new.yaml", a_scenario("new"))
    code, lines, _ = check("new.yaml", "--baseline", "b.json")

    assert code == 3
    assert any("not compared: the scenario is not in b.json" in line for line in lines)
    assert "note  the baseline has 1 scenario that was not checked: s.yaml" in lines


def test_counts_of_another_version_are_equal_or_cannot_be_told(baselined):
    """Equal is equal, whoever counted; a difference may be tokenrace's or numpy's."""
    version = re.search(r'"version": "([^"]+)"', (baselined / "b.json").read_text())[1]
    rewrite(baselined, f'"version": "{version}"', '"version": "0.0.9"', "b.json")

    assert against(baselined)[0] == 0
    rewrite(baselined, '"tokens_issued": ', '"tokens_issued": 1', "b.json")
    code, lines, _ = against(baselined)
    assert code == 3
    told = next(line for line in lines if "made the baseline" in line)
    assert re.search(r": tokenrace 0\.0\.9 with numpy \S+ made the baseline, and this is ", told)
    assert re.search(rf" and this is tokenrace {version} with numpy [\d.]+; ", told)


def test_what_may_be_chance_cannot_be_told(baselined):
    """One token more in one of two seeds: 0.5, and 12.706 * 0.5 = 6.4 to either side."""
    text = (baselined / "b.json").read_text()
    tokens = int(re.search(r'"tokens_issued": (\d+)', text)[1])
    changed = re.sub(r'"tokens_issued": \d+', f'"tokens_issued": {tokens - 1}', text, count=1)
    (baselined / "b.json").write_text(changed)
    code, lines, _ = against(baselined)
    told = next(line for line in lines if "can't tell from the baseline" in line)

    assert code == 3
    assert re.search(
        r"2 seeds: tokens issued \S+ to \d+ \(can't tell: -5\.85 to \+6\.85\); use more seeds, or ",
        told,
    )


def test_runs_of_other_seeds_have_nothing_to_be_compared_with(baselined):
    """Not one pair."""
    text = (baselined / "b.json").read_text()
    (baselined / "b.json").write_text(text.replace('"seed": ', '"seed": 1'))
    code, lines, _ = against(baselined)

    assert code == 3
    assert any("not compared: they have no seed in common; " in line for line in lines)


def test_a_strategy_whose_runs_failed_is_not_compared(folder):
    """The failure is the news."""
    put(folder, "mine.py", KEEPS.format(calls=50))
    ours = '{name: ours, python: "mine:Source"}'
    put(folder, "s.yaml", a_scenario(strategy=ours, of="ours", expect="rate_401: <= 100%"))
    words = ["baseline", "s.yaml", "--jobs", "1", "--out", "b.json", "--allow-broken"]
    CliRunner().invoke(app, words)
    put(folder, "mine.py", KEEPS.format(calls=0))
    code, lines, _ = against(folder)

    assert code == 1
    assert any("ours: 2 of 2 runs failed: ZeroDivisionError: " in line for line in lines)
    assert "  inconclusive  ours: not compared: not all runs were made" in lines


def test_a_strategy_that_is_gone_is_a_note(baselined):
    """It can be neither better nor worse."""
    rewrite(baselined, f"  - {FLEET}\n", "  - single_flight\n")
    rewrite(baselined, f"  {FLEET}:", "  single_flight:")
    _, lines, _ = against(baselined)

    assert "  note  shared_lock is in the baseline, and no longer in the scenario" in lines


def test_other_seeds_are_compared_where_there_are_pairs(baselined):
    """Three seeds now, two then: the two are equal."""
    rewrite(baselined, "seeds: 2", "seeds: 3")
    code, _, _ = against(baselined, "--json", "c.json")
    *_, finding = json.loads((baselined / "c.json").read_text())["cases"][0]["findings"]

    assert code == 0
    assert finding["measured"] == "same as the baseline, 2 seeds"
