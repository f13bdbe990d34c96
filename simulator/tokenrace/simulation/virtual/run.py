"""One run on virtual time: builds the world, lets it run, returns what was counted."""

from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from typing import TYPE_CHECKING

from tokenrace.clock import Ticks
from tokenrace.distributions import Constant
from tokenrace.engine.blocking import forbid_blocking, forbid_ends
from tokenrace.engine.clocks import LoopClock
from tokenrace.engine.loop import VirtualLoop
from tokenrace.engine.ties import TiePolicy
from tokenrace.errors import BlockedLoopError, DeadlockError
from tokenrace.faults.schedule import timeline
from tokenrace.fleet.broker import BROKER
from tokenrace.network.links import Link, stream_of
from tokenrace.provider.recorder import Recorder
from tokenrace.python_class import PythonClass
from tokenrace.rng import Streams
from tokenrace.simulation.counted import Counted
from tokenrace.simulation.plan import SECOND_MINTER, RunPlan
from tokenrace.simulation.virtual.apply_faults import apply_faults
from tokenrace.simulation.virtual.broker import VirtualBroker
from tokenrace.simulation.virtual.door import door_of, let_happen
from tokenrace.simulation.virtual.leaks import leak_in
from tokenrace.simulation.virtual.population import Population
from tokenrace.simulation.virtual.ports import VirtualTokenEndpoint
from tokenrace.simulation.virtual.store_invariants import count_stale
from tokenrace.simulation.virtual.touches import Touches
from tokenrace.simulation.virtual.trials import trials_of
from tokenrace.simulation.virtual.world import World
from tokenrace.stores.memory import MemoryStore
from tokenrace.stores.simulated import SharedState
from tokenrace.strategies.broker_scope import Broker
from tokenrace.strategies.compose import Ports, Recipe, brings_its_client, scope_of
from tokenrace.trace.events import EventSink
from tokenrace.trace.tally import ClientTally, ProviderTally, bin_width

if TYPE_CHECKING:
    from tokenrace.simulation.virtual.own_processes import OwnProcesses
    from tokenrace.simulation.virtual.served import ServedProvider

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
    own = _own_processes(plan, loop)
    with nullcontext() if own is None else own.in_use():
        return _run(plan, loop, sink, report, own, skips_calm=skips_calm)


def _run(
    plan: RunPlan,
    loop: VirtualLoop,
    sink: EventSink,
    report: Callable[[Ticks], None],
    own: "OwnProcesses | None",
    *,
    skips_calm: bool,
) -> Counted:
    brings_client = own is not None and _brings_client(plan, own)
    may_skip = skips_calm and loop.is_fifo and not brings_client
    world = _world(plan, loop, sink, skips_calm=may_skip)
    world.own = own
    if own is not None:
        loop.on_lost(partial(_fail_of_lost, world))
    if brings_client:
        world.served = _served(world)
    with forbid_blocking(_be_raised):
        population = _settled(world)
    loop.post_first(plan.duration, lambda _: _finish(world, population), None)
    for step in range(REPORTS):
        loop.post_first(plan.duration * step // REPORTS, lambda _: report(loop.now), None)
    try:
        with forbid_blocking(world.fail):
            loop.run_until_complete(world.ended)
            population.wake()
            if own is not None:
                population.close()
    finally:
        population.cut()
        if world.served is not None:
            world.served.close()
        loop.discard()
    return Counted(
        provider=world.recorder.tally, clients=world.tally, deaths=(), skipped=world.skipped
    )


def _be_raised(_: BlockedLoopError) -> None:
    """Do nothing: the error ends the run where it is raised."""


def _settled(world: World) -> Population:
    """Return the fleet, begun, with all that is to happen to it and to the provider."""
    plan, loop, broker = world.plan, world.loop, _broker(world)
    population = Population(world=world, broker=broker)
    population.settle()
    if broker is not None:
        loop.post_first(0, lambda _: broker.open(), None)
    outsider = plan.token_request(SECOND_MINTER, plan.app.credentials)
    happenings = timeline(plan.provider_faults, outsider, world.streams)
    door = door_of(world)
    let_happen(happenings, loop, door, population.app_changes, trials_of(world, door))
    apply_faults(plan.fleet_faults, world, population)
    return population


def _own_processes(plan: RunPlan, loop: VirtualLoop) -> "OwnProcesses | None":
    """Return what makes processes of those in which the user's code runs; None where none does,
    and then nothing of it is loaded."""
    classes = [recipe for recipe in _recipes(plan) if isinstance(recipe, PythonClass)]
    if not classes:
        return None
    from tokenrace.simulation.virtual.own_processes import OwnProcesses  # noqa: PLC0415

    return OwnProcesses.of(loop, Streams(plan.seed), classes)


def _brings_client(plan: RunPlan, own: "OwnProcesses") -> bool:
    """Return whether a class of the user's makes its calls through a client of its own."""
    with forbid_ends(_be_raised), own.looking():
        return any(map(brings_its_client, _recipes(plan)))


def _recipes(plan: RunPlan) -> list[Recipe]:
    """Return all that the fleet is made of in the run."""
    deployed = [replacement.recipe for replacement in plan.fleet_faults.replacements]
    return [plan.recipe, *(recipe for recipe in deployed if recipe is not None)]


def _served(world: World) -> "ServedProvider":
    """Return the provider behind HTTP, which other runs do not load."""
    from tokenrace.simulation.virtual.served import ServedProvider  # noqa: PLC0415

    served = ServedProvider(world)
    served.open()
    return served


def _finish(world: World, population: Population) -> None:
    """End the run: its time is over. A deadlock that left somebody a call of the API is told by the
    operations that hang; one that left none would show nothing else."""
    deadlocked = [] if any(world.recorder.tally.responses) else population.deadlocked()
    population.count_hung()
    leak = leak_in(world.loop, (life.process for life in population.living()))
    if world.own is not None:
        for error in population.lost_errors():
            _fail_of_lost(world, error)
    if deadlocked:
        world.fail(DeadlockError(deadlocked))
    elif leak is not None:
        world.fail(leak)
    else:
        world.finish()


def _fail_of_lost(world: World, error: BaseException) -> None:
    """End the run with the error of a task of the user's that nobody asked for, unless it tells of
    an answer: that is what a run is about."""
    from tokenrace.fleet.client_worker import is_an_answer  # noqa: PLC0415 - it loads aiohttp

    if not is_an_answer(error):
        error.add_note("A task that the class had started raised it, and nobody awaited that task.")
        world.fail(error)


def _world(plan: RunPlan, loop: VirtualLoop, sink: EventSink, *, skips_calm: bool) -> World:
    width = bin_width(plan.duration)
    clock = LoopClock(loop)
    touches, tally = Touches(), ClientTally(width=width)
    return World(
        plan=plan,
        loop=loop,
        clock=clock,
        provider=plan.provider(),
        recorder=Recorder(ProviderTally(width=width), sink),
        sink=sink,
        tally=tally,
        store=SharedState(
            clock,
            lag_max=plan.fleet_faults.lag_max(),
            before_write=touches.before_store_write,
            replacing=partial(count_stale, tally),
        ),
        store_link=plan.links.store if plan.store != "memory" else AT_ONCE,
        streams=Streams(plan.seed),
        ended=loop.create_future(),
        skips_calm=skips_calm,
        touches=touches,
    )


def _broker(world: World) -> VirtualBroker | None:
    """Return the broker of a fleet that has one."""
    rules = scope_of(world.plan.recipe)
    if not isinstance(rules, Broker):
        return None
    own = MemoryStore(world.clock)
    ports = Ports(
        endpoint=VirtualTokenEndpoint(
            loop=world.loop,
            clock=world.clock,
            door=door_of(world),
            trips=stream_of(world.plan.links, "token", world.streams, BROKER, BROKER),
            request=world.plan.token_request(BROKER, world.plan.app.credentials),
            timeout=world.plan.fleet.timeout,
            tally=world.tally,
            tether=None,
        ),
        clock=world.clock,
        stream=world.streams.stream(f"strategy/{BROKER}"),
        store=own,
        leases=own,
        snapshot=None,
        holder=BROKER,
    )
    return VirtualBroker(world, rules, ports)
