"""The provider's process of a run on the wire.

Started with ``spawn``, so everything it needs comes in its ``Seat``.
"""

import asyncio
import hashlib
import socket
import traceback
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

from aiohttp import web

from tokenrace.clock import SECOND, Ticks
from tokenrace.errors import SimulatorError
from tokenrace.faults.schedule import timeline
from tokenrace.fleet.names import process_name
from tokenrace.machine_clock import MachineClock
from tokenrace.provider.http import ZoomHttp
from tokenrace.provider.messages import TokenRequest
from tokenrace.provider.recorder import Recorder
from tokenrace.rng import Streams
from tokenrace.server.app import Latencies, ZoomApp
from tokenrace.server.listen import listen_on
from tokenrace.server.under_way import served
from tokenrace.simulation.plan import EPOCH, SECOND_MINTER, TRIAL, RunPlan
from tokenrace.simulation.wire.happenings import let_happen
from tokenrace.simulation.wire.messages import (
    Begin,
    Failed,
    Finish,
    Finished,
    Ready,
    ServerRecord,
    receive,
)
from tokenrace.simulation.wire.parent_bond import belong_to_parent
from tokenrace.simulation.wire.spool import Spool
from tokenrace.trace.tally import ProviderTally, bin_width
from tokenrace.user_code.command import Command

PROGRESS_EVERY_S = 0.5
"""How often it tells what it has counted: what it counts after that is lost if it dies."""
SHUTDOWN_S = 0.5
"""How long requests under way have at the run's end, when no client waits for them any more."""


@dataclass(frozen=True, slots=True)
class Seat:
    """What the provider's process needs to know. ``port`` 0 means any free one."""

    plan: RunPlan
    spool: Path
    port: int = 0


def main(seat: Seat, connection: Connection, in_flight: object) -> None:  # noqa: ARG001
    """Serve one run to its end."""
    belong_to_parent()
    try:
        asyncio.run(_serve(seat, connection))
    except SimulatorError as error:
        connection.send(Failed(str(error)))
    except Exception:  # noqa: BLE001 - whatever it is, the parent must show it
        connection.send(Failed(traceback.format_exc()))


async def _serve(seat: Seat, connection: Connection) -> None:
    listening = listen_on(seat.port)
    port = listening.getsockname()[1]
    doors = [listen_on(0) for _ in range(_doors(seat.plan))]
    connection.send(Ready(port, tuple(door.getsockname()[1] for door in doors)))
    begin = await receive(connection, Begin)
    tally = ProviderTally(width=bin_width(seat.plan.duration))
    with Spool(seat.spool) as spool:
        clock, recorder = MachineClock(begin.epoch_ns), Recorder(tally, spool)
        app = _zoom_app(seat.plan, clock, recorder, port)
        happenings = timeline(
            seat.plan.provider_faults,
            seat.plan.token_request(SECOND_MINTER, seat.plan.app.credentials),
            Streams(seat.plan.seed),
        )
        apps = [
            (app.application(), listening),
            *[(_at_door(app, *door), door[1]) for door in enumerate(doors)],
        ]
        async with served(apps, SHUTDOWN_S):
            happening = asyncio.create_task(
                let_happen(happenings, app, recorder, clock, partial(_trial_request, seat.plan))
            )
            happening.add_done_callback(partial(_tell_error, app))
            reporting = asyncio.create_task(_report(connection, tally))
            await _finished(connection, app.failed)
            reporting.cancel()
            happening.cancel()
    connection.send(ServerRecord(tally))
    connection.send(Finished())


async def _report(connection: Connection, tally: ProviderTally) -> None:
    while True:
        await asyncio.sleep(PROGRESS_EVERY_S)
        connection.send(ServerRecord(tally))


def _doors(plan: RunPlan) -> int:
    """Return how many doors there are: one for each process that is a program of the user's, as
    nothing else in a request tells for sure which of them sent it."""
    if not isinstance(plan.recipe, Command):
        return 0
    return plan.fleet_faults.processes_max(plan.fleet.processes)


def _at_door(app: ZoomApp, process: int, door: socket.socket) -> web.Application:
    url = f"http://127.0.0.1:{door.getsockname()[1]}"
    return app.door(process_name(process), url)


def _trial_request(plan: RunPlan, at: Ticks) -> TokenRequest:
    return plan.token_request(TRIAL, plan.newest_credentials(at))


def _tell_error(app: ZoomApp, ended: asyncio.Task[None]) -> None:
    error = None if ended.cancelled() else ended.exception()
    if error is not None:
        app.fail(error)


async def _finished(connection: Connection, failed: asyncio.Future[None]) -> None:
    """Wait until the parent says so; raises the provider's own error, should it have one."""
    finish = asyncio.create_task(receive(connection, Finish))
    failed.add_done_callback(lambda _: finish.cancel())
    try:
        await finish
    except asyncio.CancelledError:
        failed.result()
        raise


def _zoom_app(plan: RunPlan, clock: MachineClock, recorder: Recorder, port: int) -> ZoomApp:
    zoom = ZoomHttp(
        plan.provider(),
        signing_key=hashlib.sha256(f"{plan.scenario}/{plan.seed}".encode()).digest(),
        epoch=EPOCH,
        api_url=f"http://127.0.0.1:{port}",
    )
    latencies = Latencies(plan.links, Streams(plan.seed))
    # The client gives up first: what it meets is a silence, not a closed connection.
    patience = plan.fleet.timeout + SECOND
    return ZoomApp(zoom, latencies, clock, recorder, patience)
