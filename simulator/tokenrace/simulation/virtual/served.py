"""The provider's HTTP on virtual time, for clients of the user's own.

It is the application of the wire engine on a network in memory. As there, the scenario's network is
in the waits before and after a request's effect: bytes and connections take no time themselves.
Such a run is stepped, never calm: its token requests go by no ``Door``.
"""

import asyncio
import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from aiohttp import web

from tokenrace.clock import SECOND, Ticks
from tokenrace.engine.memory_network import MemoryNetwork
from tokenrace.fleet.adoption import Adoption
from tokenrace.fleet.client_worker import ClientWorker
from tokenrace.provider.http import ZoomHttp
from tokenrace.server.app import Latencies, ZoomApp
from tokenrace.simulation.plan import EPOCH
from tokenrace.simulation.virtual.process import VirtualProcess
from tokenrace.simulation.virtual.tether import Tether
from tokenrace.simulation.virtual.worker import VirtualWorker
from tokenrace.simulation.virtual.world import World
from tokenrace.strategies.own_client import OwnClient

HOST, BASE_URL = "zoom.test", "http://zoom.test"


@dataclass(slots=True)
class ServedProvider:
    """The provider of ``world`` behind HTTP, and the clients that call it."""

    world: World
    base_url: str = BASE_URL
    _clients: list[OwnClient] = field(default_factory=list, init=False)

    def open(self) -> None:
        """Serve, before anything happens."""
        self.world.loop.network = MemoryNetwork(self.world.loop, lambda _: 0)
        self.world.loop.run_until_complete(self._serve())

    async def _serve(self) -> None:
        world, plan = self.world, self.world.plan
        zoom = ZoomHttp(
            world.provider,
            signing_key=hashlib.sha256(f"{plan.scenario}/{plan.seed}".encode()).digest(),
            epoch=EPOCH,
            api_url=BASE_URL,
        )
        latencies = Latencies(plan.links, world.streams)
        app = ZoomApp(zoom, latencies, world.clock, world.recorder, plan.fleet.timeout + SECOND)
        app.failed.add_done_callback(self._failed)
        runner = web.AppRunner(app.application(), access_log=None)
        await runner.setup()
        await web.TCPSite(runner, HOST, 80).start()

    def _failed(self, failed: asyncio.Future[None]) -> None:
        error = failed.exception()
        assert error is not None
        self.world.fail(error)

    def begin_with(
        self, process: VirtualProcess, own: OwnClient, tether: Tether | None
    ) -> Callable[[VirtualWorker, Ticks, Ticks], None]:
        """Return what begins an operation of a worker of ``process``, through ``own``."""
        self._clients.append(own)
        world = self.world
        adopted = Adoption(process.number, world.clock, world.sink)

        @contextmanager
        def sends() -> Iterator[None]:
            if tether is not None:
                tether.requests += 1
            try:
                yield
            finally:
                if tether is not None:
                    tether.requests -= 1

        async def operate(worker: VirtualWorker, wanted_at: Ticks) -> None:
            operator = ClientWorker(
                own=own,
                api_url=BASE_URL,
                name=worker.name,
                agenda=worker.agenda,
                clock=world.clock,
                tally=world.tally,
                waits=process.waits,
                adopted=adopted,
                sends=sends,
            )
            await operator.operate(wanted_at)
            worker.ended(world.loop.now)

        def begin(worker: VirtualWorker, wanted_at: Ticks, _: Ticks) -> None:
            process.start(operate(worker, wanted_at), "call", [])

        return begin

    def close(self) -> None:
        """Close the clients, with nobody told, as a process does that ends."""
        for own in self._clients:
            if own.library != "aiohttp":
                continue
            closing = own.close_client()
            with suppress(StopIteration):
                closing.send(None)
            closing.close()
