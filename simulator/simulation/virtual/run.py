"""One run on virtual time: builds the world, lets it run, returns what was counted."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial

from simulator.arrivals import Closed, gaps, phase
from simulator.clock import Ticks
from simulator.distributions import Constant
from simulator.engine.blocking import forbid_blocking
from simulator.engine.clocks import LoopClock
from simulator.engine.deadlock import deadlock_of
from simulator.engine.loop import VirtualLoop
from simulator.engine.ties import Fifo, TiePolicy
from simulator.engine.wall_clock import wall_clock_of
from simulator.fleet.agenda import Agenda
from simulator.fleet.broker import BROKER
from simulator.fleet.counted_store import CountedStore, counted_locks
from simulator.fleet.names import process_name, user_id, worker_name
from simulator.network.links import Link, stream_of
from simulator.provider.recorder import Recorder
from simulator.rng import Streams
from simulator.scenario.own_code import PythonClass
from simulator.simulation.counted import Counted
from simulator.simulation.plan import EPOCH, SECOND_MINTER, RunPlan
from simulator.simulation.provider_faults import timeline
from simulator.simulation.virtual.broker import VirtualBroker
from simulator.simulation.virtual.calm import catch_up
from simulator.simulation.virtual.door import Door, let_happen
from simulator.simulation.virtual.insight import ProviderInsight
from simulator.simulation.virtual.open_calm import is_simple
from simulator.simulation.virtual.operation import begin_operation
from simulator.simulation.virtual.peeking import Peeking
from simulator.simulation.virtual.ports import ReadAhead, VirtualTokenEndpoint
from simulator.simulation.virtual.process import VirtualProcess
from simulator.simulation.virtual.touches import Touches
from simulator.simulation.virtual.worker import VirtualWorker
from simulator.simulation.virtual.world import World
from simulator.stores.contract import SharedStore
from simulator.stores.memory import MemoryStore
from simulator.stores.simulated import SharedState, SimulatedStore
from simulator.strategies.broker_scope import Broker
from simulator.strategies.compose import Ports, compose, scope_of
from simulator.trace.events import EventSink
from simulator.trace.tally import ClientTally, ProviderTally, bin_width

REPORTS = 100
AT_ONCE = Link(round_trip=Constant(0))
"""How far a process is from its own memory."""


def run_on_virtual_time(
    plan: RunPlan,
    sink: EventSink,
    report: Callable[[Ticks], None],
    *,
    ties: TiePolicy,
    skips_calm: bool = True,
) -> Counted:
    """Run ``plan`` to its end; ``sink`` gets every event, ``report`` how far the run has come.

    With ``skips_calm`` False every operation is stepped: the same history, slower.

    Raises:
        SimulatorError: the run cannot go on. Whatever else a strategy raises passes through.
    """
    loop = VirtualLoop(ties)
    # Under another tie policy a worker's key does not tell whose turn has passed.
    world = _world(plan, loop, sink, skips_calm=skips_calm and isinstance(ties, Fifo))
    broker = _broker(world)
    processes = [_process(world, number, broker) for number in range(plan.fleet.processes)]
    if broker is not None:
        loop.post_first(0, lambda _: broker.open(), None)
    streams, outsider = world.streams, plan.token_request(asked_by=SECOND_MINTER)
    happenings = timeline(plan.provider_faults, outsider, streams)
    let_happen(happenings, loop, _door(world), [each.app_changes for each in processes])
    loop.post_first(plan.duration, lambda _: _finish(world, processes), None)
    for step in range(REPORTS):
        loop.post_first(plan.duration * step // REPORTS, lambda _: report(loop.now), None)
    try:
        with forbid_blocking(world.fail), _wall_clock(plan, loop):
            loop.run_until_complete(world.ended)
        for process in processes:
            process.wake()
    finally:
        loop.discard()
    return Counted(
        provider=world.recorder.tally, clients=world.tally, deaths=(), skipped=world.skipped
    )


def _wall_clock(plan: RunPlan, loop: VirtualLoop) -> AbstractContextManager[None]:
    """Return what lets the machine's clocks tell the loop's time; only a user's code asks them."""
    is_own = isinstance(plan.composition, PythonClass)
    return wall_clock_of(loop, EPOCH) if is_own else nullcontext()


def _finish(world: World, processes: Sequence[VirtualProcess]) -> None:
    """End the run: its time is over. Its end is always due, so a deadlock shows only here."""
    stuck = [process.number for process in processes if process.is_deadlocked()]
    if stuck:
        world.fail(deadlock_of(world.loop, stuck))
    else:
        world.finish()


def _world(plan: RunPlan, loop: VirtualLoop, sink: EventSink, *, skips_calm: bool) -> World:
    width = bin_width(plan.duration)
    clock = LoopClock(loop)
    touches = Touches()
    return World(
        plan=plan,
        loop=loop,
        clock=clock,
        provider=plan.provider(),
        recorder=Recorder(ProviderTally(width=width), sink),
        sink=sink,
        tally=ClientTally(width=width),
        store=SharedState(clock, before_write=touches.before_store_write),
        store_link=plan.links.store if plan.store != "memory" else AT_ONCE,
        streams=Streams(plan.seed),
        ended=loop.create_future(),
        skips_calm=skips_calm,
        touches=touches,
    )


def _broker(world: World) -> VirtualBroker | None:
    """Return the broker of a fleet that has one."""
    rules = scope_of(world.plan.composition)
    if not isinstance(rules, Broker):
        return None
    own = MemoryStore(world.clock)
    ports = Ports(
        endpoint=_endpoint(world, BROKER),
        clock=world.clock,
        stream=world.streams.stream(f"strategy/{BROKER}"),
        store=own,
        leases=own,
        snapshot=None,
        holder=BROKER,
    )
    return VirtualBroker(world, rules, ports)


def _process(world: World, number: int, broker: VirtualBroker | None) -> VirtualProcess:
    plan, name = world.plan, process_name(number)
    own = _store(world, name)
    peeking = Peeking(own.snapshot if isinstance(own, MemoryStore) else world.store.visible)
    store = ReadAhead(CountedStore(own, world.tally))
    line = None if broker is None else broker.line(name)
    ports = Ports(
        endpoint=_endpoint(world, name),
        clock=world.clock,
        stream=world.streams.stream(f"strategy/{name}"),
        store=store,
        leases=store,
        row_locks=counted_locks(own, world.tally),
        snapshot=peeking.snapshot,
        holder=name,
        insight=ProviderInsight(world.loop, _door(world), plan.token_request(asked_by=name)),
        broker=line,
    )
    process = VirtualProcess(world, number, compose(plan.composition, ports), peeking)
    if line is not None:
        line.prepare = process.before_news
    workers = [_worker(world, process, worker) for worker in range(plan.fleet.workers)]
    may_be_calm = world.skips_calm and all(map(is_simple, workers))
    process.begin(
        workers, _mean_cycle(plan), partial(catch_up, process, workers) if may_be_calm else None
    )
    for worker in workers:
        starts_at = plan.fleet.starts_at(number)
        worker.start(starts_at + phase(plan.fleet.arrivals, worker.key, plan.fleet.size()))
    return process


def _store(world: World, name: str) -> SharedStore:
    if world.plan.store == "memory":
        return MemoryStore(world.clock)
    return SimulatedStore(
        state=world.store,
        clock=world.clock,
        trips=stream_of(world.plan.links, "store", world.streams, name),
        timeout=world.plan.store_timeout,
        owner=name,
    )


def _endpoint(world: World, name: str) -> VirtualTokenEndpoint:
    return VirtualTokenEndpoint(
        loop=world.loop,
        clock=world.clock,
        door=_door(world),
        trips=stream_of(world.plan.links, "token", world.streams, name),
        request=world.plan.token_request(asked_by=name),
        timeout=world.plan.fleet.timeout,
        tally=world.tally,
    )


def _door(world: World) -> Door:
    return Door(world.provider, world.recorder, world.touches)


def _worker(world: World, process: VirtualProcess, number: int) -> VirtualWorker:
    plan, streams = world.plan, world.streams
    name, user = worker_name(process.number, number), user_id(process.number, number)
    return VirtualWorker(
        process,
        plan.fleet.number_of(process.number, number),
        name,
        Agenda(plan.fleet.mix, streams, name, user),
        row=number,
        is_closed=isinstance(plan.fleet.arrivals, Closed),
        begin=begin_operation,
    )


def _mean_cycle(plan: RunPlan) -> float:
    gap = gaps(plan.fleet.arrivals, plan.fleet.size()).mean()
    if not isinstance(plan.fleet.arrivals, Closed):
        return gap
    return gap + plan.links.api.round_trip.mean()
