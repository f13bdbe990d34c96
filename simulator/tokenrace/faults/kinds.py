"""Every kind of fault: the one table. A fault in a file is an instant and one of them."""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, model_validator

from tokenrace.clock import Ticks
from tokenrace.faults.deployment import DeploySection, RollingRestartSection, ScaleSection
from tokenrace.faults.kind import Kind, Planning, Setting
from tokenrace.faults.network import PartitionSection
from tokenrace.faults.process import CancelLeaderSection, ClockSection, CrashSection, PauseSection
from tokenrace.faults.provider import (
    BurstSection,
    ChangeProviderSection,
    DeactivateSection,
    DowngradeOwnerSection,
    Revoke,
    RotateSecretSection,
    SecondMinterSection,
    TransferOwnershipSection,
    TrialSection,
)
from tokenrace.faults.store import (
    LoseLockSection,
    LoseWriteSection,
    ReplicaLagSection,
    StoreDownSection,
    StoreSlowSection,
)
from tokenrace.fields.choices import StrategyChoice
from tokenrace.fields.flaws import Flaw, refusal
from tokenrace.fields.provider_section import ProviderSection
from tokenrace.fields.units import write_span
from tokenrace.fields.values import EngineName, Section, Span
from tokenrace.store_choice import StoreName
from tokenrace.strategies.compose import Recipe
from tokenrace.user_code.command import Command

if TYPE_CHECKING:  # its module loads numpy, which a check of a file does without
    from tokenrace.faults.schedule import PlannedFault


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

    @property
    def details(self) -> Kind:
        """The kind's own section."""
        if self.revoke is not None:
            return Revoke(self.revoke)
        section: Kind = getattr(self, self.kind)
        return section

    def over(self) -> Ticks:
        """Return when it is over: at once where it is a change that stays."""
        length: Ticks = getattr(self.details, "duration", 0)
        return self.at + length

    def label(self) -> str:
        """Return what a plot calls this."""
        return self.details.label()


KINDS = tuple(name for name in Fault.model_fields if name != "at")
"""Every kind of fault, as a file says it."""


def labels_of_traced(faults: Sequence[Fault]) -> dict[int, str]:
    """Return what a plot calls the faults that a trace tells of, by their number.

    A trace tells of all but partitions: those have no instant at which they strike.
    """
    return {number: fault.label() for number, fault in enumerate(faults) if fault.partition is None}


def plan_faults(
    faults: Sequence[Fault],
    *,
    time_scale: float,
    processes: int,
    provider: ProviderSection,
    recipe_of: Callable[[StrategyChoice, float], Recipe],
) -> "list[PlannedFault]":
    """Return what an engine makes happen, ``time_scale`` times as fast as written."""
    planned: list[PlannedFault] = []
    for number, fault in enumerate(faults):
        planning = Planning(
            number=number,
            written_at=fault.at,
            time_scale=time_scale,
            processes=processes,
            provider=provider,
            recipe_of=recipe_of,
        )
        planned += fault.details.planned(planning)
    return planned


def violations_of(
    faults: Sequence[Fault],
    *,
    processes: int,
    duration: Ticks,
    store: StoreName,
    engine: EngineName,
) -> Iterator[Flaw]:
    """Yield what about ``faults`` cannot happen in such a run."""
    sizes = [fault.scale.processes for fault in faults if fault.scale is not None]
    most = max([processes, *sizes])
    setting = Setting(processes=processes, processes_max=most, store=store, engine=engine)
    for index, fault in enumerate(faults):
        at = ("faults", index)
        if fault.at >= duration:
            limit = f"must be before the run ends ({write_span(duration)})"
            yield Flaw((*at, "at"), f"{limit}, got {write_span(fault.at)}")
        yield from fault.details.violations((*at, fault.kind), setting)


def command_violations(
    choices: Sequence[StrategyChoice], faults: Sequence[Fault]
) -> Iterator[Flaw]:
    """Yield what about ``faults`` cannot happen to a program of the user's, where one runs."""
    programs = [choice.name for choice in choices if isinstance(choice.own, Command)]
    for index, fault in enumerate(faults):
        at = ("faults", index, fault.kind)
        wrong = [] if fault.deploy is None else list(fault.deploy.command_violations(at))
        if programs and not wrong:
            why = f"impossible for strategy {programs[0]}, a command"
            wrong = list(fault.details.over_command(at, why))
        yield from wrong


def broker_violations(faults: Sequence[Fault], choices: Sequence[StrategyChoice]) -> Iterator[Flaw]:
    """Yield which new secrets cannot reach whoever asks for tokens: a broker is not deployed."""
    brokered = [choice.name for choice in choices if choice.has_broker()]
    for index, fault in enumerate(faults):
        if brokered and fault.deploy is not None and fault.deploy.secret is not None:
            message = (
                f"does not reach the broker of {brokered[0]}, which keeps the secret it began "
                "with: race that strategy in a scenario of its own, without new secrets"
            )
            yield Flaw(("faults", index, "deploy", "secret"), message)
