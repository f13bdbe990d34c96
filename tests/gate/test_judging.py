"""From runs to findings, where a command line cannot lead: our own bugs, and what is not there."""

from dataclasses import replace

import pytest

from tests.checked import FLEET, a_scenario
from tests.hand_written_runs import a_run
from tokenrace.analysis.blame import Wanted
from tokenrace.clock import SECOND
from tokenrace.gate.cases import read_cases
from tokenrace.gate.judging import CRASHED, judge_runs
from tokenrace.gate.running import CaseRuns


def all_judged(tmp_path, *runs, expect="rate_401: == 0, live_peak: <= 99"):
    """All that is judged of ``runs`` of a scenario with two seeds."""
    file = tmp_path / "s.yaml"
    file.write_text(a_scenario(expect=expect))
    (case,) = read_cases([file], "virtual").cases
    made = CaseRuns(case)
    for run in runs:
        made.add(FLEET, run.header.seed, run)
    return list(judge_runs(made, "there was no time"))


def judged(tmp_path, *runs):
    """The findings alone."""
    return [each.finding for each in all_judged(tmp_path, *runs)]


def test_a_check_that_crashes_is_inconclusive_and_the_others_are_made(tmp_path):
    """A run whose tally has lost a bin: its 401 rate cannot be had, its peak can."""
    first, second = (a_run(tmp_path, seed=seed, answers=[(0, None)]) for seed in (1, 2))
    refused = {**first.provider.refused, "evicted": [0]}
    damaged = replace(first, provider=replace(first.provider, refused=refused))
    whole, crashed, peak = judged(tmp_path, damaged, second)

    assert (whole.verdict, crashed.verdict, peak.verdict) == ("pass", "inconclusive", "pass")
    assert (crashed.measured, crashed.why) == ("-", CRASHED)
    assert crashed.detail.splitlines()[-1].startswith("ValueError: zip() argument")


def test_a_strategy_with_a_run_missing_is_judged_on_none(tmp_path):
    """One of two seeds: the other may say otherwise."""
    runs, rate, peak = judged(tmp_path, a_run(tmp_path, answers=[(0, None)]))

    assert (runs.measured, runs.why) == ("1 of 2 runs not made: seed 2", "there was no time")
    assert {runs.verdict, rate.verdict, peak.verdict} == {"inconclusive"}


@pytest.mark.parametrize(
    ("expect", "wanted"),
    [
        ("rate_401: == 0", Wanted()),
        ("failure_rate: == 0", Wanted()),
        ("count_expired: == 0", Wanted(causes=["expired"])),
        ("rate_401 after 100s: == 0", Wanted(begins=3 * SECOND)),
        ("rate_evicted before 100s: == 0", Wanted(causes=["evicted"], ends=3 * SECOND)),
        ("rate_401 from 50s to 80s: == 0", Wanted(begins=2 * SECOND, ends=3 * SECOND)),
    ],
)
def test_the_401_to_blame_is_one_of_those_that_were_counted(tmp_path, expect, wanted):
    """A bin is a second of the trace and 30 of the scenario: 100 s are 3.3 bins, counted from 3."""
    runs = [a_run(tmp_path, seed=seed, answers=[(0, None)]) for seed in (1, 2)]
    _, of_figure = all_judged(tmp_path, *runs, expect=expect)

    assert of_figure.wanted == wanted


def test_findings_point_at_the_strategy_and_at_what_is_expected(tmp_path):
    """Line 7, and line 9 at either key."""
    found = judged(tmp_path)

    assert [(each.line, each.column) for each in found] == [(7, 5), (9, 17), (9, 33)]
