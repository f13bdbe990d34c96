"""The oracle: no strategy can do better, and what it cannot avoid is known."""

from dataclasses import replace

import pytest

from tests.scenario.scenario_text import SMALLEST
from tests.scenario.test_scenario_faults import read
from tests.simulation.virtual_runs import LIFETIME, ROTATION, a_plan, a_run
from tokenrace.clock import SECOND
from tokenrace.errors import ScenarioError
from tokenrace.faults.planned import Crash, PlannedChange, SecondMinter
from tokenrace.faults.schedule import FleetFaults, ProviderFaults
from tokenrace.provider.lifecycle import Deactivate, DowngradeOwner, RevokeTokens
from tokenrace.strategies.presets import PRESETS
from tokenrace.trace.events import ProcessEnded, TokenAdopted, TokenIssued


def refused(counted) -> int:
    """Return how many API calls were refused with 401."""
    return sum(counted.provider.causes().values())


@pytest.mark.parametrize("preset", [name for name in PRESETS if name != "oracle"])
@pytest.mark.parametrize("cap", [1, 2])
def test_no_strategy_has_fewer_401s(preset, cap):
    """Six processes and a cap of one or two, tokens revoked half-way."""
    revoked = PlannedChange(at=5 * ROTATION + SECOND, fault=0, change=RevokeTokens())
    faults = ProviderFaults(changes=(revoked,))
    plans = [a_plan(name, processes=6, workers=3, cap=cap) for name in ("oracle", preset)]
    oracle, other = (refused(a_run(replace(plan, provider_faults=faults))[1]) for plan in plans)

    assert oracle <= other


def test_the_fleet_of_the_oracle_needs_one_token_per_lifetime():
    """10 rotations of 2 minutes with tokens of 3, of which the oracle uses all but 10 seconds."""
    events, counted = a_run(a_plan("oracle", processes=6, workers=3, cap=2))
    issued = [event for event in events if isinstance(event, TokenIssued)]

    assert len(issued) == -(-10 * ROTATION // (LIFETIME - 10 * SECOND))
    assert refused(counted) == 0


def test_a_revoked_token_costs_the_oracle_only_what_was_under_way():
    """18 workers at most have a call under way, each once."""
    revoked = PlannedChange(at=ROTATION, fault=0, change=RevokeTokens())
    plan = replace(
        a_plan("oracle", processes=6, workers=3, cap=2),
        provider_faults=ProviderFaults(changes=(revoked,)),
    )

    assert refused(a_run(plan)[1]) <= 18


@pytest.mark.parametrize("change", [Deactivate(), DowngradeOwner(loses="tokens")])
def test_the_oracle_asks_for_no_token_that_would_be_refused(change):
    """When the app is switched off, or its owner's role is gone, a new token helps nobody."""
    gone = PlannedChange(at=ROTATION, fault=0, change=change)
    plan = replace(
        a_plan("oracle", processes=2, workers=3, cap=2),
        provider_faults=ProviderFaults(changes=(gone,)),
    )
    events, _ = a_run(plan)

    assert not [each for each in events if isinstance(each, TokenIssued) and each.at > ROTATION]


@pytest.mark.parametrize("skips_calm", [True, False])
def test_the_oracles_history_is_the_same_stepped_and_skipped(skips_calm):
    """Its calm rests on the ledger itself."""
    plan = a_plan("oracle", processes=4, workers=3, cap=1)

    assert a_run(plan, skips_calm=skips_calm)[0] == a_run(plan)[0]


def test_a_token_that_the_oracle_found_stays_in_use_while_others_come():
    """Process 1 finds the token that process 0 had issued, and somebody else asks every second.

    Under a cap of 30 a token lives for about 30 s, and is not changed for a newer one before.
    """
    minter = SecondMinter(fault=0, begins=0, ends=200 * SECOND, rate_hz=1.0)
    plan = replace(
        a_plan("oracle", processes=2, cap=30, duration=200 * SECOND),
        provider_faults=ProviderFaults(minters=(minter,)),
    )
    events, _ = a_run(plan)
    adopted = [event for event in events if isinstance(event, TokenAdopted)]

    assert len(adopted) < 2 * 200 / 30 * 1.5
    assert events == a_run(plan, skips_calm=False)[0]


def test_the_oracle_dies_at_a_point_of_its_refresh_as_others_do():
    """With a token just issued: the next life finds it at the provider, and asks for none."""
    crash = Crash(fault=0, at=0, process=0, point="issued_not_stored", restart=SECOND)
    plan = replace(
        a_plan("oracle", duration=60 * SECOND), fleet_faults=FleetFaults(crashes=(crash,))
    )
    events, counted = a_run(plan)

    assert [event.process for event in events if isinstance(event, ProcessEnded)] == [0]
    assert counted.provider.tokens_issued == 1
    assert events == a_run(plan, skips_calm=False)[0]


def test_on_the_wire_there_is_no_oracle():
    """It would have to look into another process."""
    with pytest.raises(ScenarioError, match="the oracle is only on the virtual engine"):
        read(SMALLEST.replace("single_flight", "oracle"))
