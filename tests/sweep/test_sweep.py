"""``tokenrace sweep`` on this machine: what it leaves, and how it goes on."""

import csv
import json
import shutil
import sys

import pytest

from tests.sweep.small_sweep import CELLS, scenario, table, tokenrace
from tokenrace.sweep.journal import Journal

__all__ = ["scenario"]


@pytest.fixture(scope="module")
def whole(scenario, tmp_path_factory):
    """The folder of the sweep, made at one go."""
    out = tmp_path_factory.mktemp("whole")
    got = tokenrace("sweep", scenario, "--jobs", 2, "--out", out)
    assert got.exit_code == 0, got.output
    assert "small: 4 x 3 points, 2 strategies, 2 seeds: 48 runs, 2 processes" in got.stdout
    return out / "small.sweep"


@pytest.fixture
def interrupted(whole, tmp_path):
    """The folder of a sweep that was killed while it wrote its 21st cell."""
    folder = tmp_path / "small.sweep"
    folder.mkdir()
    lines = (whole / "cells.jsonl").read_bytes().splitlines(keepends=True)
    (folder / "cells.jsonl").write_bytes(b"".join(lines[:21]) + lines[21][:30])
    return folder


def test_a_sweep_leaves_a_row_for_each_run_in_the_order_of_the_grid(whole):
    """Seed by seed, strategy by strategy, point by point; the cap is text, as one is none."""
    rows = table(whole)

    assert len(rows) == CELLS
    assert [(r["seed"], r["strategy"], r["fleet.processes"]) for r in rows[:4]] == [
        (1, "single_flight", 1),
        (1, "single_flight", 1),
        (1, "single_flight", 1),
        (1, "single_flight", 2),
    ]
    assert [row["provider.live_tokens"] for row in rows[:4]] == ["1", "2", "none", "1"]
    assert {row["error"] for row in rows} == {""}


def test_a_row_has_the_figures_of_its_run(whole, scenario):
    """As tokenrace replay makes the run again, with the fields set as the row says."""
    row = next(row for row in table(whole) if row["fleet.processes"] == 3 and row["rate_401"] > 0)
    words = ["--set", "fleet.processes=3", "--set", "provider.live_tokens=1"]

    replayed = tokenrace("replay", scenario, "--strategy", "single_flight", "--seed", 1, *words)

    assert row["strategy"] == "single_flight"
    assert row["latency_p50_ms"] == pytest.approx(100, rel=0.01)
    refused = row["count_evicted"] + row["count_expired"]
    responses = round(refused / row["rate_401"])
    assert f"{responses} API responses, {refused:.0f} of them 401" in replayed.stdout


def test_the_summary_has_the_shown_figure_at_every_point(whole):
    """The mean of its seeds, with its interval; the boundary; the command that makes it again."""
    summary = json.loads((whole / "sweep.json").read_text(encoding="utf-8"))
    level = next(
        level
        for level in summary["levels"]
        if level["at"] == [4, 1] and level["strategy"] == "single_flight"
    )
    rates = [
        row["rate_401"]
        for row in table(whole)
        if (row["fleet.processes"], row["provider.live_tokens"]) == (4, "1")
        and row["strategy"] == "single_flight"
    ]

    assert (summary["runs"], summary["whole_grid"], summary["failed"]) == (CELLS, CELLS, [])
    assert summary["over"] == {
        "fleet.processes": [1, 2, 3, 4],
        "provider.live_tokens": [1, 2, "none"],
    }
    assert summary["figure"] == {"name": "rate_401", "boundary": 0.01}
    assert level["mean"] == pytest.approx(sum(rates) / 2, rel=1e-5)
    assert level["low"] <= level["mean"] <= level["high"]
    assert level["runs"] == 2


def test_the_page_has_the_picture_and_where_each_strategy_falls_over(whole, scenario):
    """In one file, without a script: with a cap of one, single_flight from two processes on."""
    page = (whole / "report.html").read_text(encoding="utf-8")

    assert "<h2>Where it is above rate_401 = 1 %</h2>" in page
    assert '<tr><th scope="row">1<td>from 2<td>nowhere' in page
    assert "data:image/svg+xml;base64," in page
    assert f"tokenrace sweep {scenario}" in page
    assert "<script" not in page


def test_who_makes_the_runs_does_not_show_in_the_results(whole, scenario, tmp_path):
    """One process or two: the same bytes, pictures included; only the order of ending differs."""
    got = tokenrace("sweep", scenario, "--jobs", 1, "--out", tmp_path)

    assert got.exit_code == 0, got.output
    for name in ("table.parquet", "sweep.svg"):
        assert (tmp_path / "small.sweep" / name).read_bytes() == (whole / name).read_bytes()


def test_a_sweep_that_was_killed_goes_on_where_it_stopped(interrupted, whole, scenario):
    """The line that was cut is done again; every cell is there once, as if made at one go."""
    got = tokenrace("sweep", scenario, "--resume", "--out", interrupted.parent)

    assert got.exit_code == 0, got.output
    assert "20 of them are there already" in got.stdout
    cells = (interrupted / "cells.jsonl").read_bytes().splitlines()
    assert sorted(cells) == sorted((whole / "cells.jsonl").read_bytes().splitlines())
    assert (interrupted / "table.parquet").read_bytes() == (whole / "table.parquet").read_bytes()


def test_a_sweep_that_was_not_finished_is_not_thrown_away_by_accident(interrupted, scenario):
    """Unless that is said."""
    before = (interrupted / "cells.jsonl").read_bytes()

    refused = tokenrace("sweep", scenario, "--out", interrupted.parent)
    assert refused.exit_code == 2
    assert "holds a sweep that was not finished; --resume goes on with it" in refused.stderr
    assert (interrupted / "cells.jsonl").read_bytes() == before

    anew = tokenrace("sweep", scenario, "--anew", "--seeds", 1, "--out", interrupted.parent)
    assert anew.exit_code == 0, anew.output
    assert len(table(interrupted)) == CELLS / 2


def test_two_sweeps_do_not_write_to_one_folder(interrupted, scenario):
    """The second says so, and leaves what the first has written."""
    with Journal.go_on(interrupted / "cells.jsonl"):
        before = (interrupted / "cells.jsonl").read_bytes()
        for how in ("--resume", "--anew"):
            got = tokenrace("sweep", scenario, how, "--out", interrupted.parent)

            assert got.exit_code == 2
            assert "cells.jsonl: another sweep is writing there" in got.stderr
            assert (interrupted / "cells.jsonl").read_bytes() == before


def test_a_finished_sweep_grows_by_the_cells_that_are_new(whole, scenario, tmp_path):
    """A third seed: 24 runs, and not 72."""
    shutil.copytree(whole, tmp_path / "small.sweep")

    got = tokenrace("sweep", scenario, "--resume", "--seeds", 3, "--out", tmp_path)

    assert got.exit_code == 0, got.output
    assert "48 of them are there already" in got.stdout
    rows = table(tmp_path / "small.sweep")
    assert len(rows) == CELLS * 3 / 2
    assert rows[:CELLS] == table(whole)


def changed(folder, old, new):
    path = folder / "cells.jsonl"
    path.write_bytes(path.read_bytes().replace(old, new, 1))


@pytest.mark.parametrize(
    ("old", "new", "words", "said"),
    [
        (b'"version": "', b'"version": "9.', (), "by tokenrace 9.0.1.0, and this is 0.1.0"),
        (b'"sha256": "', b'"sha256": "0', (), "of another scenario, or of this one before"),
        (b"", b"", ("--over", "fleet.workers=1,2"), "over fleet.processes, provider.live_tokens, "),
        (b"", b"", ("--figure", "rate_401 after 10m"), "without the figure rate_401 after 10m"),
        (b'"figures": [', b'"figures": ["x", ', (), "without the figure "),
    ],
)
def test_runs_of_something_else_are_never_mixed_in(interrupted, scenario, old, new, words, said):
    """Of another version, scenario or field, or without the figure: nothing is run."""
    changed(interrupted, old, new)
    before = (interrupted / "cells.jsonl").read_bytes()

    got = tokenrace("sweep", scenario, "--resume", "--out", interrupted.parent, *words)

    assert got.exit_code == 2
    assert said in got.stderr
    assert "such runs do not go together" in got.stderr
    assert (interrupted / "cells.jsonl").read_bytes() == before


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (b'{"sweep": 1', b'{"swept": 1', 1),
        (b'"strategy": "', b'"strategy: "', 2),
    ],
)
def test_a_damaged_journal_is_said_with_its_line(interrupted, scenario, old, new, line):
    """And what to do about it."""
    changed(interrupted, old, new)

    got = tokenrace("sweep", scenario, "--resume", "--out", interrupted.parent)

    assert got.exit_code == 2
    assert f"cells.jsonl:{line}: damaged, or no sweep of ours. Move it away" in got.stderr


def test_without_pyarrow_the_table_is_csv(whole, interrupted, scenario, monkeypatch):
    """The same rows; an older Parquet table does not stay beside it."""
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    (interrupted / "table.parquet").write_bytes(b"old")

    got = tokenrace("sweep", scenario, "--resume", "--out", interrupted.parent)

    assert got.exit_code == 0, got.output
    assert not (interrupted / "table.parquet").exists()
    with (interrupted / "table.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [float(row["rate_401"]) for row in rows] == [row["rate_401"] for row in table(whole)]
    assert list(rows[0]) == list(table(whole)[0])
