"""What is said of scaled runs: the note, its figures at true scale, its warnings, its verdicts."""

import dataclasses
from pathlib import Path

import pytest

from tests.analysis.plotted_runs import runs_of
from tokenrace.analysis.intervals import Estimate
from tokenrace.analysis.plots.drawing import draw_all
from tokenrace.analysis.report.page import read_results, report_on
from tokenrace.analysis.scale_note import ScaleNote, TrueFigures, misleading
from tokenrace.analysis.summary import read_summary, write_summary
from tokenrace.analysis.verdicts import Verdict
from tokenrace.clock import MINUTE, SECOND
from tokenrace.scenario import parse
from tokenrace.simulation.experiment import Experiment
from tokenrace.simulation.unscaled import SEEDS, time_for, unscaled_runs
from tokenrace.strategies.catalogue import CATALOGUE
from tokenrace.true_scale import TrueScale, at_true_scale, not_by_scale, scale_warnings

FLEET = """
name: scaled
provider: {profile: zoom-2022, live_tokens: 1, lifetime: 1h}
fleet: {processes: 2, workers: 3}
workload: {arrivals: {process: closed, think: exponential 1m}, operations: {get_user: 1}}
network: {token: lognormal 200ms p95 600ms, api: 100ms, store: 1ms}
strategies: [check_then_act, shared_lock]
expect:
  shared_lock: {rate_401: == 0}
run: {duration: 90m, seeds: 2, time_scale: 600}
"""


def experiment_of(text, **changes):
    scenario = parse(text.encode(), CATALOGUE, Path("scaled.yaml"))
    whole = Experiment(
        scenario=scenario,
        choices=scenario.strategies,
        seeds=(1, 2),
        time_scale=scenario.run.time_scale,
    )
    return dataclasses.replace(whole, **changes)


def a_note(**rates):
    return ScaleNote(
        time_scale=600,
        effect="a token request takes 10 % of a token's life",
        warnings=(),
        strategies={
            name: TrueFigures(seeds=20, rate_401=rate, failure_rate=rate, tokens_per_lifetime=1.0)
            for name, rate in rates.items()
        },
    )


def an_estimate(mean, reach=0.001):
    return Estimate(mean=mean, low=max(0, mean - reach), high=mean + reach)


def test_at_true_scale_the_figures_are_those_of_the_virtual_engine():
    """Seeds 1 and 2 are asked for; twenty are made, unscaled, and all are told of."""
    true = at_true_scale(experiment_of(FLEET), within=MINUTE)

    assert {name: of.seeds for name, of in true.note.strategies.items()} == {
        "check_then_act": SEEDS,
        "shared_lock": SEEDS,
    }
    headers = [run.header for of in true.runs.values() for run in of]
    assert {(each.engine, each.time_scale, each.duration) for each in headers} == {
        ("virtual", 1, 90 * MINUTE)
    }
    assert true.note.strategies["shared_lock"].rate_401.mean == 0
    assert "shared_lock 0 % (0 to" in true.note.truth()


def test_an_experiment_that_is_not_scaled_has_no_note():
    """There is nothing to say, and no run is made."""
    assert at_true_scale(experiment_of(FLEET, time_scale=1)) is None
    assert scale_warnings(experiment_of(FLEET, time_scale=1)) == ()


def test_no_time_leaves_every_strategy_out_and_says_so():
    """A big scenario must not hold up the results of a small run."""
    true = at_true_scale(experiment_of(FLEET), within=0)

    assert true.runs == {}
    assert "check_then_act unknown, as no run of it finished within 0 s" in true.note.truth()


@pytest.mark.parametrize(
    ("duration", "scale", "most"),
    [("90m", 600, 36 * SECOND), ("10m", 600, 20 * SECOND), ("24h", 600, 60 * SECOND)],
)
def test_the_truth_may_take_as_long_as_the_scaled_runs(duration, scale, most):
    """4 runs of 90 m / 600 = 9 s are 36 s; never less than 20 s, and never more than a minute."""
    text = FLEET.replace("90m", duration).replace("time_scale: 600", f"time_scale: {scale}")
    assert time_for(experiment_of(text)) == most


def test_a_program_cannot_run_at_true_scale_and_the_others_can():
    """A command runs on the wire engine only."""
    text = FLEET.replace("[check_then_act,", '[{name: ours, command: ["./worker"]},')
    unscaled = unscaled_runs(experiment_of(text), MINUTE)

    assert list(unscaled.runs) == ["shared_lock"]
    assert unscaled.left_out["ours"].startswith("as it cannot run there: ")


def test_a_long_refresh_is_warned_of_with_its_ratio():
    """p95 600 ms of 1 h / 600 = 6 s is 10 %, and of an hour 0.0167 %."""
    first, *_ = scale_warnings(experiment_of(FLEET))
    assert first.replace("\N{NO-BREAK SPACE}", " ") == (
        "time_scale 600 makes a refresh long: its p95 of 600 ms is 10 % of a token's life of 6 s, "
        "not 0.0167 %"
    )


def test_calls_that_meet_a_refresh_by_the_scale_alone_are_warned_of():
    """3 workers, think 100 ms and API 100 ms: 15 calls a second, and a mean token call of 250 ms.
    As written 3 / 60.1 s x 0.25 s = 0.0125."""
    _, second = scale_warnings(experiment_of(FLEET))
    assert second.startswith("time_scale 600 makes refreshes overlap with other calls: 3.7")
    assert second.endswith("not 0.0125")


def test_a_modest_scale_is_not_warned_of():
    """Ten times as fast a refresh is 0.17 % of a life, and 0.12 calls are due during one."""
    assert scale_warnings(experiment_of(FLEET, time_scale=10)) == ()


def test_crossing_the_storm_boundary_by_the_scale_alone_is_warned_of():
    """200 workers that think 100 s make 2 calls a second, and a storm of theirs ends at once; a
    hundred times as fast they make 140, of which one loop of 0.5 s sees 70: it never ends."""
    text = FLEET.replace("workers: 3", "workers: 100").replace("exponential 1m", "100s")
    text = text.replace("[check_then_act, shared_lock]", "[reactive_unconditional, shared_lock]")
    text = text.replace("  shared_lock: {rate_401: == 0}", "  shared_lock: {rate_401: == 0}")
    text = text.replace(
        "[reactive_unconditional,", "[{name: naive, scope: shared_cache, on_401: mint},"
    )
    assert any(
        "pushes naive over the storm boundary" in warning
        for warning in scale_warnings(experiment_of(text, time_scale=100))
    )


def test_constants_in_a_class_of_ones_own_do_not_shrink_and_that_is_said():
    """``margin = 60`` stays a minute, of a life of six seconds."""
    text = FLEET.replace("[check_then_act,", '[{name: ours, python: "ours:Ours"},')
    assert scale_warnings(experiment_of(text))[-1] == (
        "time_scale 600 does not shrink constants in the code of ours: its margins are too long by "
        "that factor"
    )


def test_a_rate_that_comes_of_the_scale_is_told(tmp_path):
    """50 % scaled and 3.8 % at true scale: the first is not the scenario's."""
    summary, _ = runs_of(tmp_path, {"check_then_act": {"evicted": 50}, "shared_lock": {}})
    note = a_note(check_then_act=an_estimate(0.038), shared_lock=an_estimate(0.0))

    (sentence,) = misleading(note, summary.strategies)
    assert sentence == (
        "check_then_act: a 401 rate of 50 % (50 to 50) comes from the scale; at true scale it is "
        "3.8 % (3.7 to 3.9)"
    )


def test_rates_within_a_point_of_each_other_say_the_same(tmp_path):
    """0.5 % against 0: the engines' own tolerance."""
    summary, _ = runs_of(tmp_path, {"check_then_act": {"evicted": 1}})
    assert misleading(a_note(check_then_act=an_estimate(0.002)), summary.strategies) == []


def test_a_verdict_that_the_scale_decides_is_inconclusive():
    """Scaled, a 401 came; at true scale none does: neither pass nor fail can be said."""
    experiment = experiment_of(FLEET, choices=experiment_of(FLEET).choices[1:])
    true = at_true_scale(experiment, within=MINUTE)
    fast = Verdict(
        strategy="shared_lock",
        expected="rate_401 == 0",
        measured="0.9 %",
        verdict="fail",
        why="in every run",
    )

    (held,) = not_by_scale([fast], experiment, true)

    assert held.verdict == "inconclusive"
    assert held.why == "the scale decides: 0 % at true scale, on the virtual engine"


def test_a_verdict_that_holds_at_true_scale_too_stays(tmp_path):
    """Both say pass."""
    experiment = experiment_of(FLEET, choices=experiment_of(FLEET).choices[1:])
    true = at_true_scale(experiment, within=MINUTE)
    fast = Verdict(strategy="shared_lock", expected="rate_401 == 0", measured="0 %", verdict="pass")
    assert not_by_scale([fast], experiment, true) == (fast,)


def test_the_summary_the_report_and_the_plots_say_it(tmp_path):
    """A picture is passed on alone: its title has the truth as well."""
    summary, runs = runs_of(tmp_path, {"check_then_act": {"evicted": 50}, "shared_lock": {}})
    note = a_note(check_then_act=an_estimate(0.038), shared_lock=an_estimate(0.0))
    summary = dataclasses.replace(summary, scale=note)

    write_summary(tmp_path / "summary.json", summary)
    assert read_summary(tmp_path / "summary.json").scale == note
    html = report_on(read_results(tmp_path))
    assert "600 times as fast as the scenario says" in html
    assert "3.8 % (3.7 to 3.9)" in html
    pictures = [path for path in draw_all(summary, runs, tmp_path, ()) if path.suffix == ".svg"]
    for picture in pictures:
        text = " ".join(picture.read_text("utf-8").split())
        assert "600 times as fast as written" in text, picture
        assert "check_then_act 3.8 %" in text.replace("--> <!--", ""), picture


def test_a_summary_of_an_older_version_says_that_it_was_scaled(tmp_path):
    """It has no note: what is true was not recorded."""
    summary, _ = runs_of(tmp_path, {"check_then_act": {"evicted": 50}})
    write_summary(tmp_path / "summary.json", summary)
    assert "What it comes to at true scale was not recorded" in report_on(read_results(tmp_path))


def test_what_is_left_out_is_told_in_the_report(tmp_path):
    """A row without figures has its reason."""
    summary, _ = runs_of(tmp_path, {"ours": {"evicted": 50}})
    note = dataclasses.replace(
        a_note(), strategies={"ours": TrueFigures(left_out="as it cannot run there: a program")}
    )
    write_summary(tmp_path / "summary.json", dataclasses.replace(summary, scale=note))
    assert "unknown, as it cannot run there: a program" in report_on(read_results(tmp_path))
    assert TrueScale(note=note, runs={}).note.short().endswith("ours unknown")
