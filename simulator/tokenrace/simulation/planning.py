"""From what a user wrote to what an engine runs: one strategy, one seed, domain values only.

``time_scale`` is applied here (analysis multiplies by it, to show the scenario's time again).
Lifetimes, think times, rates, durations and those spans of a strategy that belong to a token's
lifetime shrink by it. Latencies, timeouts and lock times do not: they belong to machines and
networks, which cannot be hurried.
"""

from tokenrace.arrivals import Arrivals, Closed, Constant, Poisson
from tokenrace.clock import shrunk
from tokenrace.distributions import PER_MILLION, Distribution, hurried
from tokenrace.faults.kinds import plan_faults
from tokenrace.faults.schedule import FleetFaults, ProviderFaults
from tokenrace.fleet.agenda import OperationMix
from tokenrace.network.fates import Partition
from tokenrace.network.links import PER_MILLE, Link, Links
from tokenrace.provider.time_scale import hurried_policy
from tokenrace.scenario import Scenario, StrategyChoice
from tokenrace.scenario.store_choice import SCHEMES
from tokenrace.scenario.workload_section import ClosedArrivals, PoissonArrivals
from tokenrace.simulation.plan import THE_APP, FleetPlan, RunPlan
from tokenrace.strategies.compose import Recipe
from tokenrace.strategies.composing import composed_of
from tokenrace.strategies.composition import scaled


def plan_run(scenario: Scenario, choice: StrategyChoice, seed: int, time_scale: float) -> RunPlan:
    """Return the plan of one run of ``scenario``, ``time_scale`` times as fast as written."""
    planned = plan_faults(
        scenario.faults,
        time_scale=time_scale,
        processes=scenario.fleet.processes,
        provider=scenario.provider,
        recipe_of=recipe_of,
    )
    cuts = tuple(fault for fault in planned if isinstance(fault, Partition))
    return RunPlan(
        scenario=scenario.name,
        strategy=choice.name,
        recipe=recipe_of(choice, time_scale),
        seed=seed,
        duration=shrunk(scenario.run.duration, time_scale),
        app=THE_APP,
        policy=hurried_policy(scenario.provider.policy(), time_scale),
        fleet=_fleet(scenario, time_scale),
        links=_links(scenario, cuts),
        store=scenario.store.kind,
        store_timeout=scenario.network.store_timeout,
        server=scenario.store if scenario.store.kind in SCHEMES else None,
        limits=scenario.provider.limits(),
        provider_faults=ProviderFaults.of(planned),
        fleet_faults=FleetFaults.of(planned),
    )


def recipe_of(choice: StrategyChoice, time_scale: float) -> Recipe:
    """Return what ``choice`` names, ``time_scale`` times as fast; code of the user's as it is."""
    if choice.own is not None:
        return choice.own
    composition = composed_of(choice.preset, dict(choice.axes), choice.settings)
    return scaled(composition, time_scale)


def _fleet(scenario: Scenario, time_scale: float) -> FleetPlan:
    arrivals = scenario.workload.arrivals
    law: Arrivals
    if isinstance(arrivals, ClosedArrivals):
        law = Closed(hurried(arrivals.think, time_scale))
    elif isinstance(arrivals, PoissonArrivals):
        law = Poisson(arrivals.rate.hz * time_scale)
    else:
        law = Constant(arrivals.rate.hz * time_scale)
    return FleetPlan(
        processes=scenario.fleet.processes,
        workers=scenario.fleet.workers,
        start_spread=shrunk(scenario.fleet.start, time_scale),
        arrivals=law,
        mix=OperationMix.of(scenario.workload.operations),
        timeout=scenario.workload.timeout,
        token_timeout=scenario.workload.token_timeout,
    )


def _links(scenario: Scenario, cuts: tuple[Partition, ...]) -> Links:
    network, loss = scenario.network, scenario.network.loss
    arrival = round(network.arrival * PER_MILLE)

    def link(round_trip: Distribution, lost: float) -> Link:
        return Link(
            round_trip=round_trip,
            arrival_per_mille=arrival,
            loss_per_million=round(lost * PER_MILLION),
        )

    return Links(
        token=link(network.token, loss.token),
        api=link(network.api, loss.api),
        store=link(network.store, loss.store),
        partitions=cuts,
    )
