"""What befalls the store on virtual time, each fault with a small exact story.

A worker thinks for 1 s; a trip to the store takes 1 ms, half of it each way, a call 50 ms and a
token request 100 ms. A lone process of a fleet with a shared record has looked into the store
twice and taken the lease by 1.003 s; its token is issued at 1.053 s and written at 1.1035 s.
"""

from dataclasses import replace

import pytest

from tests.simulation.fleet_fault_runs import a_faulty_plan, ended, of, told
from tokenrace.clock import MILLISECOND, SECOND
from tokenrace.distributions import Constant
from tokenrace.faults.planned import StoreLoss, StoreTrouble
from tokenrace.network.links import Link
from tokenrace.strategies.composing import override
from tokenrace.trace.events import CallRefused, FaultStruck, TokenAdopted, TokenIssued


def trouble(kind, *, at=10 * SECOND, until=20 * SECOND, by=0) -> tuple[StoreTrouble, ...]:
    return (StoreTrouble(fault=0, at=at, until=until, kind=kind, by=by),)


def loss(kind, at=0) -> tuple[StoreLoss, ...]:
    return (StoreLoss(fault=0, at=at, kind=kind),)


def issues(events):
    """When each token was issued, and to whom."""
    return [(event.at, event.asked_by) for event in of(TokenIssued, events)]


@pytest.mark.parametrize(("store_down", "refused"), [("fail", 5), ("alone", 0)])
def test_a_store_that_is_down_is_met_as_the_scope_says(store_down, refused):
    """Calls made from 10 s to 20 s fail after the store's timeout of 1 s.

    One is wanted every 1.051 s from 2.155 s on, so at 10.563 s and then, 1 s for the timeout and
    1 s to think, every 2 s: five up to 18.563 s. Alone, a process goes on with the token it has.
    """
    plan = a_faulty_plan("shared_lock", duration=60 * SECOND, store_troubles=trouble("down"))
    recipe = override("shared_lock", [("store_down", store_down)])
    events, counted = told(replace(plan, recipe=recipe))

    assert ended(counted)["refused"] == refused
    assert len(issues(events)) == 1
    assert [event.at for event in of(FaultStruck, events)] == [10 * SECOND]
    assert counted.skipped > 30


def test_a_store_that_is_down_does_not_touch_who_needs_none():
    """The process has its token in memory."""
    plan = a_faulty_plan("single_flight", store_troubles=trouble("down"))
    _, counted = told(plan)
    undisturbed, _ = told(replace(plan, fleet_faults=type(plan.fleet_faults)()))

    assert ended(counted)["refused"] == 0
    assert len(issues(undisturbed)) == counted.provider.tokens_issued


def test_a_store_that_is_slow_is_waited_for():
    """A read made from 10 s to 20 s takes 2 s more, and the operation with it.

    Wanted at 10.563, 13.614, 16.665 and 19.716 s: four that take 2.051 s instead of 51 ms.
    """
    plan = a_faulty_plan(
        "shared_lock",
        duration=60 * SECOND,
        store_troubles=trouble("slow", by=2 * SECOND),
    )
    _, counted = told(plan)
    latency = counted.clients.latency
    total = latency.total()

    assert ended(counted)["refused"] == 0
    assert latency.quantile(1 - 3.5 / total) > 2 * SECOND > latency.quantile(1 - 4.5 / total)


def test_a_replica_that_lags_shows_an_empty_store_to_who_comes_next():
    """Reads are 5 s behind, so until 6.1 s nobody sees the first token, written at 1.1 s.

    Two processes take turns with the lease, look, find none and ask again; the cap is 1.
    """
    lagging = a_faulty_plan(
        "shared_lock",
        processes=2,
        duration=40 * SECOND,
        store_troubles=trouble("lag", at=0, until=30 * SECOND, by=5 * SECOND),
    )
    events, _ = told(lagging)
    prompt, _ = told(replace(lagging, fleet_faults=type(lagging.fleet_faults)()))

    assert len(issues(prompt)) == 1
    assert len(issues(events)) > 5
    assert max(at for at, _ in issues(events)) < 7 * SECOND
    assert of(CallRefused, events)


def test_when_a_lag_begins_reads_see_what_was_there_before_it():
    """Two tokens, written at about 1.1 s and 122 s; from 124 s on reads are 10 s behind.

    At 124 s they see the first one again, which the second has evicted, up to 132 s.
    """
    plan = a_faulty_plan(
        "shared_cache_no_lock",
        duration=140 * SECOND,
        store_troubles=trouble("lag", at=124 * SECOND, until=140 * SECOND, by=10 * SECOND),
    )
    events, _ = told(plan)
    used = [(event.at, event.token) for event in of(TokenAdopted, events)]

    assert [token for _, token in used][:2] == [1, 2]
    assert issues(events)[2][0] < 126 * SECOND  # the old one is not fresh any more: another
    assert len(issues(events)) > 3


@pytest.mark.parametrize("preset", ["shared_lock", "sql_row_lock"])
def test_a_lock_that_is_lost_has_a_second_holder_beside_the_first(preset):
    """The token endpoint takes 1 s; at 1.06 s the holder's lock is gone, and the other asks too."""
    plan = a_faulty_plan(
        preset, processes=2, duration=20 * SECOND, store_losses=loss("lock", at=1_060_000)
    )
    slow = replace(plan.links, token=Link(round_trip=Constant(SECOND)))
    events, _ = told(replace(plan, links=slow))
    safe, _ = told(replace(plan, links=slow, fleet_faults=type(plan.fleet_faults)()))

    assert [by for _, by in issues(safe)] == ["p0"]
    assert [by for _, by in issues(events)] == ["p0", "p1"]
    assert issues(events)[1][0] - issues(events)[0][0] < SECOND
    assert [event.at for event in of(FaultStruck, events)] == [1_060_000]


@pytest.mark.parametrize("preset", ["shared_lock", "sql_row_lock"])
def test_a_lock_that_nobody_holds_is_lost_when_somebody_takes_it(preset):
    """Armed at 0; the first request for a lock arrives at 1.0015 s."""
    plan = a_faulty_plan(preset, processes=2, duration=20 * SECOND, store_losses=loss("lock"))
    events, _ = told(plan)

    assert [event.at for event in of(FaultStruck, events)] == [1_001_500]
    assert [by for _, by in issues(events)] == ["p0", "p1"]


@pytest.mark.parametrize(
    ("preset", "struck_at"), [("shared_lock", 1_103_500), ("sql_row_lock", 1_104_500)]
)
def test_a_write_that_is_lost_was_acknowledged(preset, struck_at):
    """Process 0 uses its token for one call; process 1, and then process 0, find another."""
    plan = a_faulty_plan(preset, processes=2, duration=20 * SECOND, store_losses=loss("write"))
    events, counted = told(plan)
    used = [(event.process, event.token) for event in of(TokenAdopted, events)]

    assert [event.at for event in of(FaultStruck, events)] == [struck_at]
    assert [by for _, by in issues(events)] == ["p0", "p1"]
    assert used == [(0, 1), (1, 2), (0, 2)]
    assert ended(counted)["refused"] == 0


def test_a_write_that_never_comes_is_never_lost():
    """The trace lacks the fault, so the run would be inconclusive."""
    events, _ = told(a_faulty_plan("single_flight", store_losses=loss("write")))

    assert of(FaultStruck, events) == []


def test_troubles_that_overlap_end_one_by_one():
    """Down from 10 s to 20 s and from 15 s to 25 s is down from 10 s to 25 s.

    Wanted at 10.563 s and every 2 s from there: eight up to 24.563 s.
    """
    both = (*trouble("down"), *trouble("down", at=15 * SECOND, until=25 * SECOND))
    _, counted = told(a_faulty_plan("shared_lock", duration=60 * SECOND, store_troubles=both))

    assert ended(counted)["refused"] == 8


def test_a_read_under_way_when_the_store_goes_down_is_answered():
    """It left at 10.563 s and the store goes down 0.7 ms later, before the answer is back."""
    at = 10_563_700
    early = trouble("down", at=at, until=at + MILLISECOND)
    _, counted = told(a_faulty_plan("shared_lock", duration=20 * SECOND, store_troubles=early))

    assert ended(counted)["refused"] == 0
