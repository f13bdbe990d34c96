"""Verdicts, on runs short enough to judge by hand."""

import pytest

from simulator.analysis.doubts import doubts_about
from simulator.analysis.run_figures import FaultSpan, value_of
from simulator.analysis.summary import summarize
from simulator.analysis.verdicts import judge, worst
from simulator.clock import MILLISECOND, SECOND
from simulator.scenario.expectations import read_expectation
from simulator.trace.events import FaultStruck, ProcessEnded
from tests.hand_written_runs import a_header, a_run
from tests.test_summary import SETTING

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

    assert (verdict.verdict, verdict.measured) == ("fail", "never")


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
        "ours, seed 1: process 1 died, which nobody had asked for (exit status 1)",
        "ours, seed 1: fault 2 (snow) did not happen",
    ]
    summary = summarize(SETTING, {"ours": [run]}, doubts=tuple(doubts))
    assert summary.verdict == "inconclusive"


def _fields(run):
    return {name: getattr(run, name) for name in ("header", "provider", "clients", "trace")}


def test_the_scale_of_the_hand_written_runs_is_what_these_tests_reckon_with():
    """Or the parts above would be others."""
    assert a_header().time_scale == SCALE
