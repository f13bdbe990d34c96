"""Plans of runs in which anything may happen, with short calms and instants that coincide."""

from typing import get_args

from hypothesis import strategies as st

from tests.simulation.virtual.generated_provider import PLAIN_POLICIES, POLICIES, PROVIDER_FAULTS
from tokenrace.arrivals import Closed, Constant, Poisson
from tokenrace.clock import MILLISECOND, MINUTE, SECOND
from tokenrace.distributions import Constant as Always
from tokenrace.distributions import Exponential, Lognormal, Uniform
from tokenrace.faults.planned import (
    CancelLeader,
    ClockOff,
    Crash,
    Pause,
    Replace,
    Scale,
    StoreLoss,
    StoreTrouble,
)
from tokenrace.faults.schedule import FleetFaults, ProviderFaults
from tokenrace.fleet.agenda import OperationMix
from tokenrace.fleet.crash_points import CrashPoint
from tokenrace.network.fates import Partition
from tokenrace.network.links import Link, Links
from tokenrace.provider.limits import ApiLimits
from tokenrace.simulation.plan import THE_APP, FleetPlan, RunPlan
from tokenrace.strategies.composing import override
from tokenrace.strategies.composition import Composition, parameters_of
from tokenrace.strategies.presets import PRESETS


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


def links(draw, arrival: int) -> Links:
    """Ways to token endpoint, API and store, on which one message in fifty may be lost."""

    def a_link(arrival_per_mille: int) -> Link:
        return Link(
            round_trip=draw(TRIPS),
            arrival_per_mille=arrival_per_mille,
            loss_per_million=draw(st.sampled_from([0, 0, 0, 20_000])),
        )

    return Links(
        token=a_link(arrival),
        api=a_link(arrival),
        store=a_link(500),
        partitions=tuple(draw(st.lists(PARTITIONS, max_size=2))),
    )


@st.composite
def plans(draw, arrivals, durations=(30, 61, 180), fleet_faults=None) -> RunPlan:
    """A run of half a minute to three, with tokens that live a good minute."""
    arrival = draw(st.sampled_from([0, 250, 500, 1_000]))
    return RunPlan(
        scenario="generated",
        strategy="generated",
        recipe=a_strategy(draw(st.sampled_from(CACHING))),
        seed=draw(st.integers(0, 3)),
        duration=draw(st.sampled_from(durations)) * SECOND,
        app=THE_APP,
        policy=draw(st.one_of(PLAIN_POLICIES, POLICIES)),
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
        links=links(draw, arrival),
        store=draw(st.sampled_from(["sqlite", "memory"])),
    )
