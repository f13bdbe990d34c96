"""What befalls the fleet on virtual time, each fault with a small exact story.

Unless a story says otherwise a worker thinks for 1 s, a token request takes 100 ms, a call 50 ms
and a trip to the store 1 ms; a token is refreshed 120 s after it came. So a lone process asks for
its first token at 1 s, has it at 1.1 s, and calls every 1.05 s from 2.15 s on.
"""

from dataclasses import replace

import pytest

from simulator.arrivals import Closed
from simulator.arrivals import Constant as Rate
from simulator.clock import MILLISECOND, MINUTE, SECOND
from simulator.distributions import Exponential
from simulator.provider.lifecycle import RotateSecret
from simulator.simulation.fleet_faults import (
    CancelLeader,
    ClockOff,
    Crash,
    Pause,
    Replace,
    Scale,
)
from simulator.simulation.provider_faults import PlannedChange, ProviderFaults
from simulator.strategies.composing import override
from simulator.strategies.flight import LeaderFlight
from simulator.trace.events import (
    CallRefused,
    FaultStruck,
    IssueRefused,
    ProcessEnded,
    ProcessStarted,
    TokenAdopted,
    TokenEvicted,
    TokenIssued,
)
from tests.fleet_fault_runs import a_faulty_plan, ended, of, told


def a_crash(*, at=0, point=None, restart=SECOND) -> Crash:
    return Crash(fault=0, at=at, process=0, point=point, restart=restart)


def issues(events):
    """When each token was issued, and to whom."""
    return [(event.at, event.asked_by) for event in of(TokenIssued, events)]


def adopted(events):
    """Which token each process began to use, in order."""
    return [(event.process, event.token) for event in of(TokenAdopted, events)]


def test_a_process_that_is_killed_leaves_its_request_on_its_way():
    """Killed at 2.16 s, 10 ms into a call that makes a meeting: it arrives, and nobody knows.

    Born again at 3.16 s with an empty memory, it asks at 4.16 s for a token that evicts the first.
    """
    plan = a_faulty_plan(
        "mutex_double_checked",
        duration=5 * SECOND,
        mix=(("create_meeting", 1),),
        crashes=(a_crash(at=2_160_000),),
    )
    events, counted = told(plan)

    assert events[2:] == [
        FaultStruck(at=2_160_000, fault=0, what="process 0 is killed"),
        ProcessEnded(at=2_160_000, process=0, in_flight=1, reason="killed", fault=0),
        ProcessStarted(at=3_160_000, process=0, life=2),
        TokenEvicted(at=4_210_000, token=1, displaced_by=2, asked_by="p0", valid_until=4_210_000),
        TokenIssued(at=4_210_000, token=2, expires_at=184_210_000, asked_by="p0"),
        TokenAdopted(at=4_260_000, token=2, process=0),
    ]
    assert ended(counted) == {"ok": 2, "refused": 0, "unknown": 0}
    assert counted.clients.unknown == 1
    assert counted.provider.statuses == {201: 3}


@pytest.mark.parametrize("at", [1_040_000, 1_060_000], ids=["on its way there", "on its way back"])
def test_a_token_request_of_the_dead_is_answered_to_nobody(at):
    """It leaves at 1 s, takes effect at 1.05 s and would be back at 1.1 s."""
    plan = a_faulty_plan("mutex_double_checked", duration=2 * SECOND, crashes=(a_crash(at=at),))
    events, counted = told(plan)
    (death,) = of(ProcessEnded, events)

    assert issues(events) == [(1_050_000, "p0")]
    assert adopted(events) == []
    assert (death.in_flight, counted.clients.unknown) == (1, 1)


def test_a_token_issued_and_not_stored_is_an_orphan_that_takes_somebody_elses_place():
    """Two processes and a cap of two: without the crash nobody is ever refused.

    Process 0 has token 1, process 1 token 2, from 10 s later on. At 121.85 s process 0 has token 3
    issued, which evicts its own token 1, and dies with it at 121.95 s. Born again at 122.95 s it
    asks at 123.95 s: token 4 evicts the oldest, which is process 1's.
    """
    plan = a_faulty_plan(
        "mutex_double_checked",
        processes=2,
        cap=2,
        start_spread=20 * SECOND,
        duration=140 * SECOND,
        crashes=(a_crash(at=MINUTE, point="issued_not_stored"),),
    )
    events, _ = told(plan)
    refused = of(CallRefused, events)
    undisturbed, _ = told(
        a_faulty_plan(
            "mutex_double_checked",
            processes=2,
            cap=2,
            start_spread=20 * SECOND,
            duration=140 * SECOND,
        )
    )

    assert of(CallRefused, undisturbed) == []
    assert [event.at for event in of(ProcessEnded, events)] == [121_950_000]
    evicted = [(event.at, event.token) for event in of(TokenEvicted, events)]
    assert evicted[:2] == [(121_900_000, 1), (124 * SECOND, 2)]
    assert {event.asked_by for event in refused} == {"p1.w0"}
    assert {(event.token, event.cause) for event in refused} == {(2, "evicted")}
    assert (3 in {token for _, token in adopted(events)}) is False


@pytest.mark.parametrize(
    ("point", "tokens", "next_holder_at"),
    [
        # Process 0 holds the lease from 1.0015 s; it lapses 10 s later, and the next poll finds
        # that; a look into the store and the request follow.
        ("before_issue", 1, 11_064_000),
        ("issued_not_stored", 2, 11_060_000),
        # The token is there, though the lease is not given back: nobody needs it.
        ("stored_not_released", 1, 1_053_000),
    ],
)
def test_a_lease_of_the_dead_lapses(point, tokens, next_holder_at):
    """Two processes ask at 1 s; the one that got the lease dies with it."""
    plan = a_faulty_plan(
        "shared_lock", processes=2, duration=30 * SECOND, crashes=(a_crash(point=point),)
    )
    events, counted = told(plan)

    assert len(of(ProcessEnded, events)) == 1
    assert len(issues(events)) == tokens
    assert issues(events)[-1][0] == next_holder_at
    assert ended(counted)["refused"] == 0


@pytest.mark.parametrize(
    ("point", "dies_at", "tokens"),
    [
        ("before_issue", 1_003_000, 1),
        ("issued_not_stored", 1_103_000, 2),
        # Written but not committed: the transaction is undone.
        ("stored_not_released", 1_104_000, 2),
    ],
)
def test_a_row_lock_of_the_dead_ends_with_it(point, dies_at, tokens):
    """Process 1 has waited in the store; it has its token a moment after the death."""
    plan = a_faulty_plan(
        "sql_row_lock", processes=2, duration=20 * SECOND, crashes=(a_crash(point=point),)
    )
    events, _ = told(plan)

    assert [event.at for event in of(ProcessEnded, events)] == [dies_at]
    assert len(issues(events)) == tokens
    at, by = issues(events)[-1]
    assert by == "p1"
    assert 0 < at - dies_at < 60 * MILLISECOND


def test_a_point_that_nobody_comes_to_strikes_nobody():
    """A token kept in memory is stored nowhere: the fault did not happen, and the trace says so."""
    crash = a_crash(point="stored_not_released")
    events, _ = told(a_faulty_plan("single_flight", crashes=(crash,)))

    assert of(FaultStruck, events) == []


@pytest.mark.parametrize(
    ("preset", "refused_after", "last"),
    [("shared_lock", True, (0, 1)), ("lease_cas", False, (0, 2))],
)
def test_a_holder_that_stands_still_past_its_lease_comes_back_with_a_dead_token(
    preset, refused_after, last
):
    """Process 0 has asked for token 1 and stands still from 1.06 s to 16.06 s.

    At 11 s its lease lapses and process 1 has token 2 issued, which evicts token 1. When process 0
    goes on it writes token 1: over token 2 where nothing compares, and not where versions are.
    """
    pause = Pause(fault=0, at=1_060_000, process=0, span=15 * SECOND)
    events, _ = told(a_faulty_plan(preset, processes=2, duration=MINUTE, pauses=(pause,)))

    assert [by for _, by in issues(events)] == ["p0", "p1"]
    assert issues(events)[1][0] > 11 * SECOND
    assert adopted(events)[:2] == [(1, 2), last]
    assert bool(of(CallRefused, events)) is refused_after


def test_operations_due_in_a_pause_begin_when_it_ends():
    """Two operations a second, of which a pause from 30 s to 40 s keeps 20 waiting.

    They are due at 30, 30.5, ... 39.5 s, begin at 40 s and are counted from when they were due, so
    they take 0.55 to 10.05 s: 11 of 199 take longer than 5 s.
    """
    pause = Pause(fault=0, at=30 * SECOND, process=0, span=10 * SECOND)
    plan = a_faulty_plan(
        "mutex_double_checked",
        workers=2,
        duration=100 * SECOND,
        arrivals=Rate(2.0),
        pauses=(pause,),
    )
    _, counted = told(plan)
    latency = counted.clients.latency

    assert ended(counted) == {"ok": 199, "refused": 0, "unknown": 0}
    assert latency.quantile(1 - 10 / 199) > 5 * SECOND
    assert latency.quantile(1 - 12 / 199) < 5 * SECOND
    assert 9 * SECOND < latency.quantile(1) < 11 * SECOND


def test_a_pause_within_a_pause_ends_with_the_longer():
    """5 s to 15 s and 8 s to 10 s: one worker makes its calls up to 4.25 s and from 15 s on."""
    pauses = (
        Pause(fault=0, at=5 * SECOND, process=0, span=10 * SECOND),
        Pause(fault=1, at=8 * SECOND, process=0, span=2 * SECOND),
    )
    plan = a_faulty_plan("mutex_double_checked", duration=20 * SECOND, pauses=pauses)
    _, counted = told(plan)

    # 1 s; 2.15, 3.2, 4.25 s; due at 5.3 s and begun at 15 s, then 16.05, 17.1, 18.15, 19.2 s.
    assert ended(counted)["ok"] == 9


def test_a_process_that_stands_still_to_the_end_is_no_deadlock():
    """Both workers wait for a token, and will not hear of it before the run is over."""
    pause = Pause(fault=0, at=1_060_000, process=0, span=MINUTE)
    plan = a_faulty_plan("single_flight", workers=2, duration=20 * SECOND, pauses=(pause,))
    _, counted = told(plan)

    assert ended(counted) == {"ok": 0, "refused": 0, "unknown": 0}


def test_a_process_killed_while_it_stands_still_begins_anew():
    """Stopped from 5 s for a minute, killed at 10 s, back at 11 s: it does not wait for the end of
    the pause."""
    plan = a_faulty_plan(
        "mutex_double_checked",
        duration=20 * SECOND,
        pauses=(Pause(fault=1, at=5 * SECOND, process=0, span=MINUTE),),
        crashes=(a_crash(at=10 * SECOND),),
    )
    events, _ = told(plan)

    assert issues(events) == [(1_050_000, "p0"), (12_050_000, "p0")]


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


@pytest.mark.parametrize(
    ("off", "refreshed_at"),
    [
        # Old at 121.1 s; the next call is wanted at 2.15 + 114 * 1.05 = 121.85 s.
        (None, 121_900_000),
        # 30 s ahead: old at 91.1 s, found at 2.15 + 85 * 1.05 = 91.4 s.
        ((MINUTE, 30 * SECOND, 0), 91_450_000),
        # 30 s behind: old at 151.1 s, found at 2.15 + 142 * 1.05 = 151.25 s.
        ((MINUTE, -30 * SECOND, 0), 151_300_000),
        # A tenth fast since 11.1 s: the 110 s left take 100 s; found at 2.15 + 104 * 1.05.
        ((11_100_000, 0, 100_000), 111_400_000),
        # A twentieth slow since 26.1 s: the 95 s left take 100 s; found at 2.15 + 119 * 1.05.
        ((26_100_000, 0, -50_000), 127_150_000),
    ],
)
def test_a_clock_that_is_off_moves_the_refresh_by_just_that(off, refreshed_at):
    """The token was dated by the clock while it was right."""
    clocks = ()
    if off is not None:
        at, offset, drift_ppm = off
        clocks = (ClockOff(fault=0, at=at, process=0, offset=offset, drift_ppm=drift_ppm),)
    plan = a_faulty_plan("mutex_double_checked", duration=160 * SECOND, clocks=clocks)
    events, counted = told(plan)

    assert issues(events) == [(1_050_000, "p0"), (refreshed_at, "p0")]
    assert counted.skipped > 100


def test_a_clock_stays_off_through_a_restart():
    """30 s ahead from the start, born again at 60 s: its token comes at 61.1 s and is dated 30 s
    later, as is all that it is compared with, so it is refreshed after 120 s all the same."""
    plan = a_faulty_plan(
        "mutex_double_checked",
        duration=200 * SECOND,
        clocks=(ClockOff(fault=0, at=0, process=0, offset=30 * SECOND, drift_ppm=0),),
        replacements=(Replace(fault=1, at=MINUTE, process=0),),
    )
    events, _ = told(plan)

    assert issues(events)[1][0] == 61_050_000
    assert 181_100_000 < issues(events)[2][0] < 182_200_000


def test_a_timer_set_by_a_clock_that_jumps_rings_when_it_would_have():
    """It sleeps from 1.1 s for 80 % of three minutes, whatever the hour is said to be; calm must
    not last beyond it."""
    plan = a_faulty_plan(
        "timer_refresh",
        duration=200 * SECOND,
        clocks=(ClockOff(fault=0, at=MINUTE, process=0, offset=-MINUTE, drift_ppm=0),),
    )
    events, _ = told(plan)
    early = 1_100_000 + 144 * SECOND - 10 * SECOND

    assert early <= issues(events)[1][0] - 50 * MILLISECOND <= early + 10 * SECOND


@pytest.mark.parametrize(
    ("control", "outcomes"),
    [(None, (1, 0)), (LeaderFlight(), (1, 2))],
    ids=["a detached flight", "a flight that the leader flies"],
)
def test_cancelling_the_leader_takes_down_only_a_flight_that_is_its_own(control, outcomes):
    """Three workers look into the store at 1 s; when the request leaves at 1.003 s one has led, and
    two wait for it. It ends as unknown; the two fail with it, or hear of the token."""
    cancel = CancelLeader(fault=0, at=0, process=0)
    plan = a_faulty_plan("lease_cas", workers=3, duration=10 * SECOND, cancellations=(cancel,))
    if control is not None:
        plan = replace(plan, recipe=replace(plan.recipe, control=control))
    events, counted = told(plan)
    (struck,) = of(FaultStruck, events)

    assert SECOND < struck.at < issues(events)[0][0]
    assert (ended(counted)["unknown"], ended(counted)["refused"]) == outcomes


def test_a_refresh_that_nobody_waits_for_has_no_leader_to_cancel():
    """The timer asks again at 80 % of the life; the process's first token somebody waited for."""
    cancel = CancelLeader(fault=0, at=MINUTE, process=0)
    plan = a_faulty_plan("timer_refresh", duration=170 * SECOND, cancellations=(cancel,))
    events, _ = told(plan)

    assert len(issues(events)) == 2
    assert of(FaultStruck, events) == []


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


def test_news_from_the_broker_waits_for_a_process_that_stands_still():
    """The broker renews at 144 s, 80 % of the life; process 0 stands still from 140 to 150 s."""
    pause = Pause(fault=0, at=140 * SECOND, process=0, span=10 * SECOND)
    plan = a_faulty_plan("token_broker", processes=2, cap=2, duration=160 * SECOND, pauses=(pause,))
    events, _ = told(plan)
    (_, second), (_, first) = sorted(
        ((event.process, event.at) for event in of(TokenAdopted, events) if event.token == 2),
        reverse=True,
    )

    assert second < 146 * SECOND
    assert 150 * SECOND <= first < 152 * SECOND
