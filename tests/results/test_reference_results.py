"""The reference runs in ``results/``: whole, and what the code gives today.

``tokenrace check --exact`` makes every run in ``make test`` and holds its counts to
``results/baseline.json``. Here every summary is held to those counts, which costs nothing, and a
few cheap runs are made again and held to all that their summary says. So whichever of summary,
baseline and code is of yesterday, something fails.
"""

import json
import re
from pathlib import Path

import pytest

from tokenrace.analysis.report.page import REPORT, Results, report_on
from tokenrace.analysis.summary import read_summary
from tokenrace.gate.baseline_file import read_baseline
from tokenrace.run_results import SUMMARY, summary_of
from tokenrace.scenario import load, scenario_hash
from tokenrace.strategies.catalogue import CATALOGUE
from tests.reference.index import index
from tests.reference.making import asked_of, fingerprint, kept_of, made_of
from tests.reference.places import (
    FINGERPRINTS,
    INDEX,
    RESULTS,
    place_of,
    places_there,
    scenario_files,
)

ROOT = Path(__file__).parents[2]
STALE = "make results (and make baseline) take what the code gives now"
REMADE = ("cold-start", "late-401", "empty-caches", "holder-cut-off")
"""Cheap ones: of faults and of none, with expectations and without."""


@pytest.fixture(autouse=True)
def in_checkout(monkeypatch):
    """Scenarios are named from there in the commands that make them again."""
    monkeypatch.chdir(ROOT)


@pytest.fixture(scope="module")
def baseline():
    """What every run came to, by scenario, strategy and seed."""
    return read_baseline(ROOT / RESULTS / "baseline.json")


every_file = pytest.mark.parametrize("file", scenario_files(), ids=lambda file: file.stem)


def test_every_scenario_has_its_reference_run_and_nothing_else_is_there():
    """A scenario that is new, or gone: make results. Sweeps are scenarios of their own kind."""
    assert places_there() == sorted(place_of(file) for file in scenario_files())
    for file in scenario_files():
        assert {path.name for path in place_of(file).iterdir()} == set(kept_of(file))


@every_file
def test_a_summary_is_of_the_scenario_as_it_is(file):
    """And of all its seeds."""
    scenario, summary = load(file, CATALOGUE), read_summary(place_of(file) / SUMMARY)

    assert summary.scenario_sha256 == scenario_hash(scenario), STALE
    assert summary.engine == "virtual"
    assert summary.seeds == tuple(range(1, scenario.run.seeds + 1)), STALE
    assert summary.command.startswith(f"tokenrace run {file} --seeds {scenario.run.seeds}")


@every_file
def test_a_summary_has_the_counts_of_the_baseline(file, baseline):
    """All that both have: sums over the seeds, and each seed's own."""
    summary = read_summary(place_of(file) / SUMMARY)
    known = baseline.counts(f"../{file.as_posix()}")

    assert set(summary.strategies) == set(known), STALE
    for name, figures in summary.strategies.items():
        runs = list(known[name].values())
        assert told_by(figures) == counted(runs), STALE
        for of_seed, run in zip(figures.per_seed, runs, strict=True):
            assert (of_seed.responses, of_seed.responses_401) == (
                run.responses,
                sum(run.causes.values()),
            ), STALE
            assert of_seed.operations == run.ok + run.refused + run.unknown, STALE
            assert of_seed.tokens_issued == run.tokens_issued, STALE


def told_by(figures):
    """The counts in the figures of a strategy."""
    return {
        "responses": figures.responses,
        "causes": {cause: number for cause, number in figures.causes.items() if number},
        "operations": tuple(figures.operations_by_outcome[o] for o in ("ok", "refused", "unknown")),
        "unanswered": figures.unknown,
        "tokens_issued": figures.tokens_issued,
        "issues_refused": figures.issues_refused,
        "live_peak": figures.live_peak,
        "store": (figures.store_reads, figures.store_writes),
    }


def counted(runs):
    """The same of the runs of a baseline."""
    causes = {}
    for run in runs:
        for cause, number in run.causes.items():
            causes[cause] = causes.get(cause, 0) + number
    return {
        "responses": sum(run.responses for run in runs),
        "causes": causes,
        "operations": tuple(sum(getattr(r, o) for r in runs) for o in ("ok", "refused", "unknown")),
        "unanswered": sum(run.unanswered for run in runs),
        "tokens_issued": sum(run.tokens_issued for run in runs),
        "issues_refused": sum(run.issues_refused for run in runs),
        "live_peak": max(run.live_peak for run in runs),
        "store": (sum(r.store_reads for r in runs), sum(r.store_writes for r in runs)),
    }


@every_file
def test_a_summary_and_the_baseline_are_of_the_same_runs(file, baseline):
    """To the last count, waits included, which a summary has over all seeds only."""
    known = baseline.counts(f"../{file.as_posix()}")
    runs = [run for by_seed in known.values() for run in by_seed.values()]

    assert json.loads(FINGERPRINTS.read_text())[file.as_posix()] == fingerprint(runs), STALE


@pytest.mark.parametrize(
    "file",
    [file for file in scenario_files() if REPORT in kept_of(file)],
    ids=lambda file: file.stem,
)
def test_a_report_tells_what_its_summary_does(file):
    """Made anew of the summary and of the pictures that are in it, it is the same to the byte."""
    place = place_of(file)
    html = (place / REPORT).read_text(encoding="utf-8")
    summary = read_summary(place / SUMMARY)
    pictures = re.findall(r"data:image/svg\+xml;base64,[^\"]+", html)
    names = [picture.name for picture in summary.pictures]
    images = dict(zip(names, pictures, strict=True))

    is_same = report_on(Results(folder=place, summary=summary, images=images)) == html
    assert is_same, f"{place}: {STALE}"  # not compared here: pytest would print the pictures


def test_the_reference_runs_stay_light():
    """Every clone has them: below 6 MB in all, baseline and benchmarks too."""
    assert sum(path.stat().st_size for path in RESULTS.rglob("*") if path.is_file()) < 6_000_000


def test_the_index_is_of_these_summaries():
    """results/README.md."""
    assert INDEX.read_text(encoding="utf-8") == index(), STALE


@pytest.mark.parametrize("name", REMADE)
def test_a_run_made_again_gives_the_same_summary(name, tmp_path):
    """All of it: intervals, verdicts, what each plot shows, why a call got 401."""
    (file,) = (file for file in scenario_files() if file.stem == name)
    made = made_of(asked_of(file), tmp_path)

    assert summary_of(made) == read_summary(place_of(file) / SUMMARY), STALE
