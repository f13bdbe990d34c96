"""The storm law: where a fleet that has a token issued on every 401 falls into a storm, and for how
long. Nothing in it is fitted; docs/storm.md and docs/sweeps.md derive it and say where it holds.
"""

import math

from tokenrace.arrivals import Closed
from tokenrace.simulation.plan import RunPlan
from tokenrace.strategies.composition import Composition
from tokenrace.strategies.fleet_scope import SharedCache
from tokenrace.strategies.on_401 import Issue


def storm_threshold(plan: RunPlan, cap: int) -> float:
    """Return how many workers make a storm under ``cap`` last as long as the run, on average."""
    low, high = 0.0, 1.0
    while storm_life(plan, high, cap) < plan.duration:
        low, high = high, 2 * high
    for _ in range(40):
        middle = (low + high) / 2
        if storm_life(plan, middle, cap) < plan.duration:
            low = middle
        else:
            high = middle
    return high


def outlasts_the_run(plan: RunPlan) -> bool:
    """Return whether a storm of the fleet of ``plan`` lasts as long as its run, or longer.

    Only where the law holds: one shared store, a token issued on every 401 without a comparison,
    closed workload, a cap on live tokens. False for any other.
    """
    made, cap = plan.recipe, plan.policy.live_tokens
    if not isinstance(made, Composition) or cap is None:
        return False
    is_shared = isinstance(made.scope, SharedCache) and isinstance(made.on_401, Issue)
    if not is_shared or not isinstance(plan.fleet.arrivals, Closed):
        return False
    return storm_life(plan, plan.fleet.size(), cap) >= plan.duration


def storm_life(plan: RunPlan, workers: float, cap: int) -> float:
    """Return how long a storm of so many workers lasts on average under ``cap``, in ticks.

    In a storm every operation is refused and has a token issued, at random with the rate r =
    workers / cycle. What one issue brings about takes a loop: the answer's way, the store, the next
    request's way and its 401's, the next issue's way. The storm ends when fewer than ``cap`` tokens
    are issued in a loop, so that one lives long enough to be used: after each issue with
    probability P(Poisson(r * loop) < cap).
    """
    token, api, store = round_trips(plan)
    assert isinstance(plan.fleet.arrivals, Closed)
    loop = token + store + api
    rate = workers / (plan.fleet.arrivals.think.mean() + 2 * (store + api) + token)
    ends = rate * poisson_below(cap, rate * loop)
    return 1 / ends if ends else math.inf


def storm_onset(plan: RunPlan, cap: int) -> float:
    """Return how many workers a storm needs to feed itself at all under ``cap``: in the mean field.

    A first call carries the token that was stored when it read. From that token's issue it takes
    age = (token + api) / 2 + store until the call arrives; whatever is issued meanwhile counts
    against it, so with r issues per second it is refused with q = P(Poisson(m) >= cap), m = r age.
    Each refusal has one token issued, and makes the operation longer by a token call, a store and
    an API trip:

        r = W * q / (calm + q * more),  calm = think + store + api,  more = token + store + api

    r = 0 always solves it: that is calm. A second solution, the storm, needs some m with
    W = m * (calm + q * more) / (age * q); the least such W is returned, from a fine grid of m: the
    function has one minimum, below cap + 10 * sqrt(cap) + 10. Above it both states exist, and it
    takes a trigger to get from calm to storm. It knows no chance: near it a storm dies in seconds,
    and with a cap of 1, where m / q is least at m = 0, it says nothing of use. How long a storm
    lasts, ``storm_life`` says.
    """
    token, api, store = round_trips(plan)
    assert isinstance(plan.fleet.arrivals, Closed)
    calm, more = plan.fleet.arrivals.think.mean() + store + api, token + store + api
    age = (token + api) / 2 + store
    steps = range(1, round(100 * (cap + 10 * math.sqrt(cap) + 10)))
    shares = ((step / 100, 1 - poisson_below(cap, step / 100)) for step in steps)
    return min(m * (calm + q * more) / (age * q) for m, q in shares if q > 0)


def round_trips(plan: RunPlan) -> tuple[float, float, float]:
    """Return the mean round trips of the token endpoint, the API and the store."""
    links = plan.links
    return links.token.round_trip.mean(), links.api.round_trip.mean(), links.store.round_trip.mean()


def poisson_below(count: int, mean: float) -> float:
    """Return P(Poisson(mean) < count)."""
    term = below = math.exp(-mean)
    for k in range(1, count):
        term *= mean / k
        below += term
    return below
