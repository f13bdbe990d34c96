"""What ``time_scale`` does to a fleet beside letting time pass faster.

Lifetimes and pauses shrink, latencies do not. So a refresh takes a larger part of a token's life,
and more calls begin while one is under way: a stampede, or a storm, may come of the scale alone.
"""

from dataclasses import dataclass

from tokenrace.arrivals import Closed
from tokenrace.clock import SECOND, Ticks
from tokenrace.provider.lifecycle import ChangePolicy
from tokenrace.simulation.experiment import Experiment
from tokenrace.simulation.plan import RunPlan
from tokenrace.simulation.planning import plan_run
from tokenrace.simulation.storm_law import outlasts_the_run
from tokenrace.user_code.python_class import PythonClass


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshWeight:
    """What a refresh weighs in a run. ``token_call`` is the 95th percentile of the token endpoint's
    round trip, ``lifetime`` the shortest of the run's tokens, ``callers`` how many calls of one
    process begin, on average, while a token request is under way."""

    token_call: Ticks
    lifetime: Ticks
    callers: float

    @property
    def share(self) -> float:
        """Which part of a token's life a refresh takes."""
        return self.token_call / self.lifetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaling:
    """What ``time_scale`` changes, beside what it is there for.

    ``storms`` names the strategies whose storm feeds itself to the end of the run when it is
    scaled, and not at true scale; ``unscaled_code`` the classes of the user's own, in which no
    constant shrinks.
    """

    time_scale: float
    written: RefreshWeight
    scaled: RefreshWeight
    storms: tuple[str, ...]
    unscaled_code: tuple[str, ...]


def scaling_of(experiment: Experiment) -> Scaling:
    """Return what the time scale of ``experiment`` changes."""
    scale, choices = experiment.time_scale, experiment.choices
    written = [_plan(experiment, number, 1) for number in range(len(choices))]
    scaled = [_plan(experiment, number, scale) for number in range(len(choices))]
    return Scaling(
        time_scale=scale,
        written=_weight(written[0]),
        scaled=_weight(scaled[0]),
        storms=tuple(
            fast.strategy
            for slow, fast in zip(written, scaled, strict=True)
            if outlasts_the_run(fast) and not outlasts_the_run(slow)
        ),
        unscaled_code=tuple(
            plan.strategy for plan in scaled if isinstance(plan.recipe, PythonClass)
        ),
    )


def _plan(experiment: Experiment, choice: int, time_scale: float) -> RunPlan:
    return plan_run(
        experiment.scenario, experiment.choices[choice], experiment.seeds[0], time_scale
    )


def _weight(plan: RunPlan) -> RefreshWeight:
    changes = [planned.change for planned in plan.provider_faults.changes]
    later = [change.policy.lifetime for change in changes if isinstance(change, ChangePolicy)]
    trip = plan.links.token.round_trip
    return RefreshWeight(
        token_call=round(trip.quantile_95()),
        lifetime=min(plan.policy.lifetime, *later) if later else plan.policy.lifetime,
        callers=_calls_of_a_process(plan) * trip.mean(),
    )


def _calls_of_a_process(plan: RunPlan) -> float:
    """Return how many operations of one process begin in a tick, on average."""
    fleet = plan.fleet
    if isinstance(fleet.arrivals, Closed):
        api = plan.links.api.round_trip.mean()
        return fleet.workers / max(1, fleet.arrivals.think.mean() + api)
    return fleet.arrivals.rate_hz / SECOND / fleet.processes
