"""What goes wrong in a scenario, and when.

To add a kind of fault, write the ``Section`` of its details, give ``Fault`` a field for it, and say
in ``faults_flaws`` what about it cannot be.
"""

from collections.abc import Iterator, Sequence
from typing import Literal

from pydantic import ConfigDict, Field

from simulator.clock import Ticks
from simulator.scenario.fields import Chance, PositiveSpan, Section, Span
from simulator.scenario.flaws import Flaw
from simulator.scenario.units import write_span

StoreName = Literal["sqlite", "memory"]
EngineName = Literal["wire", "virtual"]
REAL_STORE = "only on the virtual engine: on the wire engine the store is real and not far away"
OWN_STORE = "impossible with store memory: each process has its own"


class LossSection(Section):
    """How often messages get lost, request or answer. A lost answer leaves the effect."""

    token: Chance = Field(default=0.0, description="Of messages from and to the token endpoint.")
    api: Chance = Field(default=0.0, description="Of messages from and to the API.")
    store: Chance = Field(
        default=0.0, description="Of messages from and to the shared store; virtual engine only."
    )


class PartitionSection(Section):
    """One process reaches nobody over one link; what sets out meanwhile, either way, is lost."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, populate_by_name=False)

    process: int = Field(ge=0, description="The number of the process that is cut off, from 0.")
    link: Literal["token", "api", "store"] = Field(
        description="What it cannot reach: the token endpoint, the API, or the store."
    )
    duration: PositiveSpan = Field(
        alias="for", description="How long. Divided by run.time_scale on the wire engine."
    )


class Fault(Section):
    """One thing that goes wrong at one time."""

    at: Span = Field(description="When it begins. Divided by run.time_scale on the wire engine.")
    partition: PartitionSection = Field(description="A process is cut off.")


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
        if fault.at >= duration:
            limit = f"must be before the run ends ({write_span(duration)})"
            yield Flaw(("faults", index, "at"), f"{limit}, got {write_span(fault.at)}")
        cut = fault.partition
        if cut.process >= processes:
            limit = f"must be a process of the fleet, 0 to {processes - 1}"
            yield Flaw(("faults", index, "partition", "process"), f"{limit}, got {cut.process}")
        impossible = _store_cannot(store, engine)
        if cut.link == "store" and impossible:
            yield Flaw(("faults", index, "partition", "link"), f"store is {impossible}")


def _store_cannot(store: StoreName, engine: EngineName) -> str | None:
    """Return why messages to the store cannot be lost; None where they can."""
    if store == "memory":
        return OWN_STORE
    return REAL_STORE if engine == "wire" else None
