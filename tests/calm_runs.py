"""Runs on virtual time with calm skipped or stepped, and all that each of them leaves."""

from dataclasses import asdict

from simulator.arrivals import Closed
from simulator.clock import MILLISECOND, MINUTE, SECOND
from simulator.distributions import Constant as Always
from simulator.distributions import Exponential, Lognormal
from simulator.engine.ties import Fifo
from simulator.fleet.agenda import OperationMix
from simulator.network.links import Link, Links
from simulator.provider.policy import TokenPolicy
from simulator.simulation.plan import THE_APP, FleetPlan, RunPlan
from simulator.simulation.virtual.run import run_on_virtual_time
from simulator.strategies.composing import override
from tests.virtual_runs import Kept


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
