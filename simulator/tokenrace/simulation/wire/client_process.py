"""One client process of a run on the wire, from its start to its end.

Started with ``spawn``, so everything it needs comes in its ``Seat``; which process of the fleet it
is, and what it does, it is told later.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection

from tokenrace.clock import MILLISECOND, Clock, Ticks
from tokenrace.fleet.http_ports import InFlight
from tokenrace.machine_clock import MachineClock
from tokenrace.simulation.plan import RunPlan
from tokenrace.simulation.wire.client_faults import ClientFaults
from tokenrace.simulation.wire.client_life import ClientLife
from tokenrace.simulation.wire.marked_processes import VARIABLE
from tokenrace.simulation.wire.messages import (
    Begin,
    ClientRecord,
    Failed,
    Hindered,
    Part,
    Progress,
    Ready,
    end_with_parent,
    receive,
)
from tokenrace.simulation.wire.parent_bond import belong_to_parent
from tokenrace.simulation.wire.program_life import ProgramLife, end_group
from tokenrace.simulation.wire.spool import Spool
from tokenrace.simulation.wire.stuck import tell_on_demand, told_in
from tokenrace.stores.contract import SharedStore, StoreUnavailable
from tokenrace.stores.places import Place, open_store
from tokenrace.trace.tally import ClientTally, bin_width
from tokenrace.user_code.command import Command
from tokenrace.user_code.whose_code import traced

PROGRESS_EVERY_S = 0.2
OPEN_AGAIN_AFTER: Ticks = 50 * MILLISECOND
LAST_REPORT: Ticks = 2 * MILLISECOND
"""How long before it may be killed a process says how far it is, or what it counted since it last
did would be lost with it."""


@dataclass(frozen=True, slots=True)
class Seat:
    """What every process of a fleet knows before it has its part. ``place`` is where the store
    is that they share."""

    plan: RunPlan
    place: Place


def main(seat: Seat, connection: Connection, in_flight: InFlight) -> None:
    """Run one client process to its end."""
    belong_to_parent()
    try:
        asyncio.run(_run(seat, connection, in_flight))
    except BaseException as error:  # noqa: BLE001 - whatever it is, the parent must show it
        connection.send(Failed(traced(error)))


async def _run(seat: Seat, connection: Connection, in_flight: InFlight) -> None:
    tally = ClientTally(width=bin_width(seat.plan.duration))
    async with _store(
        seat, connection
    ) as store:  # opened before it is needed: no run waits for a file
        connection.send(Ready())
        part = await receive(connection, Part)
        begin = await receive(connection, Begin)
        os.environ[VARIABLE] = part.mark
        clock = MachineClock(begin.epoch_ns)
        if isinstance(part.recipe, Command):
            program = ProgramLife(seat.plan, part, begin, clock, seat.place, part.recipe)
            async with _watched(connection, tally, clock, []):
                failure = await program.until_the_end()
            connection.send(ClientRecord(tally) if failure is None else Failed(failure))
            end_group()
        tell_on_demand(told_in(part.spool))
        with Spool(part.spool) as spool:
            faults = ClientFaults(
                faults=seat.plan.fleet_faults,
                part=part,
                clock=clock,
                sink=spool,
                connection=connection,
                tally=tally,
            )
            life = ClientLife(
                plan=seat.plan,
                part=part,
                begin=begin,
                clock=clock,
                faults=faults,
                sink=spool,
                store=store,
                tally=tally,
                in_flight=in_flight,
            )
            async with _watched(connection, tally, clock, faults.may_end_at()):
                counted = await life.until_the_end()
    connection.send(ClientRecord(counted))


@asynccontextmanager
async def _watched(
    connection: Connection, tally: ClientTally, clock: Clock, ends: Sequence[Ticks]
) -> AsyncIterator[None]:
    """Tell the parent how far it is, and end this process if the parent is gone."""
    tasks = [
        asyncio.create_task(_report(connection, tally)),
        asyncio.create_task(_report_before(ends, connection, tally, clock)),
        asyncio.create_task(end_with_parent(connection)),
    ]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()


async def _report(connection: Connection, tally: ClientTally) -> None:
    while True:
        await asyncio.sleep(PROGRESS_EVERY_S)
        connection.send(Progress(tally))


async def _report_before(
    ends: Sequence[Ticks], connection: Connection, tally: ClientTally, clock: Clock
) -> None:
    for at in ends:
        if at > clock.now():
            await clock.sleep(at - LAST_REPORT - clock.now())
            connection.send(Progress(tally))


@asynccontextmanager
async def _store(seat: Seat, connection: Connection) -> AsyncIterator[SharedStore]:
    """Open what the fleet shares; tries until it can, where one starts while the store is down.

    Its clock only tells when a lease lapses: any will do that all processes have in common.
    """
    clock = MachineClock(epoch_ns=0)
    async with AsyncExitStack() as stack:
        store: SharedStore | None = None
        told = ""
        while store is None:
            opening = open_store(seat.place, clock, seat.plan.store_timeout)
            try:
                store = await stack.enter_async_context(opening)
            except StoreUnavailable as unavailable:
                if told != str(unavailable):
                    told = str(unavailable)
                    connection.send(Hindered(told))
                await clock.sleep(OPEN_AGAIN_AFTER)
        yield store
