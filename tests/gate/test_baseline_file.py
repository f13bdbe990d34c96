"""The baseline's file: what it says, and that one which cannot be read is left alone."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.gate.test_against import counts
from tokenrace.errors import ResultsError
from tokenrace.gate.baseline import Baseline, KnownRun, KnownScenario, KnownStrategy, file_from
from tokenrace.gate.baseline_file import SCHEMA, read_baseline, write_baseline


def a_baseline(*files, refused=0, seeds=(1, 2)):
    """A strategy and two runs for each of ``files``."""
    return Baseline(
        scenarios=tuple(
            KnownScenario(file=file, sha256="ab" * 32, engine="virtual", version="0.1.0")
            for file in files
        ),
        strategies=tuple(
            KnownStrategy(file=file, strategy="ours", settings="{}") for file in files
        ),
        runs=tuple(
            KnownRun(file=file, strategy="ours", seed=seed, counts=counts(refused=refused))
            for file in files
            for seed in seeds
        ),
    )


@given(
    st.sets(st.text('abü/."\\ \n', min_size=1, max_size=8), max_size=4),
    st.integers(0, 10**12),
)
def test_a_baseline_reads_back_as_it_was_written(tmp_path_factory, files, refused):
    """Whatever its files are called, in the same order."""
    path = tmp_path_factory.mktemp("baseline") / "new" / "baseline.json"
    written = a_baseline(*sorted(files), refused=refused)
    write_baseline(path, written)

    assert read_baseline(path) == written
    assert [each.name for each in path.parent.iterdir()] == ["baseline.json"]


def test_every_run_has_a_line_for_people_to_review(tmp_path):
    """A change of one run is a change of one line, which says whose it is."""
    path, again = tmp_path / "a.json", tmp_path / "b.json"
    write_baseline(path, a_baseline("x.yaml", "y.yaml"))
    changed = a_baseline("x.yaml", "y.yaml")
    write_baseline(
        again,
        replace(
            changed,
            runs=(*changed.runs[:3], replace(changed.runs[3], counts=counts(tokens=9))),
        ),
    )
    lines = zip(path.read_text().splitlines(), again.read_text().splitlines(), strict=True)
    different = [after for before, after in lines if before != after]

    assert json.loads(path.read_text())["baseline"] == SCHEMA
    assert len(different) == 1
    assert different[0].startswith('{"file": "y.yaml", "strategy": "ours", "seed": 2, ')


def test_new_runs_take_the_place_of_the_old_and_others_stay():
    """b is made anew with one seed; a and c stay; all are in order."""
    old, new = a_baseline("a", "b", "c"), a_baseline("b", refused=7, seeds=(1,))
    both = old.with_new(new)

    assert [each.file for each in both.scenarios] == ["a", "b", "c"]
    assert [(run.file, run.seed) for run in both.runs] == [
        ("a", 1),
        ("a", 2),
        ("b", 1),
        ("c", 1),
        ("c", 2),
    ]
    assert both.counts("b") == {"ours": {1: counts(refused=7)}}
    assert both.counts("a") == old.counts("a")


def test_a_scenario_is_known_by_its_file_from_wherever_it_is_asked(tmp_path, monkeypatch):
    """As seen from the baseline's folder: absolute, or from a working folder."""
    (tmp_path / "scenarios").mkdir()
    absolute = file_from(tmp_path / "results/b.json", tmp_path / "scenarios/x.yaml")
    monkeypatch.chdir(tmp_path / "scenarios")

    assert absolute == "../scenarios/x.yaml"
    from_here = type(tmp_path)
    assert file_from(from_here("../results/b.json"), from_here("x.yaml")) == absolute


WRITTEN = (
    '{{"baseline": {schema}, "scenarios": [{scenario}], "strategies": [{strategy}], "runs": []}}'
)
SCENARIO = '{"file": "x", "sha256": "ab", "engine": "virtual", "version": "0.1.0"}'
STRATEGY = '{"file": "x", "strategy": "ours", "settings": "{}"}'


def text(schema=1, scenario=SCENARIO, strategy=STRATEGY):
    return WRITTEN.format(schema=schema, scenario=scenario, strategy=strategy)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "damaged, or no baseline of ours: Expecting value: line 1 column 1 (char 0)"),
        ("<<<<<<< ours", "damaged, or no baseline of ours: Expecting value: line 1 column 1"),
        (text()[:-40], "damaged, or no baseline of ours: "),
        ("[]", "damaged, or no baseline of ours: it has no schema number. It is left as it is"),
        ("{}", "damaged, or no baseline of ours: it has no schema number"),
        (text(schema="true"), "damaged, or no baseline of ours: it has no schema number"),
        (
            text(schema=2),
            (
                "written by a newer tokenrace: baseline schema 2, and this one reads up to 1. "
                "It is left as it is"
            ),
        ),
        (
            text(scenario=SCENARIO.replace('"ab"', "7")),
            "damaged, or no baseline of ours: scenarios.0.sha256: must be text, got 7",
        ),
        (
            text(scenario=f"{SCENARIO}, {SCENARIO}"),
            "damaged, or no baseline of ours: there are two lines for x. It is left",
        ),
        (
            text(strategy=STRATEGY.replace('"x"', '"y"')),
            "damaged, or no baseline of ours: strategy ours is of y, which is no scenario of it",
        ),
    ],
)
def test_what_is_wrong_with_a_baseline_is_said(tmp_path, content, said):
    """Never guessed around."""
    path = tmp_path / "baseline.json"
    path.write_text(content)
    with pytest.raises(ResultsError) as caught:
        read_baseline(path)

    assert str(caught.value).startswith(f"{path}: {said}")


def test_a_run_of_nobody_is_damage(tmp_path):
    """Its strategy is not among the strategies."""
    path = tmp_path / "baseline.json"
    whole = a_baseline("x")
    write_baseline(path, replace(whole, strategies=()))
    with pytest.raises(ResultsError, match="a run is of ours in x, which is no strategy of it"):
        read_baseline(path)


def test_a_missing_baseline_is_told_with_the_command_that_makes_it(tmp_path):
    """As a CI job meets it first."""
    path = tmp_path / "baseline.json"
    with pytest.raises(ResultsError) as caught:
        read_baseline(path)

    assert str(caught.value) == (
        f"{path}: there is no such baseline. Make it: tokenrace baseline PATH... --out {path}"
    )


def test_a_baseline_that_cannot_be_written_is_not_half_there(tmp_path):
    """Its folder is a file."""
    (tmp_path / "file").write_text("")
    with pytest.raises(ResultsError, match="cannot write the baseline: "):
        write_baseline(tmp_path / "file" / "baseline.json", a_baseline("x"))
