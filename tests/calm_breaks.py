"""What happens in a run that could break a calm, so that a test can tell what it has compared."""

from collections import Counter

from simulator.simulation.plan import SECOND_MINTER, RunPlan
from simulator.trace.events import AppChanged, FaultStruck, TokenEvicted, TokenIssued

BURST = 0
"""The number of every burst among the faults of a generated run."""
BREAKS_CALM = (
    "a 401",
    "a burst",
    "a change of the app",
    "a partition",
    "a second minter",
    "an answer that never came",
    "an eviction",
)


class Breaks:
    """Counts runs by what happened in them: those in which calm was skipped, and the others."""

    def __init__(self):
        self.of_calm = Counter()
        self.of_stepped = Counter()

    def take(self, plan: RunPlan, events, counted):
        """Count one run, of ``plan``."""
        counts = self.of_calm if counted.skipped else self.of_stepped
        counts.update({"anything", *_met(plan, events, counted)})


def _met(plan: RunPlan, events, counted) -> set[str]:
    answers = counted.provider.statuses
    strikes = [event.fault for event in events if isinstance(event, FaultStruck)]
    issues = [event.asked_by for event in events if isinstance(event, TokenIssued)]
    found = {
        "a 401": 401 in answers,
        "a burst": BURST in strikes,
        "a change of the app": any(isinstance(event, AppChanged) for event in events),
        "a partition": bool(plan.links.partitions),
        "a rate limit": plan.limits is not None and 429 in answers,
        "a second minter": SECOND_MINTER in issues,
        "an answer that never came": counted.clients.unknown > 0,
        "an eviction": any(isinstance(event, TokenEvicted) for event in events),
    }
    return {name for name, is_met in found.items() if is_met}
