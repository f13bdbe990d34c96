"""Verdicts, on runs short enough to judge by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.analysis.test_summary import SETTING
from tests.hand_written_runs import a_header, a_run
from tokenrace.analysis.doubts import doubts_about
from tokenrace.analysis.figures import value_of
from tokenrace.analysis.summary import summarize
from tokenrace.analysis.verdicts import judge, worst
from tokenrace.clock import MILLISECOND, SECOND
from tokenrace.figures import FaultSpan
from tokenrace.scenario.expectations import read_expectation
from tokenrace.trace.events import FaultStruck, ProcessEnded

SCALE = 30
"""The hand-written runs go 30 times as fast as their scenario: a bin of 1 s is 30 s of it."""


def refused_at(tmp_path, *instants, of=10, seed=1):
    """A run with an answer in each of ``of`` seconds, refused at ``instants``."""
    answers = [(at * SECOND, "evicted" if at in instants else None) for at in range(of)]
    return a_run(tmp_path, seed=seed, answers=answers, issued=8)


def verdict_on(runs, key, value, faults=None):
    """Return the one verdict."""
    (verdict,) = judge([read_expectation("ours", key, value)], {"ours": runs}, faults)
    return verdict


@pytest.mark.parametrize(
    ("value", "word"),
    [("<= 20%", "pass"), ("< 20%", "fail"), ("== 20%", "pass"), ("at least 21%", "fail")],
)
def test_seeds_that_agree_are_judged_by_their_value(tmp_path, value, word):
    """2 of 10 refused in each of three runs."""
    runs = [refused_at(tmp_path, 1, 2, seed=seed) for seed in (1, 2, 3)]

    assert verdict_on(runs, "rate_401", value).verdict == word


@pytest.mark.parametrize(
    ("value", "word"),
    [
        ("<= 60%", "pass"),
        ("<= 30%", "inconclusive"),
        ("<= 20%", "inconclusive"),
        ("at least 60%", "fail"),
        ("at least 5%", "inconclusive"),
    ],
)
def test_seeds_that_differ_are_judged_by_their_interval(tmp_path, value, word):
    """10, 30 and 30 %: the mean is 23.3 %, the interval reaches 4.303 * 6.67 = 28.7 points."""
    runs = [refused_at(tmp_path, *range(count), seed=count) for count in (1, 3, 3)]
    verdict = verdict_on(runs, "rate_401", value)

    assert verdict.verdict == word
    assert verdict.measured == "23.3 % (0 % to 52 %)"


@pytest.mark.parametrize(
    ("key", "value", "verdict", "why"),
    [
        ("rate_401", "== 0", "fail", "in 1 of 5 runs: seed 4 (90 %)"),
        ("rate_401", "<= 0%", "fail", "in 1 of 5 runs: seed 4 (90 %)"),
        ("count_evicted", "<= 3", "fail", "in 1 of 5 runs: seed 4 (9)"),
        ("rate_401 in every run", "<= 80%", "fail", "in 1 of 5 runs: seed 4 (90 %)"),
        ("rate_401 in every run", "<= 90%", "pass", ""),
        ("count_evicted", "at least 1", "fail", "in 4 of 5 runs: seed 1 (0), 2 (0), 3 (0), 5 (0)"),
        ("count_evicted", "> 9", "fail", "in every run"),
        ("count_evicted on average", "<= 8", "pass", ""),
    ],
)
def test_one_seed_breaks_what_must_hold_in_every_run(tmp_path, key, value, verdict, why):
    """Four seeds without a refusal and one with nine of ten. Their mean is 1.8 refusals, and the
    interval reaches 2.776 * 1.8 = 5 to either side."""
    runs = [refused_at(tmp_path, *range(9 * (seed == 4)), seed=seed) for seed in range(1, 6)]
    told = verdict_on(runs, key, value)

    assert (told.verdict, told.why) == (verdict, why)


def test_the_runs_that_break_it_are_named_worst_first_with_the_way_to_each(tmp_path):
    """None, 1, 3, 3 and 2 of ten refused, where one would be all right."""
    refused = {1: 0, 2: 1, 3: 3, 4: 3, 5: 2}
    runs = [refused_at(tmp_path, *range(count), seed=seed) for seed, count in refused.items()]
    wanted = read_expectation("ours", "count_evicted", "<= 1")
    (verdict,) = judge([wanted], {"ours": runs}, None, lambda who, seed: f"again {who} {seed}")

    assert verdict.measured == "0 to 3"
    assert [(each.seed, each.measured, each.again) for each in verdict.broken] == [
        (3, "3", "again ours 3"),
        (4, "3", "again ours 4"),
        (5, "2", "again ours 5"),
    ]


@given(st.lists(st.integers(0, 10), min_size=1, max_size=12), st.integers(0, 10))
def test_an_invariant_holds_as_long_as_it_holds_everywhere(tmp_path_factory, refused, bound):
    """Whatever the seeds say: the verdict is that of the worst one."""
    runs = [
        refused_at(tmp_path_factory.getbasetemp(), *range(count), seed=seed)
        for seed, count in enumerate(refused)
    ]
    verdict = verdict_on(runs, "count_evicted", f"<= {bound}")

    assert verdict.verdict == ("pass" if max(refused) <= bound else "fail")
    assert {each.seed for each in verdict.broken} == {
        seed for seed, count in enumerate(refused) if count > bound
    }


def test_a_part_that_some_seed_has_nothing_in_is_named_and_a_broken_seed_still_breaks(tmp_path):
    """Seed 2 has no answer in the last seconds, of which the others have five."""
    runs = [refused_at(tmp_path, seed=1), refused_at(tmp_path, seed=2, of=5)]
    part = "rate_401 after 150s"
    open_still = verdict_on(runs, part, "== 0")
    broken = verdict_on([*runs, refused_at(tmp_path, 7, seed=3)], part, "== 0")

    assert (open_still.verdict, open_still.measured) == ("inconclusive", "-")
    assert open_still.why == "nothing was counted there: seed 2"
    assert (broken.verdict, broken.why) == ("fail", "in 1 of 2 runs: seed 3 (20 %)")


def test_what_is_inconclusive_says_who_disagrees_and_how_many_more_would_settle_it(tmp_path):
    """10, 30 and 30 %: the mean is 23.3 %, 6.7 points below the bound, and the runs spread by 11.5
    points. Of 14 runs 2.160 * 11.547 / sqrt(14) = 6.667 is not less, of 15 runs 6.39 is."""
    runs = [refused_at(tmp_path, *range(count), seed=seed) for seed, count in enumerate((1, 3, 3))]
    verdict = verdict_on(runs, "rate_401", "< 30%")

    assert verdict.why == (
        "the interval is on both sides: seed 1, 2 not as expected, seed 0 as expected; "
        "about 12 more seeds would settle it"
    )
    assert verdict.more_seeds == 12
    hopeless = verdict_on(runs, "rate_401", "<= 23.333%")
    assert hopeless.more_seeds is None
    assert "no number of seeds up to 1,000 is likely to settle it" in hopeless.why


def test_nothing_counted_is_nothing_proved(tmp_path):
    """A part in which no answer came."""
    assert verdict_on([refused_at(tmp_path)], "rate_401 after 1h", "== 0").verdict == "inconclusive"


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("rate_401", 0.2),
        ("rate_401 before 90s", 1 / 3),
        ("rate_401 after 90s", 1 / 7),
        ("rate_401 from 90s to 3m", 1 / 3),
        ("count_evicted after 150s", 0),
        ("count_expired", 0),
        ("rate_401 before faults", 0.5),
        ("rate_401 after faults", 1 / 6),
        ("rate_401 during fault 1", 0),
        ("rate_401 between fault 1 and fault 2", 1 / 3),
        ("rate_401 after fault 2", 0),
    ],
)
def test_a_part_of_a_run_has_figures_of_its_own(tmp_path, key, expected):
    """Refused at 1 s and 4 s of ten, which are 30 s and 2 min of the scenario."""
    run = refused_at(tmp_path, 1, 4)
    wanted = read_expectation("ours", key, "== 0")
    each = ((60 * SECOND, 120 * SECOND), (210 * SECOND, 240 * SECOND))
    faults = FaultSpan(60 * SECOND, 60 * SECOND, 120 * SECOND, each)

    value = value_of(run, wanted.figure, wanted.part, faults)
    assert value == pytest.approx(expected)


@pytest.mark.parametrize(
    ("refused", "recovery"),
    [((), 0), ((1,), 0), ((3,), 60 * SECOND), ((3, 5), 120 * SECOND), ((9,), float("inf"))],
)
def test_recovery_is_from_the_last_fault_to_the_last_bin_that_is_worse_than_before(
    tmp_path, refused, recovery
):
    """The fault is at 2 s, which is a minute of the scenario. A refusal at 3 s is in the bin that
    ends at 4 s: two bins of 30 s. One in the last bin: it never recovers. One before: no matter.
    """
    run = refused_at(tmp_path, *refused)
    at = 2 * SECOND * SCALE

    assert value_of(run, "recovery", faults=FaultSpan(at, at, at)) == recovery


def test_a_recovery_that_never_comes_fails(tmp_path):
    """However long one is ready to wait, and whatever the other seeds do."""
    at = 2 * SECOND * SCALE
    runs = [refused_at(tmp_path, 9), refused_at(tmp_path, 3, seed=2)]
    verdict = verdict_on(runs, "recovery", "<= 10h", FaultSpan(at, at, at))

    assert (verdict.verdict, verdict.measured) == ("fail", "1m to never")
    assert verdict.why == "in 1 of 2 runs: seed 1 (never)"
    average = verdict_on(runs, "recovery on average", "<= 10h", FaultSpan(at, at, at))
    assert (average.verdict, average.measured) == ("fail", "never")


@pytest.mark.parametrize(
    ("figure", "value"),
    [
        ("tokens_issued", 8),
        ("tokens_per_lifetime", 2),
        ("live_peak", 1),
        ("store_calls", 5),
        ("failure_rate", 0.5),
        ("unknown_rate", 0),
    ],
)
def test_each_figure_is_the_runs(tmp_path, figure, value):
    """8 tokens in 4 lifetimes; 10 store reads for 2 operations, of which one was refused."""
    run = a_run(
        tmp_path,
        operations=[("ok", 100 * MILLISECOND), ("refused", 300 * MILLISECOND)],
        issued=8,
    )

    assert value_of(run, figure) == value
    assert value_of(run, "latency_p99") == pytest.approx(300 * MILLISECOND, rel=0.01)


def test_the_worst_verdict_wins():
    """A failure outweighs what cannot be told, and that a pass."""
    assert worst([]) == "pass"
    assert worst(["pass", "inconclusive"]) == "inconclusive"
    assert worst(["fail", "inconclusive", "pass"]) == "fail"


def test_a_run_that_lost_a_process_or_lacks_a_fault_is_doubted(tmp_path, monkeypatch):
    """Whatever its figures: it was not what was asked for."""
    died = ProcessEnded(at=SECOND, process=1, in_flight=2, reason="exit status 1")
    run = refused_at(tmp_path)
    whole, short = run, type(run)(**{**_fields(run), "deaths": (died,)})
    events = [FaultStruck(at=1, fault=0, what="it rains")]
    monkeypatch.setattr(type(run), "token_events", lambda _: iter(events))
    doubts = list(doubts_about({"ours": [whole, short]}, {0: "rain", 1: "snow"}))

    assert doubts == [
        "ours, seed 1: fault 2 (snow) did not happen",
        "ours, seed 1: process 1 died unexpectedly (exit status 1)",
        "ours, seed 1: fault 2 (snow) did not happen",
    ]
    summary = summarize(SETTING, {"ours": [run]}, doubts=tuple(doubts))
    assert summary.verdict == "inconclusive"


def _fields(run):
    return {name: getattr(run, name) for name in ("header", "provider", "clients", "trace")}


def test_the_scale_of_the_hand_written_runs_is_what_these_tests_reckon_with():
    """Or the parts above would be others."""
    assert a_header().time_scale == SCALE
