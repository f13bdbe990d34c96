"""Calm time skipped is the same history as calm time stepped: every event, count and latency.

The two are run on generated scenarios. What a scenario says of rates and latencies is drawn small
enough that calms are short, tokens die in them, and instants coincide.
"""

from dataclasses import asdict

from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.arrivals import Closed, Constant, Poisson
from simulator.clock import MILLISECOND, MINUTE, SECOND
from simulator.distributions import Constant as Always
from simulator.distributions import Exponential, Lognormal, Uniform
from simulator.engine.ties import Fifo
from simulator.fleet.agenda import OperationMix
from simulator.links import Link, Links
from simulator.provider.policy import TokenPolicy
from simulator.simulation.plan import THE_APP, FleetPlan, RunPlan
from simulator.simulation.virtual.run import run_on_virtual_time
from simulator.strategies.presets import PRESETS, override


class Kept:
    """A sink that keeps every event."""

    def __init__(self):
        self.events = []

    def write(self, event):
        """Keep one event."""
        self.events.append(event)


def history(plan: RunPlan, *, skips_calm: bool):
    """Everything a run leaves: its events in order, and all that was counted."""
    sink = Kept()
    counted = run_on_virtual_time(plan, sink, lambda at: None, ties=Fifo(), skips_calm=skips_calm)
    clients = counted.clients
    return {
        "events": sink.events,
        "provider": asdict(counted.provider),
        "operations": clients.operations,
        "unknown": clients.unknown,
        "store": (clients.store_reads, clients.store_writes),
        "latency": clients.latency.counts(),
    }


# Few and round numbers, so that things happen at the same tick.
SPANS = st.sampled_from([0, 1, 1_000, 50 * MILLISECOND, 100 * MILLISECOND])
TRIPS = st.one_of(
    SPANS.map(Always),
    st.sampled_from(
        [
            Uniform(0, 3),
            Uniform(20 * MILLISECOND, 90 * MILLISECOND),
            Lognormal(80 * MILLISECOND, 250 * MILLISECOND),
        ]
    ),
)
THINKS = st.sampled_from(
    [Always(SECOND), Always(250 * MILLISECOND), Exponential(SECOND), Uniform(0, 2 * SECOND)]
)
ARRIVALS = st.one_of(
    THINKS.map(Closed),
    st.sampled_from([Poisson(5.0), Poisson(40.0), Constant(10.0)]),
)
MIXES = st.sampled_from(
    [
        {"get_user": 1},
        {"create_meeting": 1, "delete_meeting": 1},
        {"create_meeting": 2, "delete_meeting": 1, "get_meeting": 1, "get_user": 1},
        {"delete_meeting": 3, "create_meeting": 1},
    ]
)


@st.composite
def plans(draw) -> RunPlan:
    """A run of half a minute to three, with tokens that live a quarter of a minute."""
    arrival = draw(st.sampled_from([0, 250, 500, 1_000]))
    return RunPlan(
        scenario="generated",
        strategy="generated",
        composition=override(draw(st.sampled_from(sorted(set(PRESETS) - {"mint_per_call"}))), ()),
        seed=draw(st.integers(0, 3)),
        duration=draw(st.sampled_from([30, 61, 180])) * SECOND,
        app=THE_APP,
        policy=TokenPolicy(
            lifetime=draw(st.sampled_from([75, 90])) * SECOND,
            live_tokens=draw(st.sampled_from([None, 1, 2, 3, 8])),
        ),
        fleet=FleetPlan(
            processes=draw(st.integers(1, 4)),
            workers=draw(st.integers(1, 5)),
            start_spread=draw(st.sampled_from([0, 7 * SECOND, 20 * SECOND])),
            arrivals=draw(ARRIVALS),
            mix=OperationMix.of(draw(MIXES)),
            timeout=MINUTE,
        ),
        links=Links(
            token=Link(round_trip=draw(TRIPS), arrival_per_mille=arrival),
            api=Link(round_trip=draw(TRIPS), arrival_per_mille=arrival),
            store=Link(round_trip=draw(TRIPS)),
        ),
        store=draw(st.sampled_from(["sqlite", "memory"])),
    )


@settings(max_examples=150)
@given(plan=plans())
def test_skipping_calm_time_changes_nothing(plan):
    """Event for event, bin for bin, bucket for bucket."""
    assert history(plan, skips_calm=True) == history(plan, skips_calm=False)


def test_the_same_seed_gives_the_same_history_and_another_gives_another():
    """Nothing but the seed decides."""
    plan = a_long_plan(seed=1)

    assert history(plan, skips_calm=True) == history(plan, skips_calm=True)
    assert history(plan, skips_calm=True) != history(a_long_plan(seed=2), skips_calm=True)


def a_long_plan(seed: int) -> RunPlan:
    link = Link(round_trip=Lognormal(80 * MILLISECOND, 250 * MILLISECOND))
    return RunPlan(
        scenario="long",
        strategy="shared_lock",
        composition=override("shared_lock", ()),
        seed=seed,
        duration=20 * MINUTE,
        app=THE_APP,
        policy=TokenPolicy(lifetime=10 * MINUTE, live_tokens=1),
        fleet=FleetPlan(
            processes=3,
            workers=4,
            start_spread=0,
            arrivals=Closed(Exponential(SECOND)),
            mix=OperationMix.of({"create_meeting": 1, "delete_meeting": 1}),
            timeout=MINUTE,
        ),
        links=Links(token=link, api=link, store=Link(round_trip=Always(MILLISECOND))),
        store="sqlite",
    )
