"""One run on the wire, from the side of the process that conducts it."""

from collections.abc import Callable, Sequence
from pathlib import Path

from simulator.clock import MILLISECOND, Ticks
from simulator.machine_clock import MachineClock
from simulator.simulation.counted import Counted
from simulator.simulation.plan import RunPlan
from simulator.simulation.wire import (
    broker_process,
    client_process,
    server_process,
    store_conductor,
)
from simulator.simulation.wire.children import Child, Children, await_ready, next_message, tell
from simulator.simulation.wire.fleet_conductor import FleetConductor, starts
from simulator.simulation.wire.lives import Lives
from simulator.simulation.wire.messages import Begin, ClientRecord, Finish, ServerRecord
from simulator.simulation.wire.spares import Spares
from simulator.simulation.wire.spool import Spool
from simulator.simulation.wire.watch import Watch, provider_died
from simulator.stores.places import Place
from simulator.strategies.broker_scope import Broker
from simulator.strategies.compose import scope_of
from simulator.trace.events import ProcessEnded
from simulator.trace.tally import ClientTally, bin_width

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


def run_on_wire(
    plan: RunPlan, place: Place, folder: Path, report: Callable[[Ticks], None], port: int
) -> Counted:
    """Run ``plan`` in real time, with its store at ``place``; its processes write their events into
    ``folder``.

    ``report`` is told a few times a second how far the run has come.

    Raises:
        RunError: a process could not start, or failed through an error of its own.
    """
    with Children() as children:
        server = _server(children, plan, folder, port)
        broker = _broker(children, plan)
        store = _store_conductor(children, plan, place, folder)
        listening, *brokers = await_ready([server, *broker])
        await_ready(store)
        spares = _spares(children, plan, place)
        await_ready(spares.waiting)
        clock = MachineClock.starting_in(LEAD)
        broker_port = brokers[0].port if brokers else None
        begin = Begin(clock.epoch_ns, listening.port, broker_port, listening.doors)
        for child in (server, *broker, *store):
            tell(child, begin)
        lives = Lives(plan, spares, begin, folder)
        with Spool(folder / "conductor.jsonl") as spool:
            conductor = FleetConductor(plan, lives, spool, clock)
            watch = Watch(server, lives, conductor, spool, clock, plan.duration)
            deaths = watch.until_all_ended(report)
        for child in (server, *broker, *store):
            tell(child, Finish())
        for child in store:
            next_message(child)  # raises with its traceback, if it failed
        record = _record_of(server)
        return _counted(plan, record, [*lives.tallies, *map(_tally_of, broker)], deaths)


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


def _tally_of(broker: Child) -> ClientTally | None:
    """Return what the broker counted; None if it died, and then the fleet did without."""
    record = next_message(broker)
    assert isinstance(record, ClientRecord | None), record
    return None if record is None else record.tally


def _record_of(server: Child) -> ServerRecord:
    record = next_message(server)
    if record is None:
        raise provider_died(server)
    assert isinstance(record, ServerRecord), record
    return record


def _counted(
    plan: RunPlan,
    record: ServerRecord,
    tallies: Sequence[ClientTally | None],
    deaths: Sequence[ProcessEnded],
) -> Counted:
    """Return the sum of all that was counted."""
    clients = ClientTally(width=bin_width(plan.duration))
    for tally in tallies:
        if tally is not None:
            clients.add(tally)
    return Counted(provider=record.tally, clients=clients, deaths=tuple(deaths))
