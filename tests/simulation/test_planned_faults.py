"""From the faults of a scenario file to what an engine makes happen, hurried as it should be."""

import pytest

from tests.scenario.faulty_scenarios import a_text, read
from tokenrace.clock import MINUTE, SECOND
from tokenrace.faults.planned import PlannedChange, SecondMinter
from tokenrace.network.fates import Partition
from tokenrace.provider.bursts import Burst, Dropped, ErrorAnswer, Malformed, Slow
from tokenrace.provider.lifecycle import (
    ChangePolicy,
    Deactivate,
    DowngradeOwner,
    Reactivate,
    RevokeTokens,
    RotateSecret,
    TransferOwnership,
)
from tokenrace.provider.policy import TokenPolicy
from tokenrace.simulation.planning import plan_run


def test_loss_and_partitions_reach_the_plan():
    """Per cent become chances per million; times shrink with time_scale, as on the wire."""
    text = a_text(loss="{token: 20%, api: 0.05%}", scale=10)
    scenario = read(text)
    plan = plan_run(scenario, scenario.strategies[0], seed=1, time_scale=10)

    assert plan.links.token.loss_per_million == 200_000
    assert plan.links.api.loss_per_million == 500
    assert plan.links.store.loss_per_million == 0
    assert plan.links.partitions == (
        Partition(process="p1", link="api", begins=6 * SECOND, ends=9 * SECOND),
    )
    assert scenario.faults[0].at == MINUTE


def planned(fault: str, scale: float = 1):
    """Return what happens at the provider when ``fault`` is the scenario's only one."""
    scenario = read(a_text(fault=fault, scale=scale))
    return plan_run(scenario, scenario.strategies[0], seed=1, time_scale=scale).provider_faults


@pytest.mark.parametrize(
    ("fault", "change"),
    [
        (
            "{at: 1m, rotate_secret: {overlap: 20s, revokes_tokens: true}}",
            RotateSecret(new_secret="tokenrace-secret-0", overlap=2 * SECOND, revokes_tokens=True),
        ),
        ("{at: 1m, downgrade_owner: {}}", DowngradeOwner(loses="scopes")),
        ("{at: 1m, downgrade_owner: {loses: tokens}}", DowngradeOwner(loses="tokens")),
        ("{at: 1m, transfer_ownership: {}}", TransferOwnership()),
        ("{at: 1m, revoke: all}", RevokeTokens("all")),
        ("{at: 1m, revoke: newest}", RevokeTokens("newest")),
        (
            "{at: 1m, change_provider: {live_tokens: 3, grace: 50s}}",
            ChangePolicy(policy=TokenPolicy(lifetime=6 * MINUTE, live_tokens=3, grace=5 * SECOND)),
        ),
    ],
)
def test_every_change_of_the_app_reaches_the_plan(fault, change):
    """Ten times as fast; what a change of rules does not name stays as the scenario has it."""
    faults = planned(fault, scale=10)

    assert faults.changes == (PlannedChange(at=6 * SECOND, fault=0, change=change),)
    assert not faults.minters
    assert not faults.bursts


def test_a_deactivated_app_is_switched_on_again():
    """One fault, two changes."""
    changes = planned("{at: 1m, deactivate: {for: 30s}}").changes

    assert [(each.at, each.change) for each in changes] == [
        (MINUTE, Deactivate()),
        (90 * SECOND, Reactivate()),
    ]


def test_a_second_minter_asks_more_often_when_time_is_shrunk():
    """3 a minute, ten times as fast: one every two seconds."""
    (minter,) = planned("{at: 1m, second_minter: {rate: 3/m, for: 2m}}", scale=10).minters

    assert minter == SecondMinter(
        fault=0, begins=6 * SECOND, ends=18 * SECOND, rate_hz=pytest.approx(0.5)
    )


@pytest.mark.parametrize(
    ("answer", "ailment"),
    [
        ("503", ErrorAnswer(503)),
        ("429, retry_after: 7s", ErrorAnswer(429, retry_after=7 * SECOND)),
        ("dropped", Dropped()),
        ("malformed", Malformed()),
        ("slow 1.5s", Slow(1_500_000)),
    ],
)
def test_every_troubled_answer_reaches_the_plan(answer, ailment):
    """The span of a burst shrinks; how late an answer comes, and when to come back, do not."""
    details = f"endpoint: token, answer: {answer}, chance: 5%, count: 3, for: 10s"
    (burst,) = planned(f"{{at: 1m, burst: {{{details}}}}}", scale=10).bursts

    assert burst == Burst(
        fault=0,
        endpoint="token",
        begins=6 * SECOND,
        ends=7 * SECOND,
        ailment=ailment,
        per_million=50_000,
        count=3,
    )
