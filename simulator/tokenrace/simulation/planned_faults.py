"""From the faults a user wrote to those an engine makes happen, ``time_scale`` times as fast.

The instant and length of a fault shrink; how late an answer comes and what it says about coming
back do not, as no latency does.
"""

from collections.abc import Iterator, Sequence

from tokenrace.clock import Ticks, shrunk
from tokenrace.distributions import PER_MILLION
from tokenrace.fleet.names import process_name
from tokenrace.network.fates import Partition
from tokenrace.provider.bursts import Burst
from tokenrace.provider.lifecycle import (
    Change,
    ChangePolicy,
    Deactivate,
    DowngradeOwner,
    Reactivate,
    RevokeTokens,
    RotateSecret,
    TransferOwnership,
)
from tokenrace.scenario import Scenario
from tokenrace.scenario.fault_kinds import (
    ChangeProviderSection,
    DeactivateSection,
    DowngradeOwnerSection,
    RotateSecretSection,
    TransferOwnershipSection,
)
from tokenrace.scenario.faults import Fault
from tokenrace.simulation.provider_faults import (
    PlannedChange,
    ProviderFaults,
    SecondMinter,
    Trial,
)
from tokenrace.simulation.shrinking import hurried_policy

NEW_SECRET = "tokenrace-secret-{}"  # noqa: S105 - the mock's own
"""What a rotated secret is, by the number of its fault."""


def partitions(scenario: Scenario, time_scale: float) -> tuple[Partition, ...]:
    """Return which processes are cut off from what."""
    return tuple(
        Partition(
            process=process_name(cut.process),
            link=cut.link,
            begins=shrunk(fault.at, time_scale),
            ends=shrunk(fault.at, time_scale) + shrunk(cut.duration, time_scale),
        )
        for fault in scenario.faults
        if (cut := fault.partition) is not None
    )


def provider_faults(scenario: Scenario, time_scale: float) -> ProviderFaults:
    """Return what goes wrong at the provider."""
    faults = scenario.faults
    return ProviderFaults(
        changes=tuple(
            PlannedChange(at=at, fault=number, change=change)
            for number, fault in enumerate(faults)
            for at, change in _changes(scenario, number, fault, time_scale)
        ),
        minters=tuple(_minters(faults, time_scale)),
        bursts=tuple(_bursts(faults, time_scale)),
        trials=tuple(_trials(faults, time_scale)),
    )


def _minters(faults: Sequence[Fault], time_scale: float) -> Iterator[SecondMinter]:
    for number, fault in enumerate(faults):
        if (minter := fault.second_minter) is not None:
            begins = shrunk(fault.at, time_scale)
            yield SecondMinter(
                fault=number,
                begins=begins,
                ends=begins + shrunk(minter.duration, time_scale),
                rate_hz=minter.rate.hz * time_scale,
            )


def _bursts(faults: Sequence[Fault], time_scale: float) -> Iterator[Burst]:
    for number, fault in enumerate(faults):
        if (burst := fault.burst) is not None:
            begins = shrunk(fault.at, time_scale)
            yield Burst(
                fault=number,
                endpoint=burst.endpoint,
                begins=begins,
                ends=begins + shrunk(burst.duration, time_scale),
                ailment=burst.ailment(),
                per_million=round(burst.chance * PER_MILLION),
                count=burst.count,
            )


def _trials(faults: Sequence[Fault], time_scale: float) -> Iterator[Trial]:
    for number, fault in enumerate(faults):
        if (trial := fault.trial) is not None:
            begins = shrunk(fault.at, time_scale)
            yield Trial(
                fault=number,
                begins=begins,
                ends=begins + shrunk(trial.duration, time_scale),
                every=shrunk(trial.every, time_scale),
            )


def _changes(
    scenario: Scenario, number: int, fault: Fault, time_scale: float
) -> Iterator[tuple[Ticks, Change]]:
    at = shrunk(fault.at, time_scale)
    change = _change(scenario, number, fault, time_scale)
    if change is not None:
        yield at, change
    if fault.deactivate is not None:
        yield at + shrunk(fault.deactivate.duration, time_scale), Reactivate()


def _change(  # noqa: PLR0911 - one for each kind
    scenario: Scenario, number: int, fault: Fault, time_scale: float
) -> Change | None:
    """Return what ``fault`` does to the app at once; None where it does nothing to the app."""
    match getattr(fault, fault.kind):
        case RotateSecretSection() as rotation:
            return RotateSecret(
                new_secret=NEW_SECRET.format(number),
                overlap=shrunk(rotation.overlap, time_scale),
                revokes_tokens=rotation.revokes_tokens,
            )
        case DowngradeOwnerSection(loses=lost):
            return DowngradeOwner(loses=lost)
        case TransferOwnershipSection():
            return TransferOwnership()
        case DeactivateSection():
            return Deactivate()
        case ChangeProviderSection() as rules:
            policy = scenario.provider.changed_by(rules).policy()
            return ChangePolicy(policy=hurried_policy(policy, time_scale))
        case "all" | "newest" as which:
            return RevokeTokens(which)
        case _:
            return None
