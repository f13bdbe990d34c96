"""How a process of the fleet comes to life on virtual time."""

from dataclasses import dataclass, replace
from functools import partial

from msgspec import structs

from tokenrace.arrivals import Closed, gaps, phase
from tokenrace.clock import Ticks
from tokenrace.engine.clocks import SkewedClock
from tokenrace.fleet.agenda import Agenda
from tokenrace.fleet.counted_store import CountedStore, StoreTally, counted_locks
from tokenrace.fleet.crash_points import (
    RefreshWatch,
    WatchedEndpoint,
    WatchedStore,
    watched_locks,
)
from tokenrace.fleet.names import process_name, stream_name, user_id, worker_name
from tokenrace.fleet.site import site_at
from tokenrace.network.fates import Delay, Outage, Rule
from tokenrace.network.links import stream_of
from tokenrace.provider.app import Credentials
from tokenrace.simulation.plan import RunPlan
from tokenrace.simulation.virtual.broker import Line, VirtualBroker
from tokenrace.simulation.virtual.calm import catch_up
from tokenrace.simulation.virtual.door import door_of
from tokenrace.simulation.virtual.insight import ProviderInsight, WatchedInsight
from tokenrace.simulation.virtual.lives import Life
from tokenrace.simulation.virtual.open_calm import is_simple
from tokenrace.simulation.virtual.operation import begin_operation
from tokenrace.simulation.virtual.peeking import Peeking
from tokenrace.simulation.virtual.ports import ReadAhead, VirtualTokenEndpoint
from tokenrace.simulation.virtual.process import VirtualProcess
from tokenrace.simulation.virtual.store_invariants import count_broken
from tokenrace.simulation.virtual.tether import Tether, TetheredRowLocks, TetheredStore
from tokenrace.simulation.virtual.worker import Begin, VirtualWorker
from tokenrace.simulation.virtual.world import World
from tokenrace.stores.contract import RowLocks, SharedStore
from tokenrace.stores.memory import MemoryStore
from tokenrace.stores.simulated import SimulatedStore
from tokenrace.strategies.broker_scope import Broker
from tokenrace.strategies.compose import Ports, Recipe, compose, scope_of
from tokenrace.strategies.contract import Strategy
from tokenrace.strategies.oracle_scope import Oracle
from tokenrace.strategies.own_client import OwnClient
from tokenrace.strategies.ports import Insight, Site
from tokenrace.user_code.ownership import owner_in
from tokenrace.user_code.python_class import PythonClass


@dataclass(frozen=True, slots=True, kw_only=True)
class Equipment:
    """What a process is started with, until something else is deployed."""

    recipe: Recipe
    credentials: Credentials


@dataclass(frozen=True, slots=True, kw_only=True)
class Birth:
    """The life that begins. ``clock``, ``tether`` and ``watch`` are None where no fault needs
    them; where ``clock`` is, the process has the true one."""

    world: World
    number: int
    life: int
    equipment: Equipment
    broker: VirtualBroker | None
    clock: SkewedClock | None
    tether: Tether | None
    watch: RefreshWatch | None

    def begin(self, at: Ticks) -> Life:
        """Begin it; its workers start at ``at``."""
        own, line = self._store(self._drawn_as()), self._line()
        endpoint = self._endpoint(self._drawn_as())
        shared = self.world.store.visible
        peeking = Peeking(own.snapshot if isinstance(own, MemoryStore) else shared)
        recipe = self.equipment.recipe
        process = VirtualProcess(
            self.world,
            self.number,
            self._strategy(recipe, self._ports(own, peeking, line, endpoint)),
            peeking,
            life=self.life,
            is_oracle=isinstance(scope_of(recipe), Oracle),
            clock=self.clock,
            endpoint=endpoint if self._is_undisturbed() else None,
        )
        if line is not None:
            line.prepare = process.before_news
        begin: Begin = begin_operation
        if self.world.served is not None and isinstance(process.strategy, OwnClient):
            begin = self.world.served.begin_with(process, process.strategy, self.tether)
        fleet = self.world.plan.fleet
        workers = [self._worker(process, worker, begin) for worker in range(fleet.workers)]
        may_be_calm = self.world.skips_calm and all(map(is_simple, workers))
        up_to_date = partial(catch_up, process, workers) if may_be_calm else None
        process.begin(workers, _mean_cycle(self.world.plan), up_to_date)
        for worker in workers:
            worker.start(at + phase(fleet.arrivals, worker.key, fleet.size()))
        return Life(process=process, workers=workers, tether=self.tether, line=line)

    def _strategy(self, recipe: Recipe, ports: Ports) -> Strategy:
        own = self.world.own
        if own is None or not isinstance(recipe, PythonClass):
            return compose(recipe, ports)
        owner = owner_in(self.number, self.life)
        own.born(self.number, self.clock or self.world.clock)
        with own.inside(owner):
            strategy = compose(recipe, ports)
        return strategy if isinstance(strategy, OwnClient) else own.strategy_of(strategy, owner)

    def _is_undisturbed(self) -> bool:
        """Return whether nothing can befall it but its end."""
        return self.clock is None and self.tether is None and self.watch is None

    def _ports(
        self,
        own: SharedStore,
        peeking: Peeking,
        line: Line | None,
        endpoint: VirtualTokenEndpoint,
    ) -> Ports:
        ports = self._ports_to(own, endpoint, self._drawn_as())
        return replace(ports, snapshot=peeking.snapshot, broker=line, shard=self._shard)

    def _shard(self, number: int) -> Ports:
        """Return the ports of one part of the fleet's work; its record cannot be seen at once."""
        drawn_as = f"{self._drawn_as()}.s{number}"
        endpoint = self._endpoint(drawn_as, slot=str(number))
        return self._ports_to(self._store(drawn_as, number), endpoint, drawn_as)

    def _ports_to(self, own: SharedStore, endpoint: VirtualTokenEndpoint, drawn_as: str) -> Ports:
        world, name = self.world, process_name(self.number)
        counts = StoreTally(world.tally, world.clock)
        store = ReadAhead(self._out_of_reach(CountedStore(own, counts)))
        insight: Insight = ProviderInsight(world.loop, door_of(world), endpoint.request)
        return Ports(
            endpoint=endpoint if self.watch is None else WatchedEndpoint(endpoint, self.watch),
            clock=self.clock or world.clock,
            stream=world.streams.stream(f"strategy/{drawn_as}"),
            store=store,
            leases=store,
            row_locks=self._locks_out_of_reach(counted_locks(own, counts)),
            snapshot=None,
            holder=name,
            insight=insight if self.watch is None else WatchedInsight(insight, self.watch),
            site=self._site(),
        )

    def _site(self) -> Site | None:
        served = self.world.served
        if served is None:
            return None
        name = process_name(self.number)
        return site_at(served.base_url, name, self.equipment.credentials)

    def _out_of_reach(self, store: SharedStore) -> SharedStore:
        if self.tether is not None:
            store = TetheredStore(store, self.tether)
        return store if self.watch is None else WatchedStore(store, self.watch)

    def _locks_out_of_reach(self, locks: RowLocks | None) -> RowLocks | None:
        if self.tether is not None and locks is not None:
            locks = TetheredRowLocks(locks, self.tether)
        return locks if self.watch is None else watched_locks(locks, self.watch)

    def _store(self, drawn_as: str, shard: int = 0) -> SharedStore:
        world, name = self.world, process_name(self.number)
        if world.plan.store == "memory":
            return MemoryStore(world.clock)
        trips = stream_of(world.plan.links, "store", world.streams, name, drawn_as)
        troubles = _store_rules(world.plan)
        return SimulatedStore(
            state=world.shard(shard),
            clock=world.clock,
            trips=trips.under(troubles) if troubles else trips,
            timeout=world.plan.store_timeout,
            lease_broken=partial(count_broken, world.tally),
        )

    def _endpoint(self, drawn_as: str, slot: str | None = None) -> VirtualTokenEndpoint:
        world, name = self.world, process_name(self.number)
        request = world.plan.token_request(name, self.equipment.credentials)
        return VirtualTokenEndpoint(
            loop=world.loop,
            clock=self.clock or world.clock,
            door=door_of(world),
            trips=stream_of(world.plan.links, "token", world.streams, name, drawn_as),
            request=structs.replace(request, slot=slot),
            timeout=world.plan.fleet.timeout,
            tally=world.tally,
            tether=self.tether,
        )

    def _line(self) -> Line | None:
        if self.broker is None or not isinstance(scope_of(self.equipment.recipe), Broker):
            return None
        return self.broker.line(process_name(self.number), self.life)

    def _worker(self, process: VirtualProcess, number: int, begin: Begin) -> VirtualWorker:
        plan, name = self.world.plan, worker_name(self.number, number)
        user, drawn_as = user_id(self.number, number), stream_name(name, self.life)
        return VirtualWorker(
            process,
            plan.fleet.number_of(self.number, number),
            name,
            Agenda(plan.fleet.mix, self.world.streams, drawn_as, user),
            row=number,
            is_closed=isinstance(plan.fleet.arrivals, Closed),
            begin=begin,
        )

    def _drawn_as(self) -> str:
        return stream_name(process_name(self.number), self.life)


def _store_rules(plan: RunPlan) -> tuple[Rule, ...]:
    """Return what the store's troubles do to the messages sent to it."""
    outages = tuple(
        Outage(begins=trouble.at, ends=trouble.until)
        for trouble in plan.fleet_faults.store_troubles
        if trouble.kind == "down"
    )
    delays = tuple(
        Delay(begins=trouble.at, ends=trouble.until, by=trouble.by)
        for trouble in plan.fleet_faults.store_troubles
        if trouble.kind == "slow"
    )
    return delays + outages


def _mean_cycle(plan: RunPlan) -> float:
    gap = gaps(plan.fleet.arrivals, plan.fleet.size()).mean()
    if not isinstance(plan.fleet.arrivals, Closed):
        return gap
    return gap + plan.links.api.round_trip.mean()
