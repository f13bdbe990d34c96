"""What ``tokenrace sweep`` says before the first run where it is asked for what cannot be."""

import sys

import pytest

from tests.sweep.small_sweep import SMALL, scenario, tokenrace

__all__ = ["scenario"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--over", "fleet.procesess=1..3"), "did you mean 'fleet.processes'?"),
        (("--over", "fleet.processes"), "must be PATH=VALUES, as fleet.processes=1..10"),
        (("--over", "fleet.processes=3..1"), "a range must rise, got '3..1'"),
        (
            ("--over", "fleet.processes=0..2"),
            "at fleet.processes=0: fleet.processes: must be at least 1, got 0",
        ),
        (
            ("--over", "fleet.start=10m,20m", "--over", "run.duration=15m,30m"),
            "at fleet.start=20m, run.duration=15m: fleet.start: must be shorter than",
        ),
        (("--strategy", "nobody"), "has no strategy 'nobody' to run; it has single_flight, locked"),
        (("--figure", "rate_402"), "--figure rate_402: unknown figure; did you mean 'rate_401'?"),
        (("--refine", "rate_401"), "--refine rate_401: needs the value to follow"),
        (("--resume", "--anew"), "choose one"),
        (("--jobs", "2", "--scheduler", "tcp://127.0.0.1:1"), "--jobs is for this machine"),
    ],
)
def test_what_is_wrong_is_said_before_the_first_run(scenario, tmp_path, words, said):
    """With exit code 2, and nothing written."""
    got = tokenrace("sweep", scenario, "--out", tmp_path / "out", *words)

    assert got.exit_code == 2
    assert said in got.stderr
    assert not (tmp_path / "out").exists()


def test_a_cluster_without_its_extra_says_what_to_install(scenario, tmp_path, monkeypatch):
    """Before anything is written."""
    monkeypatch.setitem(sys.modules, "distributed", None)

    got = tokenrace(
        "sweep", scenario, "--scheduler", "tcp://127.0.0.1:1", "--out", tmp_path / "out"
    )

    assert got.exit_code == 2
    assert "a sweep on a cluster needs tokenrace[cluster], which is not installed" in got.stderr
    assert not (tmp_path / "out").exists()


def test_many_wrong_points_are_not_all_said(scenario, tmp_path):
    """Ten, and how many more."""
    got = tokenrace("sweep", scenario, "--over", "fleet.processes=10001..10030", "--out", tmp_path)

    assert got.exit_code == 2
    assert len(got.stderr.splitlines()) == 11
    assert got.stderr.splitlines()[-1].endswith("and 20 more like these")


def test_a_scenario_without_a_sweep_says_what_to_add(scenario, tmp_path):
    """Either a section or an option."""
    path = tmp_path / "plain.yaml"
    path.write_text(SMALL.split("sweep:", maxsplit=1)[0], encoding="utf-8")

    got = tokenrace("sweep", path, "--out", tmp_path)

    assert got.exit_code == 2
    assert "nothing to sweep over: give it a sweep section, or add --over" in got.stderr
