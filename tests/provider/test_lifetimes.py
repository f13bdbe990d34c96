"""How many lifetimes of a token a run is long, which tokens are told per."""

from pathlib import Path

import pytest

from tokenrace.analysis.figures import figures_of
from tokenrace.clock import HOUR, MINUTE
from tokenrace.scenario import parse
from tokenrace.simulation.planning import plan_run
from tokenrace.simulation.recording import InMemory
from tokenrace.strategies.catalogue import CATALOGUE

ONE_AN_HOUR = """
name: one-an-hour
provider: {{profile: zoom-2023, lifetime: {lifetime}}}
fleet: {{processes: 1, workers: 1}}
workload: {{arrivals: {{process: closed, think: 5m}}, operations: {{get_user: 1}}}}
network: {{token: 100ms, api: 100ms}}
store: memory
strategies: [{{preset: single_flight, leeway: 0s}}]
faults: {faults}
run: {{duration: {duration}, seeds: 1, engine: virtual}}
"""
CUT = "change_provider: {profile: zoom-2023, lifetime: 1h}"


def a_plan(lifetime, duration, faults="[]", time_scale=1):
    text = ONE_AN_HOUR.format(lifetime=lifetime, duration=duration, faults=faults)
    scenario = parse(text.encode(), CATALOGUE, Path("one-an-hour.yaml"))
    return plan_run(scenario, scenario.strategies[0], 1, time_scale)


@pytest.mark.parametrize(
    ("faults", "lifetimes"),
    [
        ("[]", 2),
        (f"[{{at: 24h, {CUT}}}]", 1 + 24),
        (f"[{{at: 1h, {CUT}}}, {{at: 2h, change_provider: {{lifetime: 23h}}}}]", 1 / 24 + 1 + 2),
    ],
)
def test_each_stretch_is_counted_in_the_lifetime_in_force(faults, lifetimes):
    """48 h: two days' tokens; or one and 24 of an hour; or an hour of each of two."""
    assert a_plan("24h", "48h", faults).lifetimes() == pytest.approx(lifetimes)


def test_a_scaled_run_has_as_many():
    """Lifetimes and the run shrink alike."""
    scaled = a_plan("24h", "48h", f"[{{at: 24h, {CUT}}}]", time_scale=60)

    assert scaled.lifetimes() == pytest.approx(25)


def test_one_token_an_hour_is_one_per_lifetime_of_an_hour():
    """The lifetime is cut from a day to an hour in the first second: 24.0 was told."""
    run = InMemory()(a_plan("24h", "24h", f"[{{at: 1s, {CUT}}}]"))

    assert run.provider.tokens_issued == 24
    assert figures_of([run]).tokens_per_lifetime == pytest.approx(1, rel=0.01)


def test_a_run_shorter_than_a_lifetime_does_not_multiply():
    """One token in ten minutes of a day: 144 per lifetime was told."""
    run = InMemory()(a_plan("24h", "10m"))

    assert (run.header.duration, run.header.lifetime) == (10 * MINUTE, 24 * HOUR)
    assert figures_of([run]).tokens_per_lifetime == run.provider.tokens_issued == 1
