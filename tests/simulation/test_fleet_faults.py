"""Pauses, clocks and cancelled leaders on virtual time, each with a small exact story.

Unless a story says otherwise a worker thinks for 1 s, a token request takes 100 ms, a call 50 ms
and a trip to the store 1 ms; a token is refreshed 120 s after it came. So a lone process asks for
its first token at 1 s, has it at 1.1 s, and calls every 1.05 s from 2.15 s on.
"""

from dataclasses import replace
from functools import partial

import pytest

from tests.simulation.fleet_fault_runs import (
    a_crash,
    a_faulty_plan,
    adopted,
    ended,
    issues,
    of,
    told,
)
from tokenrace.arrivals import Constant as Rate
from tokenrace.clock import MILLISECOND, MINUTE, SECOND
from tokenrace.faults.planned import CancelLeader, ClockOff, Pause, Replace
from tokenrace.strategies.flight import LeaderFlight
from tokenrace.trace.events import (
    CallRefused,
    FaultStruck,
    TokenAdopted,
)


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


@pytest.mark.parametrize(("after", "struck_after"), [(40 * MILLISECOND, 40), (SECOND, None)])
def test_a_leader_is_cancelled_some_time_after_the_request_has_left(after, struck_after):
    """The answer takes 100 ms: 40 ms after the request has left callers wait, a second after it
    nobody does, and no other request comes in ten seconds."""
    plan = partial(a_faulty_plan, "lease_cas", workers=3, duration=10 * SECOND)
    cancels = [CancelLeader(fault=0, at=0, process=0, after=each) for each in (0, after)]
    at_once, later = (of(FaultStruck, told(plan(cancellations=(cancel,)))[0]) for cancel in cancels)

    between = [(event.at - at_once[0].at) // MILLISECOND for event in later]
    assert between == ([] if struck_after is None else [struck_after])


def test_a_refresh_that_nobody_waits_for_has_no_leader_to_cancel():
    """The timer asks again at 80 % of the life; the process's first token somebody waited for."""
    cancel = CancelLeader(fault=0, at=MINUTE, process=0)
    plan = a_faulty_plan("timer_refresh", duration=170 * SECOND, cancellations=(cancel,))
    events, _ = told(plan)

    assert len(issues(events)) == 2
    assert of(FaultStruck, events) == []


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
