"""What about faults and losses cannot be, in a run of some fleet, length, store and engine."""

from collections.abc import Iterator, Sequence

from tokenrace.clock import Ticks
from tokenrace.command import Command
from tokenrace.fields.choices import StrategyChoice
from tokenrace.fields.flaws import Flaw, Loc
from tokenrace.fields.units import write_span
from tokenrace.provider.lifecycle import OVERLAP_MAX
from tokenrace.scenario.fault_kinds import PartitionSection
from tokenrace.scenario.faults import EngineName, Fault, LossSection
from tokenrace.store_choice import StoreName

REAL_STORE = "only on the virtual engine: on the wire engine the store is real and not far away"
ORACLE_ON_WIRE = "the oracle is only on the virtual engine: it looks into the provider"
PARTITIONED_ON_WIRE = "partitioned is only on the virtual engine: a real store has one record"
COMMAND_ON_VIRTUAL = (
    "a command runs only on the wire engine (run.engine: wire): its program keeps real time"
)
OWN_STORE = "impossible with store memory: each process has its own"
_WITHIN = {
    "clock": "has the machine's clock",
    "cancel_leader": "has callers that nobody else can cancel",
    "store_down": "uses the store unseen",
    "store_slow": "uses the store unseen",
    "lose_lock": "uses the store unseen",
    "lose_write": "uses the store unseen",
}
"""What befalls a process from within, and what a program of the user's has or does instead."""
_OF_THE_STORE = ("store_down", "store_slow", "replica_lag", "lose_lock", "lose_write")


def engine_flaws(choice: StrategyChoice, at: Loc, engine: EngineName) -> Iterator[Flaw]:
    """Yield why a strategy cannot run on ``engine``."""
    if engine == "wire" and choice.is_oracle():
        yield Flaw(at, ORACLE_ON_WIRE)
    if engine == "wire" and choice.is_partitioned():
        yield Flaw(at, PARTITIONED_ON_WIRE)
    if engine == "virtual" and isinstance(choice.own, Command):
        yield Flaw(at, COMMAND_ON_VIRTUAL)


def command_flaws(choices: Sequence[StrategyChoice], faults: Sequence[Fault]) -> Iterator[Flaw]:
    """Yield what about ``faults`` cannot befall a program of the user's, where one runs."""
    programs = [choice.name for choice in choices if isinstance(choice.own, Command)]
    for index, fault in enumerate(faults):
        at = ("faults", index)
        deployed = None if fault.deploy is None else fault.deploy.strategy
        if deployed is not None and isinstance(deployed.own, Command):
            yield Flaw((*at, "deploy", "strategy"), "cannot be a command: name it in strategies")
        elif programs:
            yield from _not_within(fault, at, f"impossible for strategy {programs[0]}, a command")


def _not_within(fault: Fault, at: Loc, why: str) -> Iterator[Flaw]:
    if fault.crash is not None and fault.crash.when != "at_once":
        rest = "only at_once will do, as nobody sees where it is in a refresh"
        yield Flaw((*at, "crash", "when"), f"{fault.crash.when} is {why}: {rest}")
    elif fault.deploy is not None and fault.deploy.strategy is not None:
        yield Flaw((*at, "deploy", "strategy"), f"is {why}: it stays what it is")
    elif fault.kind in _WITHIN:
        yield Flaw((*at, fault.kind), f"is {why}: it {_WITHIN[fault.kind]}")


def loss_flaws(loss: LossSection, store: StoreName, engine: EngineName) -> Iterator[Flaw]:
    """Yield what about ``loss`` cannot happen."""
    impossible = _store_cannot(store, engine)
    if loss.store and impossible:
        yield Flaw(("network", "loss", "store"), f"is {impossible}")


def faults_flaws(
    faults: Sequence[Fault],
    *,
    processes: int,
    duration: Ticks,
    store: StoreName,
    engine: EngineName,
) -> Iterator[Flaw]:
    """Yield what about ``faults`` cannot happen in a run of that fleet, length and engine."""
    for index, fault in enumerate(faults):
        at = ("faults", index)
        if fault.at >= duration:
            limit = f"must be before the run ends ({write_span(duration)})"
            yield Flaw((*at, "at"), f"{limit}, got {write_span(fault.at)}")
        if fault.partition is not None:
            partition = (*at, "partition")
            yield from _partition_flaws(fault.partition, partition, processes, store, engine)
        rotation = fault.rotate_secret
        if rotation is not None and rotation.overlap > OVERLAP_MAX:
            message = f"must be at most 30d, as at Zoom, got {write_span(rotation.overlap)}"
            yield Flaw((*at, "rotate_secret", "overlap"), message)
        changed = fault.change_provider
        for key in ("plan", "limit_headers"):
            if changed is not None and key in changed.model_fields_set:
                message = "cannot change in a run; say it in the provider section"
                yield Flaw((*at, "change_provider", key), message)
        if fault.burst is not None and not fault.burst.chance:
            yield Flaw((*at, "burst", "chance"), "must be more than 0%")
        yield from _fleet_flaws(fault, at, faults, processes)
        yield from _deploy_flaws(fault, at, engine)
        yield from _store_flaws(fault, at, store, engine)


def broker_flaws(faults: Sequence[Fault], choices: Sequence[StrategyChoice]) -> Iterator[Flaw]:
    """Yield which new secrets cannot get to whoever asks for tokens: a broker is not deployed."""
    brokered = [choice.name for choice in choices if choice.has_broker()]
    for index, fault in enumerate(faults):
        if brokered and fault.deploy is not None and fault.deploy.secret is not None:
            message = (
                f"does not reach the broker of {brokered[0]}, which keeps the secret it began "
                "with: race that strategy in a scenario of its own, without new secrets"
            )
            yield Flaw(("faults", index, "deploy", "secret"), message)


def _partition_flaws(
    cut: PartitionSection, at: Loc, processes: int, store: StoreName, engine: EngineName
) -> Iterator[Flaw]:
    if cut.process >= processes:
        limit = f"must be a process of the fleet, 0 to {processes - 1}"
        yield Flaw((*at, "process"), f"{limit}, got {cut.process}")
    impossible = _store_cannot(store, engine)
    if cut.link == "store" and impossible:
        yield Flaw((*at, "link"), f"store is {impossible}")


def _store_cannot(store: StoreName, engine: EngineName) -> str | None:
    """Return why messages to the store cannot be lost; None where they can."""
    if store == "memory":
        return OWN_STORE
    return REAL_STORE if engine == "wire" else None


def _fleet_flaws(fault: Fault, at: Loc, faults: Sequence[Fault], processes: int) -> Iterator[Flaw]:
    """A process must be there at some time, and at most one fault may decide how many there are."""
    most = max([processes, *(each.scale.processes for each in faults if each.scale is not None)])
    for kind in ("crash", "pause", "clock", "cancel_leader"):
        section = getattr(fault, kind)
        if section is not None and section.process >= most:
            limit = f"must be a process of the fleet, 0 to {most - 1}"
            yield Flaw((*at, kind, "process"), f"{limit}, got {section.process}")
    if fault.clock is not None and fault.clock.ahead and fault.clock.behind:
        yield Flaw((*at, "clock"), "must be ahead or behind, not both")
    if fault.clock is not None and not fault.clock.offset() and not fault.clock.drift_ppm:
        yield Flaw((*at, "clock"), "must be off: say ahead, behind or drift_ppm")


def _deploy_flaws(fault: Fault, at: Loc, engine: EngineName) -> Iterator[Flaw]:
    choice = None if fault.deploy is None else fault.deploy.strategy
    if choice is None:
        return
    if choice.has_broker():
        message = "cannot have a broker: a fleet has one from its start or not at all"
        yield Flaw((*at, "deploy", "strategy"), message)
    yield from engine_flaws(choice, (*at, "deploy", "strategy"), engine)


def _store_flaws(fault: Fault, at: Loc, store: StoreName, engine: EngineName) -> Iterator[Flaw]:
    if fault.kind not in _OF_THE_STORE:
        return
    if store == "memory":
        yield Flaw((*at, fault.kind), f"is {OWN_STORE}")
    elif fault.kind == "replica_lag" and engine == "wire":
        yield Flaw((*at, fault.kind), "is only on the virtual engine: a real store has no replica")
