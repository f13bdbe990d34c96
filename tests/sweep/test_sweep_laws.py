"""The curves that theory draws into the picture of a sweep."""

import math
from dataclasses import replace
from pathlib import Path

import pytest

from tokenrace.analysis.figures import value_of
from tokenrace.analysis.surface import Scale
from tokenrace.clock import HOUR, MINUTE, SECOND
from tokenrace.scenario import load, parse
from tokenrace.scenario.expectations import Part
from tokenrace.simulation.planning import plan_run
from tokenrace.simulation.recording import InMemory
from tokenrace.simulation.storm_law import storm_life, storm_onset, storm_threshold
from tokenrace.strategies.catalogue import CATALOGUE
from tokenrace.sweep.laws import Question, curves

SWEEPS = Path(__file__).parents[2] / "scenarios" / "sweeps"
TEXT = """
name: small
provider: {live_tokens: 2}
fleet: {processes: 4, workers: 10}
workload: {arrivals: {process: closed, think: 10s}, operations: {get_user: 1}}
network: {token: 200ms, api: 300ms, store: 0s}
strategies:
  - single_flight
  - reactive_cas
  - shared_lock
  - xfetch
  - {name: storming, preset: reactive_unconditional, scope: shared_cache}
run: {duration: 1h, engine: virtual}
"""
PLANS = {
    choice.name: plan_run(scenario, choice, 1, 1)
    for scenario in [parse(TEXT.encode(), CATALOGUE, Path("small.yaml"))]
    for choice in scenario.strategies
}
CAP = Scale("provider.live_tokens", (1, 2, 3))
PROCESSES = Scale("fleet.processes", (2, 4, 8))


def drawn(strategy, x, y=None, figure="rate_401"):
    return curves(Question(x, y, figure, PLANS[strategy]))


def test_the_holder_rule_is_for_processes_that_keep_a_token_each_and_react_to_nothing():
    """Not for a strategy that reacts to a 401, nor for one whose fleet shares a token."""
    (curve,) = drawn("single_flight", PROCESSES, CAP)

    assert curve.label == "holder rule: cap = processes"
    assert curve.points == ((2.0, 2.0), (3.0, 3.0))
    assert drawn("reactive_cas", PROCESSES, CAP) == drawn("shared_lock", PROCESSES, CAP) == []


def test_over_one_field_the_holder_rule_is_the_share_itself():
    """1 - N/P: of four processes with one to three live tokens, of two to eight with two."""
    (over_cap,) = drawn("single_flight", CAP)
    (over_processes,) = drawn("single_flight", PROCESSES)

    assert over_cap.points == ((1.0, 0.75), (2.0, 0.5), (3.0, 0.25))
    assert over_processes.points == ((2.0, 0.0), (4.0, 0.5), (8.0, 0.75))


def test_xfetch_has_its_curve_over_beta_and_no_other():
    """e^(1/beta) tokens per rotation."""
    beta = Scale("strategies.xfetch.beta", (1, 2))
    (curve,) = drawn("xfetch", beta, figure="tokens_per_lifetime")

    assert curve.points == ((1.0, math.e), (2.0, math.exp(0.5)))
    assert drawn("xfetch", beta) == drawn("xfetch", CAP, figure="tokens_per_lifetime") == []


def test_a_lock_is_too_short_where_the_token_call_takes_longer():
    """The line through the equal values that both fields have, whatever their units."""
    lock = Scale("strategies.shared_lock.lock_ttl", ("500ms", "2s", "1m"))
    (curve,) = drawn("shared_lock", lock, Scale("network.token", ("1s", "10s")))

    assert curve.points == ((1e6, 1e6), (2e6, 2e6), (10e6, 10e6))


def test_the_storm_law_gives_the_lives_of_storms_in_an_independent_model():
    """One shared store, cap 2, think 10 s, token call 0.2 s, API 0.15 s each way: 400 workers
    stayed in their storm for good, 200 did not.

    A cycle is 10 + 2 * 0.3 + 0.2 s, a loop 0.2 + 0.3 s. 400 workers issue r = 37.0/s, 18.5 a loop:
    P(Poisson(18.5) < 2) = 1.8e-7, so a storm lasts 1 / (37 * 1.8e-7) s = 42 h. 200 workers: 9.26 a
    loop, 1 / (18.5 * 9.8e-4) s = 55 s.
    """
    assert storm_life(PLANS["storming"], 400, 2) == pytest.approx(42 * HOUR, rel=0.05)
    assert storm_life(PLANS["storming"], 200, 2) == pytest.approx(55 * SECOND, rel=0.05)


def test_the_curve_of_the_storm_law_is_where_a_storm_lasts_as_long_as_the_run():
    """In workers per process, of which there are four, or in processes of ten workers."""
    plan = PLANS["storming"]
    workers = Scale("fleet.workers", (10, 200))
    curve, _ = drawn("storming", workers, CAP)
    turned, _ = drawn("storming", CAP, PROCESSES)

    assert [cap for _, cap in curve.points] == [1, 2, 3]
    assert storm_life(plan, 4 * curve.points[1][0], 2) == pytest.approx(HOUR, rel=1e-6)
    assert [number for number, _ in turned.points] == [1, 2, 3]
    assert turned.points[1][1] * 10 == pytest.approx(4 * curve.points[1][0])
    assert drawn("storming", PROCESSES, workers) == []


@pytest.mark.parametrize(("times", "rate"), [(0.5, (0.0, 0.0)), (2.0, (0.9, 1.0))])
def test_storms_end_where_the_law_says_so_and_last_where_it_says_so(times, rate):
    """In the shipped scenario, with half and twice as many workers as the law asks for if the run
    lasts two minutes: what the last half minute is like, the trigger gone for half a minute."""
    scenario = load(SWEEPS / "storm-boundary.yaml", CATALOGUE)
    plan = replace(plan_run(scenario, scenario.strategies[0], 1, 1), duration=2 * MINUTE)
    workers = round(times * storm_threshold(plan, 1) / plan.fleet.processes)

    run = InMemory()(replace(plan, fleet=replace(plan.fleet, workers=workers)))

    low, high = rate
    assert low <= value_of(run, "rate_401", Part(begins=90 * SECOND)) <= high


def test_where_a_storm_can_feed_itself_at_all_a_second_state_begins():
    """Mean field, cap 2, think 10 s, token 200 ms, API 300 ms, no store: age = 0.25 s, calm 10.3 s,
    more 0.5 s. At the returned size some rate of issues keeps itself: r = W q / (10.3 + 0.5 q) with
    q = 1 - e^-m (1 + m), m = 0.25 r; for a size one percent smaller none does."""
    size = storm_onset(PLANS["storming"], 2)

    def excess(workers):
        rates = (rate / 100 for rate in range(1, 6_000))
        refused = ((rate, 1 - math.exp(-0.25 * rate) * (1 + 0.25 * rate)) for rate in rates)
        return max(workers * q / (10.3 + 0.5 * q) - rate for rate, q in refused)

    assert excess(1.001 * size) > 0 > excess(0.99 * size)
    assert storm_onset(PLANS["storming"], 3) > size


def test_the_fresh_token_law_is_for_one_worker_beside_one_second_minter():
    """Cap 2, token 1 s, API 500 ms: age 0.75 s. At 2/s the mean is 1.5: 1 - e^-1.5 2.5 = 44 %.
    Not for a fleet of two workers, whose own tokens count as well."""
    scenario = load(SWEEPS / "fresh-token.yaml", CATALOGUE)
    plan = plan_run(scenario, scenario.strategies[0], 1, 1)
    rates = Scale("faults.0.second_minter.rate", ("1/s", "2/s"))

    (curve,) = curves(Question(rates, None, "rate_401", plan))
    assert dict(curve.points)[2.0] == pytest.approx(1 - math.exp(-1.5) * 2.5)
    crowd = replace(plan, fleet=replace(plan.fleet, workers=2))
    assert curves(Question(rates, None, "rate_401", crowd)) == []
