"""Processes replaced, added and taken away on virtual time, each with a small exact story.

Trips and spans are those of test_fleet_faults.py: a lone process asks for its first token at 1 s,
has it at 1.1 s, and calls every 1.05 s from 2.15 s on.
"""

from dataclasses import replace

import pytest

from tests.simulation.fleet_fault_runs import a_faulty_plan, adopted, issues, of, told
from tokenrace.arrivals import Closed
from tokenrace.clock import MINUTE, SECOND
from tokenrace.distributions import Exponential
from tokenrace.faults.planned import Crash, PlannedChange, Replace, Scale
from tokenrace.faults.schedule import ProviderFaults
from tokenrace.provider.lifecycle import RotateSecret
from tokenrace.strategies.composing import override
from tokenrace.trace.events import (
    CallRefused,
    FaultStruck,
    IssueRefused,
    ProcessEnded,
    ProcessStarted,
    TokenIssued,
)


def test_a_rolling_restart_costs_processes_that_share_nothing_a_token_each():
    """Three processes, three tokens; restarted at 60, 70 and 80 s, each asks 1 s later."""
    replacements = tuple(
        Replace(fault=0, at=(60 + 10 * process) * SECOND, process=process) for process in range(3)
    )
    plan = a_faulty_plan(
        "mutex_double_checked",
        processes=3,
        cap=None,
        duration=110 * SECOND,
        replacements=replacements,
    )
    events, _ = told(plan)

    assert issues(events)[3:] == [
        (61_050_000, "p0"),
        (71_050_000, "p1"),
        (81_050_000, "p2"),
    ]
    assert [event.at for event in of(FaultStruck, events)] == [
        60 * SECOND,
        70 * SECOND,
        80 * SECOND,
    ]


@pytest.mark.parametrize(("processes", "share"), [(4, 1 - 3 / 4), (2, 0.0)])
def test_a_fleet_that_outgrows_the_cap_is_refused_by_the_holder_rule(processes, share):
    """Three processes under a cap of 3 are never refused; of a fourth's tokens one in four is dead.

    The rule: 401 rate 1 - N/P once everybody has refreshed, which takes 2 minutes.
    """
    grown_at, settled_at = 10 * MINUTE, 13 * MINUTE
    plan = a_faulty_plan(
        "mutex_double_checked",
        processes=3,
        cap=3,
        duration=60 * MINUTE,
        start_spread=90 * SECOND,
        arrivals=Closed(Exponential(SECOND)),
        scalings=(Scale(fault=0, at=grown_at, processes=processes),),
    )
    events, counted = told(plan)
    refused = of(CallRefused, events)
    width = counted.provider.width
    calls = sum(counted.provider.responses[settled_at // width :])
    late = sum(event.at >= settled_at for event in refused)

    assert all(event.at > grown_at for event in refused)
    assert abs(late / calls - share) < 0.05
    assert [event.life for event in of(ProcessStarted, events)] == [1] * (processes - 3)
    assert [event.process for event in of(ProcessEnded, events)] == [2] * (3 - processes)


def test_a_process_that_is_not_wanted_any_more_is_not_started_again():
    """It is killed at 10 s, the fleet shrinks at 10.5 s, and it would have come back at 11 s; the
    fleet grows again at 20 s, and with it comes its second life."""
    crash = Crash(fault=0, at=10 * SECOND, process=1, point=None, restart=SECOND)
    scalings = (
        Scale(fault=1, at=10_500_000, processes=1),
        Scale(fault=2, at=20 * SECOND, processes=2),
    )
    plan = a_faulty_plan(
        "single_flight", processes=2, duration=30 * SECOND, crashes=(crash,), scalings=scalings
    )
    events, _ = told(plan)

    assert [(event.at, event.life) for event in of(ProcessStarted, events)] == [(20 * SECOND, 2)]


def test_a_fleet_that_grows_does_not_start_again_what_is_down():
    """Process 1 is killed at 10 s and comes back at 15 s; at 12 s only the new process 2 comes."""
    crash = Crash(fault=0, at=10 * SECOND, process=1, point=None, restart=5 * SECOND)
    scale = Scale(fault=1, at=12 * SECOND, processes=3)
    plan = a_faulty_plan(
        "single_flight", processes=2, duration=30 * SECOND, crashes=(crash,), scalings=(scale,)
    )
    events, _ = told(plan)

    assert [(event.at, event.process, event.life) for event in of(ProcessStarted, events)] == [
        (12 * SECOND, 2, 1),
        (15 * SECOND, 1, 2),
    ]


def a_rotation_at(at) -> ProviderFaults:
    """The old secret ends at once, and every token with it."""
    change = RotateSecret(new_secret="newest", revokes_tokens=True)
    return ProviderFaults(changes=(PlannedChange(at=at, fault=1, change=change),))


def test_a_process_asks_with_its_old_secret_until_the_new_one_is_deployed():
    """Rotated at 60 s; deployed to process 0 at 90 s and to process 1 at 100 s. A restart at 70 s
    in between brings no new secret."""
    replacements = (
        Replace(fault=0, at=70 * SECOND, process=0),
        *(
            Replace(fault=2, at=(90 + 10 * process) * SECOND, process=process, newest_secret=True)
            for process in range(2)
        ),
    )
    plan = a_faulty_plan(
        "reactive_cas", processes=2, cap=2, duration=2 * MINUTE, replacements=replacements
    )
    events, _ = told(replace(plan, provider_faults=a_rotation_at(MINUTE)))
    refused = {
        name: [event.at for event in of(IssueRefused, events) if event.asked_by == name]
        for name in ("p0", "p1")
    }

    assert MINUTE < refused["p0"][0] < 62 * SECOND
    assert any(at > 70 * SECOND for at in refused["p0"])
    assert max(refused["p0"]) < 90 * SECOND < max(refused["p1"]) < 100 * SECOND
    assert [(at, by) for at, by in issues(events) if at > MINUTE] == [
        (91_050_000, "p0"),
        (101_050_000, "p1"),
    ]


def test_a_deployed_strategy_is_what_the_process_runs_from_then_on():
    """From 10 s on it asks for a token before each call, and calls every 1.15 s: at 11 s, 12.15 s
    and so on, eight times up to 20 s."""
    deploy = Replace(fault=0, at=10 * SECOND, process=0, recipe=override("mint_per_call", ()))
    plan = a_faulty_plan(
        "mutex_double_checked", cap=None, duration=20 * SECOND, replacements=(deploy,)
    )
    events, _ = told(plan)

    assert [at for at, _ in issues(events)[1:]] == [
        11_050_000 + call * 1_150_000 for call in range(8)
    ]


def test_a_process_leaves_its_broker_by_deploy():
    """Process 0 asks for itself from 20 s on, whatever the broker tells."""
    deploy = Replace(
        fault=0, at=20 * SECOND, process=0, recipe=override("mutex_double_checked", ())
    )
    plan = a_faulty_plan(
        "token_broker", processes=2, cap=2, duration=5 * MINUTE, replacements=(deploy,)
    )
    events, _ = told(plan)
    asking = [by for at, by in issues(events) if at < MINUTE]

    assert asking == ["broker", "p0"]
    assert {by for _, by in issues(events)} == {"broker", "p0"}
    used = [token for process, token in adopted(events) if process == 0]
    by_broker = {event.token for event in of(TokenIssued, events) if event.asked_by == "broker"}
    assert [token in by_broker for token in used] == [True, *[False] * (len(used) - 1)]
