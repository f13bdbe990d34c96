"""What goes wrong in a scenario, and when.

To add a kind of fault, write the section of its details in the file of what it befalls, the
provider (``fault_kinds.py``), the fleet (``fleet_fault_kinds.py``) or the store
(``store_fault_kinds.py``), give ``Fault`` a field for it, and say in ``fault_flaws.py`` what about
it cannot be.
"""

from collections.abc import Sequence
from typing import Literal, Self

from pydantic import Field, model_validator

from tokenrace.clock import Ticks
from tokenrace.fields.flaws import Flaw, refusal
from tokenrace.fields.values import Chance, Section, Span
from tokenrace.scenario.fault_kinds import (
    BurstSection,
    ChangeProviderSection,
    DeactivateSection,
    DowngradeOwnerSection,
    PartitionSection,
    RotateSecretSection,
    SecondMinterSection,
    TransferOwnershipSection,
    TrialSection,
)
from tokenrace.scenario.fleet_fault_kinds import (
    CancelLeaderSection,
    ClockSection,
    CrashSection,
    DeploySection,
    PauseSection,
    RollingRestartSection,
    ScaleSection,
)
from tokenrace.scenario.store_fault_kinds import (
    LoseLockSection,
    LoseWriteSection,
    ReplicaLagSection,
    StoreDownSection,
    StoreSlowSection,
)

EngineName = Literal["wire", "virtual"]


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
    trial: TrialSection | None = Field(
        default=None,
        description="Somebody outside the fleet tries the app with a token of their own.",
    )
    burst: BurstSection | None = Field(
        default=None, description="The token endpoint or the API gives troubled answers."
    )
    crash: CrashSection | None = Field(default=None, description="A process is killed.")
    pause: PauseSection | None = Field(default=None, description="A process stands still.")
    rolling_restart: RollingRestartSection | None = Field(
        default=None, description="Every process is started again, one after the other."
    )
    scale: ScaleSection | None = Field(
        default=None, description="The fleet has another number of processes."
    )
    deploy: DeploySection | None = Field(
        default=None, description="Process by process gets another strategy or the new secret."
    )
    clock: ClockSection | None = Field(default=None, description="A process's clock is off.")
    cancel_leader: CancelLeaderSection | None = Field(
        default=None, description="A caller who waits for a refresh is cancelled."
    )
    store_down: StoreDownSection | None = Field(
        default=None, description="No process reaches the store."
    )
    store_slow: StoreSlowSection | None = Field(
        default=None, description="Every call of the store takes longer."
    )
    replica_lag: ReplicaLagSection | None = Field(
        default=None, description="Reads of the store see what was written some time ago."
    )
    lose_lock: LoseLockSection | None = Field(
        default=None, description="The lock is gone from the store."
    )
    lose_write: LoseWriteSection | None = Field(
        default=None, description="The next write of the token is not kept."
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

    def over(self) -> Ticks:
        """Return when it is over: at once where it is a change that stays."""
        length: Ticks = getattr(getattr(self, self.kind), "duration", 0)
        return self.at + length

    def label(self) -> str:
        """Return what a plot calls this."""
        if self.revoke is not None:
            return "every token revoked" if self.revoke == "all" else "newest token revoked"
        section = getattr(self, self.kind)
        words: str = section.label()
        return words


KINDS = tuple(name for name in Fault.model_fields if name != "at")
"""Every kind of fault, as a file says it."""


def labels_of_traced(faults: Sequence[Fault]) -> dict[int, str]:
    """Return what a plot calls the faults that a trace tells of, by their number.

    A trace tells of all but partitions: those have no instant at which they strike.
    """
    return {number: fault.label() for number, fault in enumerate(faults) if fault.partition is None}
