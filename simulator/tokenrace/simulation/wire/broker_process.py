"""The broker's process of a run on the wire, where a strategy has a broker.

Started with ``spawn``, so everything it needs comes in its ``Seat``.
"""

import asyncio
import traceback
from dataclasses import dataclass
from multiprocessing.connection import Connection

import aiohttp

from tokenrace.errors import SimulatorError
from tokenrace.fleet.broker import BROKER, BrokerDesk
from tokenrace.fleet.broker_server import News, application
from tokenrace.fleet.http_ports import HttpTokenEndpoint, InFlight, Wire
from tokenrace.machine_clock import MachineClock
from tokenrace.rng import Streams
from tokenrace.server.listen import listen_on
from tokenrace.server.under_way import served
from tokenrace.simulation.plan import RunPlan
from tokenrace.simulation.wire.messages import (
    Begin,
    ClientRecord,
    Failed,
    Finish,
    Finished,
    Ready,
    receive,
)
from tokenrace.simulation.wire.parent_bond import belong_to_parent
from tokenrace.stores.memory import MemoryStore
from tokenrace.strategies.broker_scope import Broker
from tokenrace.strategies.ports import Ports
from tokenrace.trace.tally import ClientTally, bin_width

SHUTDOWN_S = 0.1
"""How long the streams of news, which nobody hears any more, have to end."""


@dataclass(frozen=True, slots=True)
class Seat:
    """What the broker's process needs to know; ``rules`` are the broker's."""

    plan: RunPlan
    rules: Broker


def main(seat: Seat, connection: Connection, in_flight: InFlight) -> None:
    """Be the broker of one run, to its end."""
    belong_to_parent()
    try:
        asyncio.run(_serve(seat, connection, in_flight))
    except SimulatorError as error:
        connection.send(Failed(str(error)))
    except Exception:  # noqa: BLE001 - whatever it is, the parent must show it
        connection.send(Failed(traceback.format_exc()))


async def _serve(seat: Seat, connection: Connection, in_flight: InFlight) -> None:
    listening = listen_on(0)
    connection.send(Ready(listening.getsockname()[1]))
    begin = await receive(connection, Begin)
    clock, news = MachineClock(begin.epoch_ns), News()
    tally = ClientTally(width=bin_width(seat.plan.duration))
    async with aiohttp.ClientSession() as session:
        wire = Wire(
            session=session,
            base_url=f"http://127.0.0.1:{begin.port}",
            timeout=seat.plan.fleet.timeout,
            in_flight=in_flight,
            tally=tally,
        )
        desk = BrokerDesk.of(seat.rules, _ports(seat.plan, wire, clock), news.tell)
        async with served([(application(desk, news), listening)], SHUTDOWN_S):
            opening = asyncio.create_task(_open(desk, clock))
            await receive(connection, Finish)
            opening.cancel()
    connection.send(ClientRecord(tally))
    connection.send(Finished())


async def _open(desk: BrokerDesk, clock: MachineClock) -> None:
    await clock.sleep(-clock.now())
    await desk.open()


def _ports(plan: RunPlan, wire: Wire, clock: MachineClock) -> Ports:
    own = MemoryStore(clock)
    return Ports(
        endpoint=HttpTokenEndpoint(
            wire=wire, credentials=plan.app.credentials, clock=clock, caller=BROKER
        ),
        clock=clock,
        stream=Streams(plan.seed).stream(f"strategy/{BROKER}"),
        store=own,
        leases=own,
        snapshot=None,
        holder=BROKER,
    )
