"""Small runs on virtual time, and what they leave."""

from tokenrace.arrivals import Closed
from tokenrace.clock import MILLISECOND, MINUTE, SECOND, Ticks
from tokenrace.distributions import Constant, Exponential
from tokenrace.fleet.agenda import OperationMix
from tokenrace.network.links import Link, Links
from tokenrace.provider.policy import TokenPolicy
from tokenrace.simulation.counted import Counted
from tokenrace.simulation.plan import THE_APP, FleetPlan, RunPlan
from tokenrace.simulation.virtual.engine import VirtualEngine
from tokenrace.strategies.composing import override
from tokenrace.trace.events import Event

TOKEN_TRIP, API_TRIP = 100 * MILLISECOND, 50 * MILLISECOND
"""Round trips; a request takes effect when half of its own has passed."""
LIFETIME, LEEWAY = 3 * MINUTE, MINUTE
ROTATION = LIFETIME - LEEWAY
"""How long a process that nobody disturbs keeps a token."""


class Kept:
    """A sink that keeps every event."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def write(self, event: Event) -> None:
        """Keep one event."""
        self.events.append(event)


def a_run(plan: RunPlan, *, skips_calm: bool = True) -> tuple[list[Event], Counted]:
    """Run ``plan``; return its events and what was counted."""
    sink = Kept()
    counted = VirtualEngine(skips_calm=skips_calm).run(plan, sink, lambda at: None)
    return sink.events, counted


def a_plan(
    preset: str = "mutex_double_checked",
    *,
    processes: int = 1,
    workers: int = 1,
    cap: int | None = 1,
    duration: Ticks = 10 * ROTATION,
    start_spread: Ticks = 0,
    arrivals=None,
    token_trip: Ticks = TOKEN_TRIP,
    api_trip: Ticks = API_TRIP,
    timeout: Ticks = MINUTE,
    mix=(("get_user", 1),),
    lifetime: Ticks = LIFETIME,
    seed: int = 1,
) -> RunPlan:
    """A plan of ``preset``; workers think 5 s on average unless ``arrivals`` say otherwise."""
    return RunPlan(
        scenario="small",
        strategy=preset,
        recipe=override(preset, ()),
        seed=seed,
        duration=duration,
        app=THE_APP,
        policy=TokenPolicy(lifetime=lifetime, live_tokens=cap),
        fleet=FleetPlan(
            processes=processes,
            workers=workers,
            start_spread=start_spread,
            arrivals=arrivals or Closed(Exponential(5 * SECOND)),
            mix=OperationMix.of(dict(mix)),
            timeout=timeout,
        ),
        links=Links(
            token=Link(round_trip=Constant(token_trip)),
            api=Link(round_trip=Constant(api_trip)),
            store=Link(round_trip=Constant(MILLISECOND)),
        ),
        store="sqlite",
    )
