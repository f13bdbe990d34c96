"""Which runs ``tokenrace sweep`` makes, and what it does about one that fails."""

import re
from pathlib import Path

import pytest

from tests.sweep.small_sweep import SMALL, scenario, table, tokenrace
from tokenrace.cli.sweep_asked import SweepOptions, read_sweep
from tokenrace.sweep.found import Found
from tokenrace.sweep.surfaces import surface_of

__all__ = ["scenario"]

SWEEPS = Path(__file__).parents[2] / "scenarios" / "sweeps"


def test_a_strategys_own_setting_is_swept_over_for_that_strategy_alone(scenario, tmp_path):
    """The others would be run again and again, the same each time."""
    words = ["--over", "strategies.locked.lock_ttl=1s,10s", "--seeds", 1]

    got = tokenrace("sweep", scenario, *words, "--out", tmp_path)

    assert got.exit_code == 0, got.output
    assert [row["strategy"] for row in table(tmp_path / "small.sweep")] == ["locked", "locked"]


def test_refining_makes_the_runs_along_the_boundary_only(tmp_path, scenario):
    """The staircase of the holder rule, 17 by 17: with P processes each cap up to P - 1 is bad.

    Every step of it lies between two measured points, one on either side.
    """
    words = ["--over", "fleet.processes=1..17", "--over", "provider.live_tokens=1..17"]
    words += ["--strategy", "single_flight", "--seeds", 1, "--refine", "rate_401=1%"]
    path = tmp_path / "wide.yaml"
    path.write_text(SMALL.replace("think: exponential 1m", "think: exponential 20s"), "utf-8")

    got = tokenrace("sweep", path, *words, "--out", tmp_path)

    assert got.exit_code == 0, got.output
    rows = table(tmp_path / "small.sweep")
    measured = {(r["fleet.processes"], r["provider.live_tokens"]): r["rate_401"] for r in rows}
    assert f"{len(rows)} runs along the boundary; the full grid would have cost 289" in got.stdout
    assert len(rows) < 150
    for processes in range(2, 18):
        assert measured[processes, processes - 1] > 0.01
        assert measured[processes, processes] <= 0.01
    assert "values of fleet.processes where it is above rate_401 = 1 %" in got.stdout
    for cap in range(1, 17):
        assert re.search(rf"\b{cap} . from {cap + 1}\b", got.stdout), cap
    assert re.search(r"\b17 . nowhere\b", got.stdout)


@pytest.mark.parametrize("file", sorted(SWEEPS.glob("*.yaml")), ids=lambda file: file.stem)
def test_every_point_of_the_shipped_sweeps_is_a_scenario(file):
    """Named as its file, described, and drawn with a law."""
    asked = read_sweep(file, SweepOptions())

    assert asked.grid.scenario == file.stem
    assert asked.description
    assert asked.heading.over
    panels = surface_of(asked.grid, Found(asked.grid), is_whole=True).panels
    assert any(panel.curves for panel in panels)


OWN = """
class Moody:
    def __init__(self, fetch, fails):
        self._fetch, self._fails, self._token = fetch, fails, None

    async def get_token(self):
        if self._fails:
            raise LookupError("no such secret")
        if self._token is None:
            self._token = (await self._fetch())["access_token"]
        return self._token
"""


def test_a_run_that_fails_marks_its_cell_and_the_sweep_goes_on(tmp_path, monkeypatch):
    """Exit code 1, a list of the runs and for each the command that repeats it. Here the user's own
    class raises if an option says so, over which one can sweep as well."""
    monkeypatch.chdir(tmp_path)
    Path("moody.py").write_text(OWN, encoding="utf-8")
    own = "strategies: [{name: ours, python: 'moody:Moody', options: {fails: false}}, single_flight"
    text = SMALL.replace("strategies: [single_flight", own)
    Path("small.yaml").write_text(text, encoding="utf-8")
    words = ["sweep", "small.yaml", "--seeds", 1, "--jobs", 1]

    got = tokenrace(*words, "--over", "strategies.ours.options.fails=false,true")

    assert got.exit_code == 1, got.output
    *_, said, failed, replay = got.stderr.splitlines()  # progress comes before
    at = "strategies.ours.options.fails=True"
    assert said == "1 run failed:"
    assert failed == f"ours, seed 1, at {at}: LookupError: no such secret (moody.py:8)"
    assert replay == f"  replay: tokenrace replay small.yaml --set {at} --strategy ours --seed 1"
    rows = table(Path("results/small.sweep"))
    assert [(row["strategy"], bool(row["error"])) for row in rows] == [
        ("ours", False),
        ("ours", True),
    ]
    again = tokenrace(*words, "--over", "strategies.ours.options.fails=false,true", "--resume")
    assert "1 run failed:" in again.stderr
    assert len(Path("results/small.sweep/cells.jsonl").read_bytes().splitlines()) == 1 + 2 + 1
