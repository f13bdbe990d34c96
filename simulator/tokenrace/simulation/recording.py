"""One run on the virtual engine, from its plan to its record: what a runner of many runs does.

A plan and a record can be pickled, and both are small: about 1.5 kB, and 8 kB plus the events kept.
"""

from collections.abc import Collection
from dataclasses import dataclass
from importlib.metadata import version

from tokenrace.clock import Ticks
from tokenrace.errors import RunError, RunFailed
from tokenrace.simulation.counted import Counted
from tokenrace.simulation.plan import RunPlan
from tokenrace.simulation.virtual.engine import VirtualEngine
from tokenrace.trace.events import KINDS, CallRefused, Event, EventSink, FaultStruck, TrialMade
from tokenrace.trace.files import RecordedRun, TraceHeader
from tokenrace.trace.kept import Keeper

FAULTS: Collection[type[Event]] = (FaultStruck, TrialMade)
"""What the analysis needs of a run whose figures and verdicts alone are wanted."""
TOKEN_EVENTS: Collection[type[Event]] = tuple(kind for kind in KINDS if kind is not CallRefused)
"""All that happened to tokens, processes and faults: a storm's refusals are not among them."""
EVERY_EVENT: Collection[type[Event]] = KINDS

_ENGINE = VirtualEngine()
_VERSION = version("tokenrace")


@dataclass(frozen=True, slots=True)
class InMemory:
    """Makes the run of a plan and keeps the events of ``kinds`` with its counts."""

    kinds: Collection[type[Event]] = FAULTS

    def __call__(self, plan: RunPlan) -> RecordedRun | RunFailed:
        """Return the run, or why it could not go on."""
        keeper = Keeper(self.kinds)
        counted = _made(plan, keeper)
        if isinstance(counted, RunFailed):
            return counted
        counted.clients.slices.settle()  # a record that goes to another process is to be small
        return RecordedRun(
            header=header_of(plan),
            provider=counted.provider,
            clients=counted.clients,
            deaths=counted.deaths,
            trace=keeper.kept(),
        )


def header_of(plan: RunPlan) -> TraceHeader:
    """Return the header of the trace of ``plan`` on the virtual engine, which is never hurried."""
    return TraceHeader(
        scenario=plan.scenario,
        strategy=plan.strategy,
        seed=plan.seed,
        engine=VirtualEngine.name,
        duration=plan.duration,
        lifetime=plan.policy.lifetime,
        time_scale=1,
        version=_VERSION,
        lifetimes=plan.lifetimes(),
    )


def _made(plan: RunPlan, sink: EventSink) -> Counted | RunFailed:
    try:
        return _ENGINE.run(plan, sink, _unwatched)
    except RunError as error:
        return RunFailed(plan.strategy, plan.seed, str(error))


def _unwatched(_: Ticks) -> None:
    """Nobody looks at how far a run is: they are short, or somewhere else."""
