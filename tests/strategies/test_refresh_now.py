"""A refresh that is one request and nothing else takes no task, and changes nothing by that."""

from dataclasses import asdict, replace

import pytest

from tests.simulation.virtual_runs import a_plan, a_run
from tokenrace.arrivals import Closed
from tokenrace.clock import MILLISECOND, MINUTE, SECOND
from tokenrace.distributions import Exponential, Uniform
from tokenrace.faults.planned import Pause
from tokenrace.faults.schedule import FleetFaults
from tokenrace.network.links import Link, Links
from tokenrace.strategies.composing import composed_of
from tokenrace.trace.events import FaultStruck

WHERE_A_PAUSE_IS_TO_COME = FleetFaults(pauses=(Pause(fault=0, at=3 * MINUTE, process=0, span=1),))
"""Its refreshes are tasks: a process may stand still while it waits for a token."""


def a_storm(on_401, loss_per_million):
    """Twelve workers in three processes, one live token, delays of which no two are equal."""
    trips = Uniform(50 * MILLISECOND, 450 * MILLISECOND)
    plan = a_plan(
        "reactive_unconditional",
        processes=3,
        workers=4,
        cap=1,
        arrivals=Closed(Exponential(SECOND)),
        duration=3 * MINUTE,
    )
    token = Link(round_trip=trips, loss_per_million=loss_per_million)
    return replace(
        plan,
        links=Links(token=token, api=Link(round_trip=trips), store=plan.links.store),
        recipe=composed_of("reactive_unconditional", {"on_401": on_401}, [("retries", 1)]),
    )


@pytest.mark.parametrize("loss_per_million", [0, 100_000])
@pytest.mark.parametrize("on_401", ["mint", "mint_if_same", "evict", "evict_if_same"])
def test_without_a_task_a_storm_takes_the_same_course(on_401, loss_per_million):
    """The same plan with a pause at its very end, for which every refresh is a task: the same
    events to the microsecond, and the same counts. Enough refreshes to mean something."""
    plan = a_storm(on_401, loss_per_million)
    events, counted = a_run(plan)
    in_tasks, counted_in_tasks = a_run(replace(plan, fleet_faults=WHERE_A_PAUSE_IS_TO_COME))

    assert events == [event for event in in_tasks if not isinstance(event, FaultStruck)]
    assert asdict(counted.provider) == asdict(counted_in_tasks.provider)
    assert counted.clients.operations == counted_in_tasks.clients.operations
    assert counted.clients.unknown == counted_in_tasks.clients.unknown
    assert counted.provider.tokens_issued > 100
