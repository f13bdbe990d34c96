"""What one life of a client process is made of: its strategy, its workers, real HTTP."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext, suppress
from copy import deepcopy
from dataclasses import dataclass, replace

import aiohttp

from tokenrace.arrivals import gaps, phase
from tokenrace.clock import MILLISECOND, Ticks, seconds
from tokenrace.fleet.adoption import Adoption
from tokenrace.fleet.agenda import Agenda
from tokenrace.fleet.broker_line import HttpBrokerLine
from tokenrace.fleet.callers import Callers
from tokenrace.fleet.client_worker import ClientWorker
from tokenrace.fleet.counted_store import CountedRowLocks, CountedStore, StoreTally
from tokenrace.fleet.crash_points import WatchedEndpoint, WatchedStore, watched_locks
from tokenrace.fleet.errant_clock import ErrantClock
from tokenrace.fleet.http_ports import (
    HttpApi,
    HttpTokenEndpoint,
    InFlight,
    Wire,
    telling_what_left,
)
from tokenrace.fleet.names import process_name, stream_name, user_id, worker_name
from tokenrace.fleet.pace import Operates, work
from tokenrace.fleet.site import site_at
from tokenrace.fleet.waits import Waits
from tokenrace.fleet.worker import Worker
from tokenrace.machine_clock import MachineClock
from tokenrace.rng import Streams
from tokenrace.simulation.plan import RunPlan
from tokenrace.simulation.wire.client_faults import ClientFaults
from tokenrace.simulation.wire.lost_errors import lost_errors_raised
from tokenrace.simulation.wire.messages import Begin, Part
from tokenrace.simulation.wire.own_clocks import clocks_of
from tokenrace.simulation.wire.store_troubles import StoreTroubles, TroubledLocks, TroubledStore
from tokenrace.simulation.wire.strikes import Strikes
from tokenrace.stores.contract import RowLocks, SharedStore
from tokenrace.strategies.compose import Ports, compose
from tokenrace.strategies.contract import Strategy, TokenEndpoint
from tokenrace.strategies.own_client import OwnClient
from tokenrace.strategies.split import part_of
from tokenrace.strategies.user_class import close
from tokenrace.trace.events import EventSink
from tokenrace.trace.tally import ClientTally
from tokenrace.user_code.python_class import PythonClass

GRACE: Ticks = 100 * MILLISECOND
"""A token request that a caller makes at once times out before the caller does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientLife:
    """One life. ``clock`` is the true one, by which workers keep pace; the strategy goes by the
    process's own."""

    plan: RunPlan
    part: Part
    begin: Begin
    clock: MachineClock
    faults: ClientFaults
    sink: EventSink
    store: SharedStore
    tally: ClientTally
    in_flight: InFlight

    async def until_the_end(self) -> ClientTally:
        """Work until the run's end; then stop in the middle. Return what was counted till then:
        what is under way is not, nor a refresh that goes on when its callers are gone."""
        own_clock = ErrantClock(self.clock)
        async with self._wire() as wire:
            with self._clocks(own_clock):
                return await self._until_the_end(wire, own_clock)

    def _clocks(self, own_clock: ErrantClock) -> AbstractContextManager[None]:
        """Return what lets a class of the user's read the process's own clocks."""
        if not isinstance(self.part.recipe, PythonClass):
            return nullcontext()
        return clocks_of(self.part.process, self.plan.fleet_faults, self.clock, own_clock)

    def _lost_errors(self) -> AbstractContextManager[None]:
        """Return what fails the run for an error of a class's task that nobody awaits."""
        return lost_errors_raised() if isinstance(self.part.recipe, PythonClass) else nullcontext()

    async def _until_the_end(self, wire: Wire, own_clock: ErrantClock) -> ClientTally:
        line = self._line(wire)
        strategy = self._strategy(wire, own_clock, line)
        async with line.listening() if line is not None else nullcontext():
            with self._lost_errors():
                await self._work(strategy, wire, own_clock)
                counted = deepcopy(self.tally)
                await close(strategy)
                if isinstance(strategy, OwnClient):
                    await strategy.close_client()
            return counted

    async def _work(self, strategy: Strategy, wire: Wire, own_clock: ErrantClock) -> None:
        adoption = Adoption(self.part.process, self.clock, self.sink)
        waits, left = self._waits(strategy), seconds(self.plan.duration - self.clock.now())
        asyncio.get_running_loop().call_later(left, waits.count_hung, self.plan.duration)
        end = asyncio.timeout(left)
        with suppress(TimeoutError):
            async with end, asyncio.TaskGroup() as tasks:
                tasks.create_task(self.faults.put_off(own_clock))
                for number in range(self.plan.fleet.workers):
                    tasks.create_task(self._worker(number, strategy, wire, adoption, waits))
        assert end.expired(), "workers never end by themselves"

    def _waits(self, strategy: Strategy) -> Waits:
        """Return the waits for ``strategy``; those for a client of the user's last a whole
        operation."""
        fleet, brings_client = self.plan.fleet, isinstance(strategy, OwnClient)
        return Waits(
            limit=fleet.timeout if brings_client else fleet.patience(),
            half=self.plan.duration // 2,
            endpoint="" if brings_client else "token",
            grace=0 if brings_client else GRACE,
            clock=self.clock,
            tally=self.tally,
        )

    def _worker(
        self, number: int, strategy: Strategy, wire: Wire, adoption: Adoption, waits: Waits
    ) -> Coroutine[None, None, None]:
        fleet, streams, process = self.plan.fleet, Streams(self.plan.seed), self.part.process
        name = worker_name(process, number)
        stream = stream_name(name, self.part.life)
        agenda = Agenda(fleet.mix, streams, stream, user_id(process, number))
        worker: Operates
        if isinstance(strategy, OwnClient):
            worker = ClientWorker(
                own=strategy,
                api_url=self._base_url(),
                name=name,
                agenda=agenda,
                clock=self.clock,
                tally=self.tally,
                waits=waits,
                adopted=adoption,
                sends=wire.counted,
            )
        else:
            worker = Worker(
                strategy=part_of(strategy, fleet.number_of(process, number)),
                api=HttpApi(wire=wire, caller=name),
                agenda=agenda,
                clock=self.clock,
                tally=self.tally,
                adopted=adoption,
                waits=waits,
            )
        shift = phase(fleet.arrivals, fleet.number_of(process, number), fleet.size())
        return work(
            worker,
            fleet.arrivals,
            streams.spans(f"gap/{stream}", gaps(fleet.arrivals, fleet.size())),
            self.part.begins_at + shift,
        )

    @asynccontextmanager
    async def _wire(self) -> AsyncIterator[Wire]:
        connector = aiohttp.TCPConnector(limit=0)
        tracing = [telling_what_left()] if self.faults.cancels() else None
        async with aiohttp.ClientSession(connector=connector, trace_configs=tracing) as session:
            # A GET that aiohttp repeats by itself after a hang-up would be one unknown fewer.
            session._retry_connection = False  # noqa: SLF001 - it has no public name
            yield Wire(
                session=session,
                base_url=self._base_url(),
                timeout=self.plan.fleet.timeout,
                in_flight=self.in_flight,
                tally=self.tally,
            )

    def _line(self, wire: Wire) -> HttpBrokerLine | None:
        """Return this process's line to its broker, if it has one."""
        if self.begin.broker_port is None:
            return None
        return HttpBrokerLine(
            session=wire.session,
            url=f"http://127.0.0.1:{self.begin.broker_port}",
            timeout=self.plan.fleet.timeout,
            clock=self.clock,
            tally=self.tally,
        )

    def _strategy(self, wire: Wire, clock: ErrantClock, line: HttpBrokerLine | None) -> Strategy:
        """Return the strategy; behind its callers, where one of them will be cancelled."""
        endpoint = HttpTokenEndpoint(
            wire=wire,
            credentials=self.part.credentials,
            clock=clock,
            caller=process_name(self.part.process),
        )
        if not self.faults.cancels():
            return compose(self.part.recipe, self._ports(endpoint, clock, line))
        callers: Callers

        def left() -> None:
            self.faults.token_request_left(callers)

        ports = self._ports(replace(endpoint, left=left), clock, line)
        strategy = compose(self.part.recipe, ports)
        callers = Callers(strategy)
        # Nobody waits for a client that makes the calls itself.
        return strategy if isinstance(strategy, OwnClient) else callers

    def _store_in_trouble(self) -> tuple[SharedStore, RowLocks | None]:
        """Return the store and its locks as this process meets them."""
        locks = self.store if isinstance(self.store, RowLocks) else None
        troubles = StoreTroubles(
            troubles=self.plan.fleet_faults.store_troubles,
            pauses=self.plan.fleet_faults.pauses,
            clock=self.clock,
            strikes=Strikes(self.part.spool),
            answer_within=self.plan.store_timeout,
        )
        troubled = TroubledStore(self.store, troubles)
        return troubled, None if locks is None else TroubledLocks(locks, troubles)

    def _ports(
        self, endpoint: TokenEndpoint, clock: ErrantClock, line: HttpBrokerLine | None
    ) -> Ports:
        name = process_name(self.part.process)
        beneath, locks = self._store_in_trouble()
        counts = StoreTally(self.tally, self.clock)
        store: SharedStore = CountedStore(beneath, counts)
        row_locks: RowLocks | None = locks and CountedRowLocks(locks, counts)
        if self.faults.crashes():
            endpoint = WatchedEndpoint(endpoint, self.faults)
            store = WatchedStore(store, self.faults)
            row_locks = watched_locks(row_locks, self.faults)
        return Ports(
            endpoint=endpoint,
            clock=clock,
            stream=Streams(self.plan.seed).stream(f"strategy/{stream_name(name, self.part.life)}"),
            store=store,
            leases=store,
            row_locks=row_locks,
            snapshot=None,
            holder=name,
            broker=line,
            site=site_at(self._base_url(), name, self.part.credentials),
        )

    def _base_url(self) -> str:
        return f"http://127.0.0.1:{self.begin.port}"
