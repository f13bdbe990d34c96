"""The fleets of the benchmarks on the virtual engine: real strategies, provider and counts."""

from tokenrace.arrivals import Closed
from tokenrace.clock import HOUR, MILLISECOND, MINUTE, SECOND, Ticks
from tokenrace.distributions import Constant, Exponential, Uniform
from tokenrace.engine.ties import Fifo
from tokenrace.fleet.agenda import OperationMix
from tokenrace.network.links import Link, Links
from tokenrace.provider.policy import TokenPolicy
from tokenrace.simulation.counted import Counted
from tokenrace.simulation.plan import THE_APP, FleetPlan, RunPlan
from tokenrace.simulation.virtual.run import run_on_virtual_time
from tokenrace.strategies.composing import override
from tokenrace.trace.events import Event


class Discarded:
    """A sink that keeps nothing: trace and plots are not what is measured."""

    def write(self, event: Event) -> None:
        """Take one event."""


def a_fleet(
    preset: str,
    duration: Ticks,
    *,
    processes: int = 4,
    workers: int = 50,
    cap: int = 2,
    think: Ticks = 10 * SECOND,
    start_spread: Ticks = 0,
) -> RunPlan:
    """Think 10 s, token and API round trips of 0.2 s, tokens of one hour."""
    return RunPlan(
        scenario="benchmark",
        strategy=preset,
        recipe=override(preset, ()),
        seed=1,
        duration=duration,
        app=THE_APP,
        policy=TokenPolicy(lifetime=HOUR, live_tokens=cap),
        fleet=FleetPlan(
            processes=processes,
            workers=workers,
            start_spread=start_spread,
            arrivals=Closed(Exponential(think)),
            mix=OperationMix.of({"get_user": 1}),
            timeout=MINUTE,
        ),
        links=Links(
            token=Link(round_trip=Constant(200 * MILLISECOND)),
            api=Link(round_trip=Uniform(100 * MILLISECOND, 300 * MILLISECOND)),
            store=Link(round_trip=Constant(MILLISECOND)),
        ),
        store="sqlite",
    )


def run(plan: RunPlan, *, skips_calm: bool) -> Counted:
    """Run ``plan``; nothing is written."""
    return run_on_virtual_time(
        plan, Discarded(), lambda at: None, ties=Fifo(), skips_calm=skips_calm
    )


def requests(counted: Counted) -> int:
    """Return how many API responses a run had."""
    return sum(counted.provider.responses)
