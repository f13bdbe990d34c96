"""The table of figures: what each row says of a run, a part of it, and a provider by itself."""

import pytest

from tests.hand_written_runs import a_run
from tokenrace.analysis.comparison import Difference
from tokenrace.analysis.figures import value_of
from tokenrace.figures import FIGURES, KeptCounts, RunPart
from tokenrace.gate.against import Change
from tokenrace.gate.counts import counts_of
from tokenrace.scenario.expectations import read_expectation
from tokenrace.scenario.parts import Part

PROVIDER_ONLY = KeptCounts(
    responses=10,
    causes={"evicted": 2},
    tokens_issued=3,
    issues_refused=1,
    live_peak=2,
    token_requests=4,
    token_requests_peak=2,
    lifetimes=1.5,
)


@pytest.fixture
def run(tmp_path):
    """Four operations, of which one was refused; ten answers, of which two were 401."""
    answers = [(at, "evicted" if at < 2 else None) for at in range(10)]
    operations = [*[("ok", 100_000)] * 3, ("refused", 300_000)]
    return a_run(tmp_path, answers=answers, operations=operations, issued=3)


def test_operations_say_whether_a_run_was_busy(run):
    """Four operations: at least 4 holds and at least 5 does not, in every run."""
    enough = read_expectation("mine", "operations", "at least 4")
    many = read_expectation("mine", "operations", "at least 5")
    value = value_of(run, "operations")

    assert value == 4
    assert enough.quantifier == "in every run"
    assert (enough.holds(value), many.holds(value)) == (True, False)


def test_what_has_parts_adds_up_over_them(run):
    """A count before an instant and from it on make the count of the whole run."""
    half = run.header.duration // 2

    for name in ("operations", "operations_hung", "count_evicted", "token_requests"):
        parts = [value_of(run, name, Part(ends=half)), value_of(run, name, Part(begins=half))]

        assert sum(parts) == value_of(run, name)


@pytest.mark.parametrize("name", FIGURES)
def test_a_provider_tells_its_own_figures_and_no_others(name):
    """It has no operations, no latencies and no run: those are None, or a count of 0."""
    value = FIGURES[name].of(PROVIDER_ONLY)

    assert (FIGURES[name].told_by == "provider") == bool(value) or name.startswith(
        ("rate_", "count_")
    )


@pytest.mark.parametrize("name", [name for name in FIGURES if FIGURES[name].told_by != "run"])
def test_the_counts_a_baseline_keeps_make_the_same_figures(run, name):
    """A baseline knows no lifetimes; everything else is as the run itself says it."""
    kept = FIGURES[name].of(counts_of(run).counted())

    if name != "tokens_per_lifetime":
        assert kept == FIGURES[name].of(RunPart(run=run))


@pytest.mark.parametrize(("name", "word"), [("operations", "worse"), ("tokens_issued", "better")])
def test_fewer_is_good_or_bad_as_the_row_says(name, word):
    """Five fewer, give or take one: fewer operations are worse, fewer tokens better."""
    assert Change(FIGURES[name], 10, 5, Difference(-5, 1)).word == word
