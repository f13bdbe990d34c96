"""Calm time skipped is the same history as calm time stepped: every event, count and latency.

The two are run on generated scenarios. What a scenario says of rates and latencies is drawn small
enough that calms are short, tokens die in them, and instants coincide.
"""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.simulation.virtual.calm_runs import a_long_plan, history, left_by, run
from tests.simulation.virtual.generated_plans import (
    ARRIVALS,
    CACHING,
    FLEET_FAULTS,
    SPARSE_ARRIVALS,
    a_strategy,
    plans,
)
from tests.simulation.virtual.generated_provider import BURST
from tests.simulation.virtual_runs import Kept
from tokenrace.arrivals import Closed, Poisson
from tokenrace.clock import MINUTE, SECOND
from tokenrace.distributions import Exponential
from tokenrace.fleet.agenda import OperationMix
from tokenrace.provider.policy import TokenPolicy
from tokenrace.simulation.counted import Counted
from tokenrace.simulation.plan import SECOND_MINTER, RunPlan
from tokenrace.trace.events import (
    AppChanged,
    FaultStruck,
    TokenEvicted,
    TokenIssued,
)

BREAKS_CALM = (
    "a 401",
    "a burst",
    "a change of the app",
    "a partition",
    "a second minter",
    "an answer that never came",
    "an eviction",
)


def met_in(plan: RunPlan, sink: Kept, counted: Counted) -> set[str]:
    """What happened in a run of ``plan``, of all that could break a calm."""
    answers = counted.provider.statuses
    found = {
        "a change of the app": any(isinstance(event, AppChanged) for event in sink.events),
        "a burst": any(
            isinstance(event, FaultStruck) and event.fault == BURST for event in sink.events
        ),
        "a second minter": any(
            isinstance(event, TokenIssued) and event.asked_by == SECOND_MINTER
            for event in sink.events
        ),
        "an eviction": any(isinstance(event, TokenEvicted) for event in sink.events),
        "a 401": 401 in answers,
        "a rate limit": plan.limits is not None and 429 in answers,
        "an answer that never came": counted.clients.unknown > 0,
        "a partition": bool(plan.links.partitions),
    }
    return {name for name, is_met in found.items() if is_met}


def test_skipping_calm_time_changes_nothing():
    """Event for event, bin for bin, bucket for bucket; and calm was skipped in many of the runs,
    also where something breaks it. Limited calls are never calm: each may be one too many."""
    calm_with = Counter()
    stepped_with = Counter()

    @settings(max_examples=150)
    @given(plan=plans(st.one_of(ARRIVALS, SPARSE_ARRIVALS)))
    def is_the_same(plan):
        sink, counted = run(plan, skips_calm=True)
        met = calm_with if counted.skipped else stepped_with
        met.update({"anything", *met_in(plan, sink, counted)})
        assert left_by(sink, counted) == history(plan, skips_calm=False)

    is_the_same()
    assert calm_with["anything"] >= 30
    assert all(calm_with[name] for name in BREAKS_CALM), calm_with
    assert stepped_with["a rate limit"] >= 5


def test_skipping_calm_time_changes_nothing_whatever_befalls_the_fleet():
    """Processes die, stand still, come and go; clocks are off; the store is in trouble.

    A quarter of the runs at least have calm to skip, and each kind of fault strikes in some.
    """
    had_calm, struck = [], set()

    @settings(max_examples=120)
    @given(plan=plans(SPARSE_ARRIVALS, durations=(61, 100, 180), fleet_faults=FLEET_FAULTS))
    def is_the_same(plan):
        sink, counted = run(plan, skips_calm=True)
        had_calm.append(counted.skipped > 0)
        struck.update(event.fault for event in sink.events if isinstance(event, FaultStruck))
        assert left_by(sink, counted) == history(plan, skips_calm=False)

    is_the_same()
    assert sum(had_calm) > len(had_calm) / 4
    assert struck >= set(range(10, 18))


@pytest.mark.parametrize("preset", CACHING)
@pytest.mark.parametrize(
    "arrivals", [Closed(Exponential(SECOND)), Poisson(12.0)], ids=["closed", "open"]
)
def test_most_of_a_calm_run_is_skipped(preset, arrivals):
    """Or the comparison would compare stepping with stepping."""
    long = a_long_plan(seed=1)
    plan = replace(
        long,
        recipe=a_strategy(preset),
        policy=TokenPolicy(lifetime=10 * MINUTE, live_tokens=None),
        fleet=replace(long.fleet, arrivals=arrivals, mix=OperationMix.of({"get_user": 1})),
    )
    _, skipped = run(plan, skips_calm=True)
    _, stepped = run(plan, skips_calm=False)

    assert skipped.skipped > 0.9 * sum(map(sum, skipped.clients.operations.values()))
    assert stepped.skipped == 0


def test_the_same_seed_gives_the_same_history_and_another_gives_another():
    """Nothing but the seed decides."""
    plan = a_long_plan(seed=1)

    assert history(plan, skips_calm=True) == history(plan, skips_calm=True)
    assert history(plan, skips_calm=True) != history(a_long_plan(seed=2), skips_calm=True)
