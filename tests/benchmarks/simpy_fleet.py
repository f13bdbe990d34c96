"""The same fleets in SimPy, as one would write them: generators, no HTTP, no traces."""

import random
from dataclasses import dataclass

import simpy

HOUR_S = 3600.0
LEEWAY_S = 60.0


@dataclass(frozen=True)
class Modelled:
    """What a model counted."""

    requests: int


def calm_fleet(duration_s: float, workers: int = 200) -> Modelled:
    """Workers share one token, refreshed by one of them: think 10 s, token and API calls 0.2 s."""
    env = simpy.Environment()
    chance = random.Random(1)
    expires_at = [-1.0]
    flight: list[simpy.Event | None] = [None]
    requests = 0

    def worker():
        nonlocal requests
        while True:
            yield env.timeout(chance.expovariate(0.1))
            if env.now >= expires_at[0] - LEEWAY_S:
                if flight[0] is None:
                    flight[0] = env.event()
                    yield env.timeout(0.2)
                    expires_at[0] = env.now + HOUR_S
                    flight[0].succeed()
                    flight[0] = None
                else:
                    yield flight[0]
            trip = chance.uniform(0.1, 0.3)
            yield env.timeout(trip / 2)
            if env.now < expires_at[0]:
                requests += 1
            yield env.timeout(trip / 2)

    for _ in range(workers):
        env.process(worker())
    env.run(duration_s)
    return Modelled(requests)


def storm(duration_s: float, workers: int = 200) -> Modelled:
    """Every worker has a token issued after each 401, the cap is 1: hardly any call succeeds."""
    env = simpy.Environment()
    chance = random.Random(1)
    issued = 0
    held = 0
    requests = 0

    def issue():
        nonlocal issued, held
        yield env.timeout(0.1)
        issued += 1
        mine = issued
        yield env.timeout(0.1)
        held = mine

    def worker():
        nonlocal requests
        while True:
            yield env.timeout(chance.expovariate(1.0))
            for _ in range(2):
                shown = held
                trip = chance.uniform(0.1, 0.3)
                yield env.timeout(trip / 2)
                requests += 1
                is_live = shown == issued > 0
                yield env.timeout(trip / 2)
                if is_live:
                    break
                yield env.process(issue())

    for _ in range(workers):
        env.process(worker())
    env.run(duration_s)
    return Modelled(requests)
