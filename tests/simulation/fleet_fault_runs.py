"""Runs in which something befalls the fleet, and what they leave, stepped and skipped alike."""

from dataclasses import asdict, replace

from tests.simulation.virtual_runs import a_plan, a_run
from tokenrace.arrivals import Closed
from tokenrace.clock import MINUTE, SECOND
from tokenrace.distributions import Constant
from tokenrace.faults.planned import Crash
from tokenrace.faults.schedule import FleetFaults
from tokenrace.simulation.counted import Counted
from tokenrace.simulation.plan import RunPlan
from tokenrace.trace.events import Event, TokenAdopted, TokenIssued

EVERY_SECOND = Closed(Constant(SECOND))


def a_faulty_plan(preset, *, duration=5 * MINUTE, arrivals=EVERY_SECOND, **faults) -> RunPlan:
    """A plan of ``preset``; what is no kind of fault in ``faults`` is for ``a_plan``."""
    of_the_fleet = {name: faults.pop(name) for name in FleetFaults.__slots__ if name in faults}
    plan = a_plan(preset, duration=duration, arrivals=arrivals, **faults)
    return replace(plan, fleet_faults=FleetFaults(**of_the_fleet))


def told(plan: RunPlan) -> tuple[list[Event], Counted]:
    """What ``plan`` leaves when calm time is skipped, which stepping leaves as well."""
    events, counted = a_run(plan)
    stepped_events, stepped = a_run(plan, skips_calm=False)
    assert events == stepped_events
    assert asdict(counted.provider) == asdict(stepped.provider)
    assert counted.clients.operations == stepped.clients.operations
    assert counted.clients.unknown == stepped.clients.unknown
    assert counted.clients.latency.counts() == stepped.clients.latency.counts()
    return events, counted


def of(kind, events):
    """Return those of ``events`` that are of ``kind``."""
    return [event for event in events if isinstance(event, kind)]


def ended(counted: Counted) -> dict[str, int]:
    """How many operations ended, by how."""
    return {outcome: sum(bins) for outcome, bins in counted.clients.operations.items()}


def a_crash(*, at=0, point=None, restart=SECOND) -> Crash:
    """Process 0 is killed."""
    return Crash(fault=0, at=at, process=0, point=point, restart=restart)


def issues(events):
    """When each token was issued, and to whom."""
    return [(event.at, event.asked_by) for event in of(TokenIssued, events)]


def adopted(events):
    """Which token each process began to use, in order."""
    return [(event.process, event.token) for event in of(TokenAdopted, events)]
