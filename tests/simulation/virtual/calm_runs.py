"""Runs on virtual time with calm skipped or stepped, and all that each of them leaves."""

from dataclasses import asdict

from tests.simulation.virtual_runs import Kept
from tokenrace.arrivals import Closed
from tokenrace.clock import MILLISECOND, MINUTE, SECOND
from tokenrace.distributions import Constant as Always
from tokenrace.distributions import Exponential, Lognormal
from tokenrace.engine.ties import Fifo
from tokenrace.fleet.agenda import OperationMix
from tokenrace.network.links import Link, Links
from tokenrace.provider.policy import TokenPolicy
from tokenrace.simulation.plan import THE_APP, FleetPlan, RunPlan
from tokenrace.simulation.virtual.run import run_on_virtual_time
from tokenrace.strategies.composing import override


def run(plan: RunPlan, *, skips_calm: bool):
    """Run ``plan``; return the events and what was counted."""
    sink = Kept()
    counted = run_on_virtual_time(plan, sink, lambda at: None, ties=Fifo(), skips_calm=skips_calm)
    return sink, counted


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


def a_long_plan(seed: int) -> RunPlan:
    """Twenty minutes of a small fleet that shares its token, in a calm that a rotation ends."""
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
