"""From what a user wrote to what an engine runs: one strategy, one seed, domain values only.

``time_scale`` is applied here (analysis multiplies by it, to show the scenario's time again).
Lifetimes, think times, rates, durations and those spans of a strategy that belong to a token's
lifetime shrink by it. Latencies, timeouts and lock times do not: they belong to machines and
networks, which cannot be hurried.
"""

from dataclasses import dataclass, field, replace

from simulator.arrivals import Arrivals, Closed, Constant, Poisson
from simulator.clock import SECOND, Ticks, shrunk
from simulator.distributions import PER_MILLION, Distribution, hurried
from simulator.fleet.agenda import OperationMix
from simulator.fleet.names import user_id
from simulator.network.links import PER_MILLE, Link, Links
from simulator.provider.app import App, Credentials
from simulator.provider.bursts import Bursts
from simulator.provider.endpoints import Provider
from simulator.provider.lifecycle import RotateSecret
from simulator.provider.limits import ApiLimits
from simulator.provider.messages import TokenRequest
from simulator.provider.policy import TokenPolicy
from simulator.rng import Streams
from simulator.scenario import Scenario, StrategyChoice
from simulator.scenario.store_choice import SCHEMES, StoreChoice, StoreName
from simulator.scenario.workload_section import ClosedArrivals, PoissonArrivals
from simulator.simulation.fleet_faults import FleetFaults
from simulator.simulation.planned_faults import partitions, provider_faults
from simulator.simulation.planned_fleet_faults import fleet_faults, recipe_of
from simulator.simulation.provider_faults import ProviderFaults
from simulator.simulation.shrinking import hurried_policy
from simulator.strategies.compose import Recipe

EPOCH = 1_767_225_600
"""Tick 0 on the provider's wall clock, in Unix seconds: 2026-01-01 00:00 UTC, in every run."""

THE_APP = App(
    credentials=Credentials(
        client_id="tokenrace-client",
        client_secret="tokenrace-secret",  # noqa: S106 - the mock's own
        account_id="tokenrace-account",
    )
)
"""The one app whose token everybody fights for."""

SECOND_MINTER = "second-minter"
TRIAL = "trial"
"""Who asks for tokens with the app's credentials and is no part of the fleet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetPlan:
    """The client app. ``start_spread`` is the span over which its processes start, evenly."""

    processes: int
    workers: int
    start_spread: Ticks
    arrivals: Arrivals
    mix: OperationMix
    timeout: Ticks

    def starts_at(self, process: int) -> Ticks:
        """Return the instant ``process`` starts."""
        return self.start_spread * process // self.processes

    def number_of(self, process: int, worker: int) -> int:
        """Return a worker's number through the whole fleet, from 0."""
        return process * self.workers + worker

    def users(self, processes: int) -> list[str]:
        """Return the users in whose names the workers of ``processes`` processes make meetings, in
        order of the workers."""
        return [
            user_id(process, worker)
            for process in range(processes)
            for worker in range(self.workers)
        ]

    def size(self) -> int:
        """Return the number of workers of the whole fleet."""
        return self.processes * self.workers


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPlan:
    """Everything that decides one run. ``strategy`` is its name in the results.

    ``server`` says where a store is that is a server; None for one that is not.
    """

    scenario: str
    strategy: str
    composition: Recipe
    seed: int
    duration: Ticks
    app: App
    policy: TokenPolicy
    fleet: FleetPlan
    links: Links
    store: StoreName
    store_timeout: Ticks = SECOND
    server: StoreChoice | None = None
    limits: ApiLimits | None = None
    provider_faults: ProviderFaults = field(default_factory=ProviderFaults)
    fleet_faults: FleetFaults = field(default_factory=FleetFaults)

    def provider(self) -> Provider:
        """Return the provider as it is when the run begins."""
        bursts = Bursts(self.provider_faults.bursts, Streams(self.seed))
        provider = Provider(self.app, self.policy, self.limits, bursts)
        for user in self.fleet.users(self.fleet_faults.processes_max(self.fleet.processes)):
            provider.meetings.enrol(user)
        return provider

    def newest_credentials(self, at: Ticks) -> Credentials:
        """Return the app's credentials at ``at``, with the secret that no later one has replaced
        by then."""
        rotations = [
            (planned.at, planned.change.new_secret)
            for planned in self.provider_faults.changes
            if isinstance(planned.change, RotateSecret) and planned.at <= at
        ]
        if not rotations:
            return self.app.credentials
        return replace(self.app.credentials, client_secret=max(rotations, key=_instant)[1])

    def token_request(self, asked_by: str, credentials: Credentials) -> TokenRequest:
        """Return the request for a token in the name of ``asked_by``."""
        return TokenRequest(
            client_id=credentials.client_id,
            client_secret=credentials.client_secret,
            grant_type="account_credentials",
            account_id=credentials.account_id,
            asked_by=asked_by,
        )


def _instant(rotation: tuple[Ticks, str]) -> Ticks:
    return rotation[0]


def plan_run(scenario: Scenario, choice: StrategyChoice, seed: int, time_scale: float) -> RunPlan:
    """Return the plan of one run of ``scenario``, ``time_scale`` times as fast as written."""
    return RunPlan(
        scenario=scenario.name,
        strategy=choice.name,
        composition=recipe_of(choice, time_scale),
        seed=seed,
        duration=shrunk(scenario.run.duration, time_scale),
        app=THE_APP,
        policy=hurried_policy(scenario.provider.policy(), time_scale),
        fleet=_fleet(scenario, time_scale),
        links=_links(scenario, time_scale),
        store=scenario.store.kind,
        store_timeout=scenario.network.store_timeout,
        server=scenario.store if scenario.store.kind in SCHEMES else None,
        limits=scenario.provider.limits(),
        provider_faults=provider_faults(scenario, time_scale),
        fleet_faults=fleet_faults(scenario, time_scale),
    )


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
    )


def _links(scenario: Scenario, time_scale: float) -> Links:
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
        partitions=partitions(scenario, time_scale),
    )
