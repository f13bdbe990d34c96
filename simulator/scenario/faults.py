"""What goes wrong in a scenario, and when.

To add a kind of fault, write the section of its details in ``fault_kinds.py``, give ``Fault`` a
field for it, and say in ``faults_flaws`` what about it cannot be.
"""

from collections.abc import Iterator, Sequence
from typing import Literal, Self

from pydantic import Field, model_validator

from simulator.clock import Ticks
from simulator.provider.lifecycle import OVERLAP_MAX
from simulator.scenario.fault_kinds import (
    BurstSection,
    ChangeProviderSection,
    DeactivateSection,
    DowngradeOwnerSection,
    PartitionSection,
    RotateSecretSection,
    SecondMinterSection,
    TransferOwnershipSection,
)
from simulator.scenario.fields import Chance, Section, Span
from simulator.scenario.flaws import Flaw, Loc, refusal
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


class Fault(Section):
    """One thing that goes wrong at one time: ``at``, and one kind of fault with its details."""

    at: Span = Field(description="When it begins. Divided by run.time_scale on the wire engine.")
    partition: PartitionSection | None = Field(
        default=None, description="One process is cut off from something."
    )
    rotate_secret: RotateSecretSection | None = Field(
        default=None, description="The app gets a new client secret."
    )
    downgrade_owner: DowngradeOwnerSection | None = Field(
        default=None, description="The owner's role loses what the app needs."
    )
    transfer_ownership: TransferOwnershipSection | None = Field(
        default=None, description="The app goes to an owner with the role it needs."
    )
    deactivate: DeactivateSection | None = Field(
        default=None, description="The app is switched off, and on again."
    )
    revoke: Literal["all", "newest"] | None = Field(
        default=None, description="Every live token ends, or the one issued last."
    )
    change_provider: ChangeProviderSection | None = Field(
        default=None, description="The provider keeps tokens by other rules from now on."
    )
    second_minter: SecondMinterSection | None = Field(
        default=None, description="Somebody outside the fleet asks for tokens too."
    )
    burst: BurstSection | None = Field(
        default=None, description="The token endpoint or the API gives troubled answers."
    )

    @model_validator(mode="after")
    def _check_kinds(self) -> Self:
        kinds = [kind for kind in KINDS if getattr(self, kind) is not None]
        if len(kinds) != 1:
            got = f"got {' and '.join(kinds)}" if kinds else f"which is one of {', '.join(KINDS)}"
            raise refusal([Flaw((), f"must be one kind of fault, {got}")])
        return self

    @property
    def kind(self) -> str:
        """Which kind of fault it is, as the file says it."""
        return next(kind for kind in KINDS if getattr(self, kind) is not None)

    def label(self) -> str:
        """Return what a plot calls this."""
        if self.revoke is not None:
            return "every token revoked" if self.revoke == "all" else "newest token revoked"
        section = getattr(self, self.kind)
        words: str = section.label()
        return words


KINDS = tuple(name for name in Fault.model_fields if name != "at")
"""Every kind of fault, as a file says it."""


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
