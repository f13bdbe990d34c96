"""What the workers of one life draw from: a table for each purpose, a row for each worker."""

from collections.abc import Sequence
from dataclasses import dataclass

from tokenrace.arrivals import gaps
from tokenrace.distributions import CHANCES, Distribution
from tokenrace.fleet.names import stream_name, worker_name
from tokenrace.rng import SpanTable
from tokenrace.simulation.virtual.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Draws:
    """Ticks between operations, of round trips to the API and of reads of the store; and what
    decides whether a message gets lost, per million."""

    gaps: SpanTable
    trips: SpanTable
    reads: SpanTable
    chances: SpanTable


def draws_of(world: World, process: int, life: int) -> Draws:
    """Return the tables of ``process`` in its ``life``, each from its beginning."""
    plan = world.plan
    workers = range(plan.fleet.workers)
    names = [stream_name(worker_name(process, worker), life) for worker in workers]
    return Draws(
        gaps=_table(world, "gap", names, gaps(plan.fleet.arrivals, plan.fleet.size())),
        trips=_table(world, "latency/api", names, plan.links.api.round_trip),
        reads=_table(world, "latency/read", names, world.store_link.round_trip),
        chances=_table(world, "loss/api", names, CHANCES),
    )


def _table(world: World, purpose: str, names: Sequence[str], law: Distribution) -> SpanTable:
    """Return one purpose's streams of all workers, named as on the wire."""
    return world.streams.table([f"{purpose}/{name}" for name in names], law)
