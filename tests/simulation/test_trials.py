"""Somebody outside the fleet tries, now and again, whether the app works."""

from dataclasses import replace

import pytest

from tests.simulation.fleet_fault_runs import of, told
from tests.simulation.virtual_runs import a_plan
from tests.simulation.wire.wire_runs import a_scenario, one_run
from tokenrace.arrivals import Closed
from tokenrace.clock import MILLISECOND, MINUTE, SECOND
from tokenrace.distributions import Constant
from tokenrace.faults.planned import PlannedChange, SecondMinter, Trial
from tokenrace.faults.schedule import ProviderFaults
from tokenrace.provider.lifecycle import Deactivate, DowngradeOwner, RotateSecret
from tokenrace.trace.events import CallRefused, FaultStruck, TokenIssued, TrialMade
from tokenrace.trace.json_lines import event_from, json_line

A_TRIAL = Trial(fault=0, begins=MINUTE, ends=3 * MINUTE, every=30 * SECOND)
"""Tries at 60, 90, 120 and 150 s."""


def a_plan_with(*changes, trial=A_TRIAL, minters=(), cap=2, **settings):
    """One worker that calls every five seconds, token trips of 100 ms, API trips of 50 ms."""
    faults = ProviderFaults(changes=changes, minters=minters, trials=(trial,))
    plan = a_plan(cap=cap, arrivals=Closed(Constant(5 * SECOND)), duration=5 * MINUTE, **settings)
    return replace(plan, provider_faults=faults)


def changed(change, *, at=0):
    """``change`` as the second fault of a scenario."""
    return PlannedChange(at=at, fault=1, change=change)


def test_each_try_has_a_token_of_its_own_and_calls_with_it_at_once():
    """A token request takes 100 ms, and half of an API call's 50 ms pass before it arrives: a try
    begun at 60 s is answered at 60.125 s, with a token issued at 60.05 s."""
    events, _ = told(a_plan_with())
    tries = of(TrialMade, events)
    issued = [event for event in of(TokenIssued, events) if event.asked_by == "trial"]

    assert [made.at for made in tries] == [
        (at * SECOND) + 125 * MILLISECOND for at in (60, 90, 120, 150)
    ]
    assert [made.token for made in tries] == [event.token for event in issued]
    assert issued[0].at == MINUTE + 50 * MILLISECOND
    assert {made.status for made in tries} == {200}
    (struck,) = of(FaultStruck, events)
    assert (struck.fault, struck.at) == (0, MINUTE)


def test_a_try_ends_the_fleets_token_where_the_cap_is_one():
    """Trying is not neutral: four tries, and four times the fleet is refused with what it holds."""
    events, counted = told(a_plan_with(cap=1, preset="reactive_cas"))
    refused = of(CallRefused, events)

    assert [call.cause for call in refused] == ["evicted"] * 4
    assert {call.asked_by for call in refused} == {"p0.w0"}
    assert {made.status for made in of(TrialMade, events)} == {200}
    assert counted.provider.statuses[401] == 4


@pytest.mark.parametrize(
    ("change", "token", "status"),
    [
        (DowngradeOwner(loses="tokens"), True, 401),
        (Deactivate(), False, 400),
        (RotateSecret(new_secret="another", overlap=0), True, 200),
    ],
)
def test_how_a_try_ends_tells_what_is_wrong(change, token, status):
    """An owner without a role: a token, and 401 with it. An app switched off: no token. A new
    secret is no trouble to whoever has it, as those who try do."""
    events, _ = told(a_plan_with(changed(change)))
    tries = of(TrialMade, events)

    assert {(made.token is not None, made.status) for made in tries} == {(token, status)}


def test_a_fresh_token_is_dead_where_others_have_tokens_issued_fast_enough():
    """A hundred a second, of which one is enough, in the 75 ms between issue and use: 1 - e^-7.5 is
    99.9 %, for four tries and four calls of 60."""
    minter = SecondMinter(fault=1, begins=0, ends=5 * MINUTE, rate_hz=100.0)
    events, _ = told(a_plan_with(minters=(minter,), cap=1))

    assert [made.status for made in of(TrialMade, events)] == [401] * 4


def test_a_trace_has_tries_and_gives_them_back():
    """With and without a token, and with no answer."""
    for token, status in ((3, 401), (None, 400), (None, None)):
        made = TrialMade(at=5, fault=0, token=token, status=status)
        line = json_line(made)
        assert line.startswith(b'{"event":"trial_made",')
        assert event_from(line) == made


def test_on_the_wire_too(tmp_path):
    """Forty minutes take two seconds; from the tenth on, a try every ten of thirty: three."""
    faults = "[{at: 10m, trial: {every: 10m, for: 30m}}]"
    scenario = a_scenario("single_flight", cap=8, duration="40m", faults=faults)
    run = one_run(scenario, tmp_path)
    tries = of(TrialMade, run.events())

    assert len(tries) >= 2  # the last one may be under way at the end
    assert {made.status for made in tries} == {200}
    assert of(FaultStruck, run.events())[0].what == "somebody tries a token of their own"
