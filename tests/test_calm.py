"""Calm time skipped is the same history as calm time stepped: every event, count and latency.

The two are run on generated scenarios. What a scenario says of rates and latencies is drawn small
enough that calms are short, tokens die in them, and instants coincide.
"""

from collections import Counter
from dataclasses import asdict, replace
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.arrivals import Closed, Constant, Poisson
from simulator.clock import MILLISECOND, MINUTE, SECOND
from simulator.distributions import Constant as Always
from simulator.distributions import Exponential, Lognormal, Uniform
from simulator.engine.ties import Fifo
from simulator.fleet.agenda import OperationMix
from simulator.network.fates import Partition
from simulator.network.links import Link, Links
from simulator.provider.bursts import Burst, Dropped, ErrorAnswer, Malformed, Slow
from simulator.provider.lifecycle import (
    ChangePolicy,
    Deactivate,
    DowngradeOwner,
    Reactivate,
    RevokeTokens,
    RotateSecret,
    TransferOwnership,
)
from simulator.provider.limits import ApiLimits
from simulator.provider.policy import Allowance, AtCap, TokenPolicy
from simulator.simulation.counted import Counted
from simulator.simulation.fleet_faults import (
    CancelLeader,
    ClockOff,
    Crash,
    CrashPoint,
    FleetFaults,
    Pause,
    Replace,
    Scale,
    StoreLoss,
    StoreTrouble,
)
from simulator.simulation.plan import SECOND_MINTER, THE_APP, FleetPlan, RunPlan
from simulator.simulation.provider_faults import PlannedChange, ProviderFaults, SecondMinter
from simulator.simulation.virtual.run import run_on_virtual_time
from simulator.strategies.composing import override
from simulator.strategies.composition import Composition, parameters_of
from simulator.strategies.presets import PRESETS
from simulator.trace.events import (
    AppChanged,
    FaultStruck,
    TokenAdopted,
    TokenEvicted,
    TokenIssued,
)


class Kept:
    """A sink that keeps every event."""

    def __init__(self):
        self.events = []

    def write(self, event):
        """Keep one event."""
        self.events.append(event)


def run(plan: RunPlan, *, skips_calm: bool):
    """Run ``plan``; return the events and what was counted."""
    sink = Kept()
    counted = run_on_virtual_time(plan, sink, lambda at: None, ties=Fifo(), skips_calm=skips_calm)
    return sink, counted


def a_strategy(preset: str) -> Composition:
    """``preset`` with a margin that fits tokens which live about a minute."""
    parameters = parameters_of(PRESETS[preset].composition)
    fitting = {
        "leeway": 5 * SECOND,
        "advisory": 15 * SECOND,
        "mandatory": 5 * SECOND if preset == "advisory_mandatory" else 0,
        "jitter": 2 * SECOND,
    }
    return override(preset, [item for item in fitting.items() if item[0] in parameters])


def history(plan: RunPlan, *, skips_calm: bool):
    """Everything a run leaves: its events in order, and all that was counted."""
    return left_by(*run(plan, skips_calm=skips_calm))


def left_by(sink, counted):
    """Everything that ``sink`` and ``counted`` say of a run."""
    clients = counted.clients
    return {
        "events": sink.events,
        "provider": asdict(counted.provider),
        "operations": clients.operations,
        "unknown": clients.unknown,
        "store": (clients.store_reads, clients.store_writes),
        "latency": clients.latency.counts(),
    }


CACHING = sorted(set(PRESETS) - {"mint_per_call", "partitioned"})  # these two are never calm
"""The presets that keep a token, without which there is no calm."""

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
SPARSE_ARRIVALS = st.one_of(THINKS.map(Closed), st.sampled_from([Poisson(5.0), Constant(3.0)]))
"""Of which few wait at once where all must: each looks for the lease 20 times a second."""
MIXES = st.sampled_from(
    [
        {"get_user": 1},
        {"create_meeting": 1, "delete_meeting": 1},
        {"create_meeting": 2, "delete_meeting": 1, "get_meeting": 1, "get_user": 1},
        {"delete_meeting": 3, "create_meeting": 1},
    ]
)


PARTITIONS = st.builds(
    lambda process, link, begins, span: Partition(
        process=f"p{process}", link=link, begins=begins * SECOND, ends=(begins + span) * SECOND
    ),
    process=st.integers(0, 3),
    link=st.sampled_from(["token", "api", "store"]),
    begins=st.sampled_from([0, 10, 11]),
    span=st.sampled_from([1, 9]),
)


INSTANTS = st.sampled_from([0, 1, 10 * SECOND, 11 * SECOND, 20 * SECOND, 59 * SECOND])
POLICIES = st.builds(
    TokenPolicy,
    lifetime=st.sampled_from([75 * SECOND, 90 * SECOND]),
    live_tokens=st.sampled_from([1, 2, 3, 8]),
    at_cap=st.sampled_from(get_args(AtCap)),
    grace=st.sampled_from([0, 0, 3 * SECOND]),
    visible_after=st.sampled_from([0, 0, 200 * MILLISECOND]),
    reuse_above=st.sampled_from([None, None, 40 * SECOND]),
    throttle=st.sampled_from([None, None, Allowance(count=3, window=20 * SECOND)]),
    block=st.sampled_from([None, None, Allowance(count=20, window=MINUTE)]),
)
CHANGES = st.one_of(
    st.builds(
        RotateSecret,
        new_secret=st.just("another"),
        overlap=st.sampled_from([0, 10 * SECOND]),
        revokes_tokens=st.booleans(),
    ),
    st.sampled_from([DowngradeOwner(), DowngradeOwner(loses="tokens"), TransferOwnership()]),
    st.sampled_from([Deactivate(), Reactivate(), RevokeTokens(), RevokeTokens("newest")]),
    POLICIES.map(lambda policy: ChangePolicy(policy=policy)),
)
AILMENTS = st.sampled_from(
    [
        ErrorAnswer(503),
        ErrorAnswer(429, retry_after=2 * SECOND),
        Dropped(),
        Malformed(),
        Slow(50 * MILLISECOND),
        Slow(2 * SECOND),
    ]
)
BURST = 0
"""The number of every burst among a run's faults."""
BURSTS = st.builds(
    lambda endpoint, begins, span, ailment, per_million, count: Burst(
        fault=BURST,
        endpoint=endpoint,
        begins=begins,
        ends=begins + span,
        ailment=ailment,
        per_million=per_million,
        count=count,
    ),
    endpoint=st.sampled_from(["token", "api"]),
    begins=INSTANTS,
    span=st.sampled_from([1, SECOND, 10 * SECOND]),
    ailment=AILMENTS,
    per_million=st.sampled_from([200_000, 1_000_000]),
    count=st.sampled_from([None, 1, 5]),
)
PROVIDER_FAULTS = st.builds(
    ProviderFaults,
    changes=st.lists(
        st.builds(PlannedChange, at=INSTANTS, fault=st.just(1), change=CHANGES), max_size=3
    ).map(tuple),
    minters=st.lists(
        st.builds(
            SecondMinter,
            fault=st.just(2),
            begins=INSTANTS,
            ends=st.just(MINUTE),
            rate_hz=st.sampled_from([0.05, 1.0]),
        ),
        max_size=1,
    ).map(tuple),
    bursts=st.lists(BURSTS, max_size=2).map(tuple),
)


POINTS = st.sampled_from(get_args(CrashPoint))
MOMENTS = st.sampled_from([0, 1, 9 * SECOND, 10 * SECOND, 25 * SECOND, 40 * SECOND, 70 * SECOND])
A_WHILE = st.sampled_from([1, SECOND, 7 * SECOND, 30 * SECOND])
NUMBERS = st.integers(0, 4)
DEPLOYED = ["single_flight", "shared_lock", "lease_cas", "sql_row_lock", "shared_cache_no_lock"]
REPLACEMENTS = st.builds(
    Replace,
    fault=st.just(10),
    at=MOMENTS,
    process=NUMBERS,
    recipe=st.one_of(st.none(), st.sampled_from(DEPLOYED).map(a_strategy)),
    newest_secret=st.booleans(),
)
CRASHES = st.builds(
    Crash,
    fault=st.just(11),
    at=MOMENTS,
    process=NUMBERS,
    point=st.one_of(st.none(), POINTS),
    restart=st.sampled_from([0, 1, 3 * SECOND]),
)
PAUSES = st.builds(Pause, fault=st.just(12), at=MOMENTS, process=NUMBERS, span=A_WHILE)
CLOCKS = st.builds(
    ClockOff,
    fault=st.just(13),
    at=MOMENTS,
    process=NUMBERS,
    offset=st.sampled_from([-20 * SECOND, -1, 0, 1, 20 * SECOND]),
    drift_ppm=st.sampled_from([-50_000, 0, 7, 100_000]),
)
CANCELLATIONS = st.builds(CancelLeader, fault=st.just(14), at=MOMENTS, process=NUMBERS)
SCALINGS = st.builds(Scale, fault=st.just(15), at=MOMENTS, processes=st.integers(1, 5))
TROUBLES = st.builds(
    lambda at, span, kind, by: StoreTrouble(fault=16, at=at, until=at + span, kind=kind, by=by),
    at=MOMENTS,
    span=A_WHILE,
    kind=st.sampled_from(["down", "slow", "lag"]),
    by=st.sampled_from([1, 300 * MILLISECOND, 10 * SECOND]),
)
LOSSES = st.builds(
    StoreLoss, fault=st.just(17), at=MOMENTS, kind=st.sampled_from(["lock", "write"])
)


def some(faults):
    """None of ``faults``, as often as not, or up to two."""
    return st.one_of(st.just(()), st.lists(faults, max_size=2).map(tuple))


FLEET_FAULTS = st.builds(
    FleetFaults,
    crashes=some(CRASHES),
    pauses=some(PAUSES),
    replacements=some(REPLACEMENTS),
    scalings=some(SCALINGS),
    clocks=some(CLOCKS),
    cancellations=some(CANCELLATIONS),
    store_troubles=some(TROUBLES),
    store_losses=st.lists(LOSSES, max_size=3).map(tuple),
)


@st.composite
def plans(draw, arrivals, durations=(30, 61, 180), fleet_faults=None) -> RunPlan:
    """A run of half a minute to three, with tokens that live a good minute."""
    arrival = draw(st.sampled_from([0, 250, 500, 1_000]))

    def a_link(arrival_per_mille: int) -> Link:
        return Link(
            round_trip=draw(TRIPS),
            arrival_per_mille=arrival_per_mille,
            loss_per_million=draw(st.sampled_from([0, 0, 0, 20_000])),
        )

    return RunPlan(
        scenario="generated",
        strategy="generated",
        recipe=a_strategy(draw(st.sampled_from(CACHING))),
        seed=draw(st.integers(0, 3)),
        duration=draw(st.sampled_from(durations)) * SECOND,
        app=THE_APP,
        policy=draw(
            st.one_of(
                st.builds(
                    TokenPolicy,
                    lifetime=st.sampled_from([75 * SECOND, 90 * SECOND]),
                    live_tokens=st.sampled_from([None, 1, 2, 3, 8]),
                ),
                POLICIES,
            )
        ),
        limits=draw(st.sampled_from([None, None, None, ApiLimits(plan="free")])),
        provider_faults=draw(st.one_of(st.just(ProviderFaults()), PROVIDER_FAULTS)),
        fleet_faults=FleetFaults() if fleet_faults is None else draw(fleet_faults),
        fleet=FleetPlan(
            processes=draw(st.integers(1, 4)),
            workers=draw(st.integers(1, 5)),
            start_spread=draw(st.sampled_from([0, 7 * SECOND, 20 * SECOND])),
            arrivals=draw(arrivals),
            mix=OperationMix.of(draw(MIXES)),
            # A lognormal answer takes longer than 250 ms one time in twenty.
            timeout=draw(st.sampled_from([80 * MILLISECOND, 250 * MILLISECOND, MINUTE])),
        ),
        links=Links(
            token=a_link(arrival),
            api=a_link(arrival),
            store=a_link(500),
            partitions=tuple(draw(st.lists(PARTITIONS, max_size=2))),
        ),
        store=draw(st.sampled_from(["sqlite", "memory"])),
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

    @settings(max_examples=80)
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


def test_calm_goes_on_while_answers_get_lost():
    """One message in a hundred: both ways, about 2 % of 12,000 requests, are stepped by themselves.

    Unknown outcomes: 1 - 0.99**2 = 1.99 %, give or take 5 sigma (0.64 %).
    """
    long = a_long_plan(seed=1)
    lossy = replace(long.links.api, loss_per_million=10_000)
    plan = replace(long, links=replace(long.links, api=lossy))
    _, counted = run(plan, skips_calm=True)
    ended = {outcome: sum(bins) for outcome, bins in counted.clients.operations.items()}
    total = sum(ended.values())

    assert counted.skipped > 0.9 * total
    assert abs(ended["unknown"] / total - 0.0199) < 0.0064
    assert history(plan, skips_calm=True) == history(plan, skips_calm=False)


def test_a_partition_loses_what_sets_out_meanwhile():
    """Process 0 is cut off the API for a minute of twenty; its workers hear nothing and no other's.

    Each of its 4 workers then waits out its timeout of 5 s, thinks 1 s and tries again: about
    10 requests each, within a factor of two.
    """
    long = a_long_plan(seed=1)
    cut = Partition(process="p0", link="api", begins=5 * MINUTE, ends=6 * MINUTE)
    plan = replace(
        long,
        links=replace(long.links, partitions=(cut,)),
        fleet=replace(long.fleet, timeout=5 * SECOND),
    )
    _, counted = run(plan, skips_calm=True)

    assert 20 < counted.clients.unknown < 80
    assert counted.skipped > 0.5 * sum(map(sum, counted.clients.operations.values()))
    assert history(plan, skips_calm=True) == history(plan, skips_calm=False)


def test_a_partition_finds_open_requests_under_way():
    """40 reads a second take 80 ms or so: some have left and not arrived when the cut-off begins.

    Their requests arrive, their answers do not.
    """
    long = a_long_plan(seed=1)
    cut = Partition(process="p0", link="api", begins=5 * MINUTE, ends=5 * MINUTE + SECOND)
    plan = replace(
        long,
        links=replace(long.links, partitions=(cut,)),
        fleet=replace(
            long.fleet, arrivals=Poisson(40.0), mix=OperationMix.of({"get_user": 1}), timeout=SECOND
        ),
    )
    _, counted = run(plan, skips_calm=True)

    assert counted.skipped > 0.9 * sum(map(sum, counted.clients.operations.values()))
    assert history(plan, skips_calm=True) == history(plan, skips_calm=False)


def test_a_store_that_loses_messages_is_felt_by_a_strategy_that_reads_it_each_time():
    """One message in ten is lost: 19 % of the reads fail, and their operations with them."""
    long = a_long_plan(seed=1)
    lossy = replace(long.links.store, loss_per_million=100_000)
    plan = replace(
        long,
        recipe=a_strategy("shared_cache_no_lock"),
        links=replace(long.links, store=lossy),
    )
    _, counted = run(plan, skips_calm=True)
    ended = {outcome: sum(bins) for outcome, bins in counted.clients.operations.items()}

    assert 0.17 < ended["refused"] / sum(ended.values()) < 0.22
    assert history(plan, skips_calm=True) == history(plan, skips_calm=False)


def test_a_lost_answer_leaves_the_token_issued():
    """Half the messages to the token endpoint are lost: more tokens are issued than are adopted."""
    long = a_long_plan(seed=1)
    lossy = replace(long.links.token, loss_per_million=500_000)
    plan = replace(
        long,
        links=replace(long.links, token=lossy),
        fleet=replace(long.fleet, timeout=5 * SECOND),
    )
    sink, _ = run(plan, skips_calm=True)
    issued = {event.token for event in sink.events if isinstance(event, TokenIssued)}
    adopted = {event.token for event in sink.events if isinstance(event, TokenAdopted)}

    assert adopted < issued
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
        recipe=override("shared_lock", ()),
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
