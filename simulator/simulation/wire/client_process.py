"""One client process of a run on the wire: its strategy, its workers, real HTTP.

Started with ``spawn``, so everything it needs comes in its ``Seat``.
"""

import asyncio
import traceback
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import aiohttp

from simulator.arrivals import gaps, phase
from simulator.clock import seconds
from simulator.fleet.adoption import Adoption
from simulator.fleet.agenda import Agenda
from simulator.fleet.broker_line import HttpBrokerLine
from simulator.fleet.counted_store import CountedStore, counted_locks
from simulator.fleet.http_ports import HttpApi, HttpTokenEndpoint, InFlight, Wire
from simulator.fleet.names import process_name, user_id, worker_name
from simulator.fleet.pace import work
from simulator.fleet.worker import Worker
from simulator.machine_clock import MachineClock
from simulator.rng import Streams
from simulator.simulation.plan import RunPlan
from simulator.simulation.wire.messages import (
    Begin,
    ClientRecord,
    Failed,
    Progress,
    Ready,
    end_with_parent,
    leave_interrupts_to_parent,
    receive,
)
from simulator.simulation.wire.spool import Spool
from simulator.stores.contract import SharedStore
from simulator.stores.memory import MemoryStore
from simulator.stores.sqlite import open_sqlite
from simulator.strategies.compose import Ports, compose
from simulator.strategies.contract import Strategy
from simulator.strategies.split import part_of
from simulator.trace.tally import ClientTally, bin_width

PROGRESS_EVERY_S = 0.2


@dataclass(frozen=True, slots=True)
class Seat:
    """What makes one process this one. ``store`` is the file its fleet shares."""

    plan: RunPlan
    process: int
    spool: Path
    store: Path


def main(seat: Seat, connection: Connection, in_flight: InFlight) -> None:
    """Run one client process to its end."""
    leave_interrupts_to_parent()
    try:
        asyncio.run(_run(seat, connection, in_flight))
    except Exception:  # noqa: BLE001 - whatever it is, the parent must show it
        connection.send(Failed(traceback.format_exc()))


async def _run(seat: Seat, connection: Connection, in_flight: InFlight) -> None:
    tally = ClientTally(width=bin_width(seat.plan.duration))
    with Spool(seat.spool) as spool:
        async with _store(seat) as store:  # opened before tick 0: no run waits for a file
            connection.send(Ready())
            begin = await receive(connection, Begin)
            clock = MachineClock(begin.epoch_ns)
            adoption = Adoption(seat.process, clock, spool)
            async with _wire(seat, begin, in_flight, tally) as wire, _watched(connection, tally):
                line = _line(seat, wire, clock, begin.broker_port)
                ports = _ports(seat, wire, clock, store, line)
                strategy = compose(seat.plan.composition, ports)
                async with line.listening() if line is not None else nullcontext():
                    await _work_until_the_end(seat, strategy, wire, clock, adoption)
    connection.send(ClientRecord(tally))


@asynccontextmanager
async def _watched(connection: Connection, tally: ClientTally) -> AsyncIterator[None]:
    """Tell the parent how far it is, and end this process if the parent is gone."""
    reporting = asyncio.create_task(_report(connection, tally))
    watching = asyncio.create_task(end_with_parent(connection))
    try:
        yield
    finally:
        watching.cancel()
        reporting.cancel()


async def _report(connection: Connection, tally: ClientTally) -> None:
    while True:
        await asyncio.sleep(PROGRESS_EVERY_S)
        connection.send(Progress(tally))


async def _work_until_the_end(
    seat: Seat, strategy: Strategy, wire: Wire, clock: MachineClock, adoption: Adoption
) -> None:
    """Run the workers; at the run's end they stop where they are, and what is under way is not
    counted."""
    plan = seat.plan
    end = asyncio.timeout(seconds(plan.duration - clock.now()))
    with suppress(TimeoutError):
        async with end, asyncio.TaskGroup() as workers:
            for number in range(plan.fleet.workers):
                workers.create_task(_worker(seat, number, strategy, wire, clock, adoption))
    assert end.expired(), "workers never end by themselves"


def _worker(
    seat: Seat,
    number: int,
    strategy: Strategy,
    wire: Wire,
    clock: MachineClock,
    adoption: Adoption,
) -> Coroutine[None, None, None]:
    fleet, streams = seat.plan.fleet, Streams(seat.plan.seed)
    name = worker_name(seat.process, number)
    worker = Worker(
        strategy=part_of(strategy, fleet.number_of(seat.process, number)),
        api=HttpApi(wire=wire, caller=name),
        agenda=Agenda(fleet.mix, streams, name, user_id(seat.process, number)),
        clock=clock,
        tally=wire.tally,
        adopted=adoption,
    )
    in_fleet = fleet.number_of(seat.process, number)
    first_at = fleet.starts_at(seat.process) + phase(fleet.arrivals, in_fleet, fleet.size())
    return work(
        worker,
        fleet.arrivals,
        streams.spans(f"gap/{name}", gaps(fleet.arrivals, fleet.size())),
        first_at,
    )


@asynccontextmanager
async def _wire(
    seat: Seat, begin: Begin, in_flight: InFlight, tally: ClientTally
) -> AsyncIterator[Wire]:
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:
        yield Wire(
            session=session,
            base_url=f"http://127.0.0.1:{begin.port}",
            timeout=seat.plan.fleet.timeout,
            in_flight=in_flight,
            tally=tally,
        )


@asynccontextmanager
async def _store(seat: Seat) -> AsyncIterator[SharedStore]:
    """Open what the fleet shares. Its clock only tells when a lease lapses: any will do that all
    processes have in common."""
    clock = MachineClock(epoch_ns=0)
    if seat.plan.store == "memory":
        yield MemoryStore(clock)
        return
    async with open_sqlite(seat.store, clock) as store:
        yield store


def _line(seat: Seat, wire: Wire, clock: MachineClock, port: int | None) -> HttpBrokerLine | None:
    """Return this process's line to its broker, if it has one."""
    if port is None:
        return None
    return HttpBrokerLine(
        session=wire.session,
        url=f"http://127.0.0.1:{port}",
        timeout=seat.plan.fleet.timeout,
        clock=clock,
        tally=wire.tally,
    )


def _ports(
    seat: Seat,
    wire: Wire,
    clock: MachineClock,
    store: SharedStore,
    line: HttpBrokerLine | None,
) -> Ports:
    name = process_name(seat.process)
    counted = CountedStore(store, wire.tally)
    return Ports(
        endpoint=HttpTokenEndpoint(
            wire=wire, credentials=seat.plan.app.credentials, clock=clock, caller=name
        ),
        clock=clock,
        stream=Streams(seat.plan.seed).stream(f"strategy/{name}"),
        store=counted,
        leases=counted,
        row_locks=counted_locks(store, wire.tally),
        snapshot=None,
        holder=name,
        broker=line,
    )
