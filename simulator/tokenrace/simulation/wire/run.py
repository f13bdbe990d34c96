"""One run on the wire, from the side of the process that conducts it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from tokenrace.clock import MILLISECOND, Ticks
from tokenrace.machine_clock import MachineClock
from tokenrace.simulation.counted import Counted
from tokenrace.simulation.plan import RunPlan
from tokenrace.simulation.wire import (
    broker_process,
    client_process,
    server_process,
    store_conductor,
)
from tokenrace.simulation.wire.attendants import Attendants, RunSpan
from tokenrace.simulation.wire.children import Child, Children, await_ready, tell
from tokenrace.simulation.wire.fleet_conductor import FleetConductor, starts
from tokenrace.simulation.wire.keeper import kept
from tokenrace.simulation.wire.lives import Lives, mark_of
from tokenrace.simulation.wire.messages import Begin
from tokenrace.simulation.wire.spares import Spares
from tokenrace.simulation.wire.spool import Spool
from tokenrace.simulation.wire.watch import Watch
from tokenrace.stores.places import Place
from tokenrace.strategies.broker_scope import Broker
from tokenrace.strategies.compose import scope_of
from tokenrace.trace.tally import ClientTally, bin_width

LEAD = 200 * MILLISECOND
"""Between telling the processes to begin and tick 0, so that all of them start together."""


def spool_of_provider(folder: Path) -> Path:
    """Return where the provider's process writes its events."""
    return folder / "provider.jsonl"


def spools_in(folder: Path) -> list[Path]:
    """Return where the processes of a run in ``folder`` wrote their events, the provider's first:
    of two events at one instant its own comes before what a client makes of it."""
    first = spool_of_provider(folder)
    return [first, *sorted(path for path in folder.glob("*.jsonl") if path != first)]


@dataclass(frozen=True, slots=True)
class Terms:
    """How a run is made: the provider's ``port``, or the next free one, 0 for any; and how long a
    process may take to end when the run is over, before it is killed."""

    port: int
    end_within: Ticks


def run_on_wire(
    plan: RunPlan, place: Place, folder: Path, report: Callable[[Ticks], None], terms: Terms
) -> Counted:
    """Run ``plan`` in real time, with its store at ``place``; its processes write their events into
    ``folder``.

    ``report`` is told a few times a second how far the run has come, from the start of the first
    process to the end of the last. Whatever it raises ends the run at once, whatever its processes
    do: each is killed, a program of the user's and what that has started included.

    Raises:
        RunLost: a process of ours died or stood still before the run began.
        RunError: a process failed through an error of its own.
    """

    def still_wanted() -> None:
        report(0)

    with kept(mark_of(folder)), Children(folder) as children:
        server = _server(children, plan, folder, terms.port)
        broker = _broker(children, plan)
        store = _store_conductor(children, plan, place, folder)
        listening, *brokers = await_ready([server, *broker], still_wanted)
        await_ready(store, still_wanted)
        spares = _spares(children, plan, place)
        await_ready(spares.waiting, still_wanted)
        clock = MachineClock.starting_in(LEAD)
        broker_port = brokers[0].port if brokers else None
        begin = Begin(clock.epoch_ns, listening.port, broker_port, listening.doors)
        for child in (server, *broker, *store):
            tell(child, begin)
        lives = Lives(plan, spares, begin, folder)
        with Spool(folder / "conductor.jsonl") as spool:
            span = RunSpan(plan.duration, terms.end_within)
            attendants = Attendants(server, [*broker, *store], spool, clock, span)
            conductor = FleetConductor(plan, lives, spool, clock)
            watch = Watch(attendants, lives, conductor, spool, clock, span)
            deaths = watch.until_all_ended(report)
        clients = _sum_of(plan, (*lives.tallies, *attendants.client_tallies))
        return Counted(provider=attendants.provider_tally, clients=clients, deaths=tuple(deaths))


def _sum_of(plan: RunPlan, tallies: Iterable[ClientTally]) -> ClientTally:
    clients = ClientTally(width=bin_width(plan.duration))
    for tally in tallies:
        clients.add(tally)
    return clients


def _server(children: Children, plan: RunPlan, folder: Path, port: int) -> Child:
    seat = server_process.Seat(plan, spool_of_provider(folder), port)
    return children.start("the provider's process", server_process.main, seat)


def _spares(children: Children, plan: RunPlan, place: Place) -> Spares:
    """Start the clients that are needed at first, before anybody has a part for them."""
    size = plan.fleet.processes
    seat = client_process.Seat(plan, place)
    return Spares(children, seat, fleet=size, later=starts(plan.fleet_faults, size))


def _broker(children: Children, plan: RunPlan) -> list[Child]:
    """Start the fleet's broker, if it has one."""
    rules = scope_of(plan.recipe)
    if not isinstance(rules, Broker):
        return []
    return [children.start("the broker", broker_process.main, broker_process.Seat(plan, rules))]


def _store_conductor(children: Children, plan: RunPlan, place: Place, folder: Path) -> list[Child]:
    """Start who makes the faults of the store happen, if there are any."""
    if not store_conductor.is_needed(plan.fleet_faults):
        return []
    seat = store_conductor.Seat(plan, place, folder / "store.jsonl")
    return [children.start("the conductor of the store's faults", store_conductor.main, seat)]
