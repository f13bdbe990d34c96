"""Strategies that do wrong on virtual time: the run ends with an error that says what to mend."""

import asyncio
from dataclasses import replace

import pytest

from tests.strategies.wrong_strategies import Control, block, fail, wait_for_nobody
from tokenrace.arrivals import Closed, Poisson
from tokenrace.clock import MILLISECOND, MINUTE, SECOND
from tokenrace.distributions import Constant
from tokenrace.errors import RunError
from tokenrace.fleet.agenda import OperationMix
from tokenrace.network.links import Link, Links
from tokenrace.provider.policy import TokenPolicy
from tokenrace.simulation.plan import THE_APP, FleetPlan, RunPlan
from tokenrace.simulation.virtual.engine import VirtualEngine
from tokenrace.strategies.composing import override


class Discarded:
    """A sink for events that nobody reads."""

    def write(self, event):
        """Drop one event."""


def a_plan(wrong, arrivals=None) -> RunPlan:
    link = Link(round_trip=Constant(50 * MILLISECOND))
    return RunPlan(
        scenario="wrong",
        strategy="ours",
        recipe=replace(override("single_flight", ()), control=Control(wrong)),
        seed=1,
        duration=10 * MINUTE,
        app=THE_APP,
        policy=TokenPolicy(lifetime=5 * MINUTE, live_tokens=1),
        fleet=FleetPlan(
            processes=2,
            workers=2,
            start_spread=0,
            arrivals=arrivals or Closed(Constant(SECOND)),
            mix=OperationMix.of({"get_user": 1}),
            timeout=MINUTE,
        ),
        links=Links(token=link, api=link, store=link),
        store="sqlite",
    )


def error_of(plan: RunPlan) -> str:
    with pytest.raises(RunError) as caught:
        VirtualEngine().run(plan, Discarded(), lambda at: None)
    return str(caught.value)


def test_workers_that_all_wait_for_the_token_endpoint_at_the_end_are_no_deadlock():
    """Every call issues, which takes longer than the run has left: slow, and on its way."""
    plan = a_plan(fail)
    slow = Link(round_trip=Constant(20 * SECOND))
    plan = replace(
        plan,
        recipe=override("mint_per_call", ()),
        links=replace(plan.links, token=slow),
        duration=30 * SECOND,
    )
    counted = VirtualEngine().run(plan, Discarded(), lambda at: None)

    assert sum(counted.provider.responses) > 0


@pytest.mark.parametrize("arrivals", [Closed(Constant(SECOND)), Poisson(10.0)])
def test_a_strategy_that_waits_for_nobody_is_a_deadlock_of_named_tasks(arrivals):
    """Every worker of both processes waits; the run would count nothing and look perfect."""
    text = error_of(a_plan(wait_for_nobody, arrivals))

    assert text.startswith("deadlock: tasks wait, and nothing is due that could wake them\n")
    assert "process 0: p0 token waits in" in text
    assert "process 1: p1 token waits in" in text
    assert "wait_for_nobody" in text


def test_a_strategy_that_waits_long_is_no_deadlock():
    """It sleeps past the run's end: slow, but it will wake."""

    async def sleep_long(wish):
        await asyncio.sleep(3_600)

    counted = VirtualEngine().run(a_plan(sleep_long), Discarded(), lambda at: None)

    assert sum(counted.provider.responses) == 0


def test_a_strategy_that_blocks_is_told_which_call_and_where():
    """Virtual time stands still while real time passes."""
    text = error_of(a_plan(block))

    assert "process 0: time.sleep in block" in text
    assert "would block the loop in real time; use asyncio.sleep instead" in text


def test_a_strategy_that_raises_ends_the_run_with_its_traceback():
    """The user sees their own line."""
    text = error_of(a_plan(fail))

    assert text.startswith("it raised:\nTraceback")
    assert "\nLookupError: no such secret (wrong_strategies.py:" in text
    assert 'raise LookupError("no such secret")' in text
