"""Processes killed on virtual time, at once or at a point of a refresh: small exact stories.

Trips and spans are those of test_fleet_faults.py: a lone process asks for its first token at 1 s,
has it at 1.1 s, and calls every 1.05 s from 2.15 s on.
"""

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
from tokenrace.clock import MILLISECOND, MINUTE, SECOND
from tokenrace.trace.events import (
    CallRefused,
    FaultStruck,
    ProcessEnded,
    ProcessStarted,
    TokenAdopted,
    TokenEvicted,
    TokenIssued,
)


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
