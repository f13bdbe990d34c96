"""What an engine runs: one strategy, one seed, domain values only, all of a run's own time.

Knows nothing of scenario files: the processes of a run on the wire load this, and not the reader.
"""

from dataclasses import dataclass, field, replace

from tokenrace.arrivals import Arrivals
from tokenrace.clock import SECOND, Ticks
from tokenrace.faults.schedule import FleetFaults, ProviderFaults
from tokenrace.fleet.agenda import OperationMix
from tokenrace.fleet.names import user_id
from tokenrace.network.links import Links
from tokenrace.provider.app import App, Credentials
from tokenrace.provider.bursts import Bursts
from tokenrace.provider.endpoints import Provider
from tokenrace.provider.lifecycle import ChangePolicy, RotateSecret
from tokenrace.provider.limits import ApiLimits
from tokenrace.provider.messages import TokenRequest
from tokenrace.provider.policy import TokenPolicy
from tokenrace.rng import Streams
from tokenrace.store_choice import StoreChoice, StoreName
from tokenrace.strategies.compose import Recipe

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
    """The client app. ``start_spread`` is the span over which its processes start, evenly.

    ``timeout`` is how long a request waits for its answer, ``token_timeout`` how long a caller
    waits for a token; None: as long as a request.
    """

    processes: int
    workers: int
    start_spread: Ticks
    arrivals: Arrivals
    mix: OperationMix
    timeout: Ticks
    token_timeout: Ticks | None = None

    def patience(self) -> Ticks:
        """Return how long a caller waits for a token."""
        return self.timeout if self.token_timeout is None else self.token_timeout

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
    recipe: Recipe
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

    def lifetimes(self) -> float:
        """Return how many lifetimes of a token the run is long: over the run, the sum of each
        stretch in which one lifetime is in force, in those lifetimes."""
        changes = [
            (planned.at, planned.change.policy.lifetime)
            for planned in self.provider_faults.changes
            if isinstance(planned.change, ChangePolicy) and planned.at < self.duration
        ]
        in_force = [(0, self.policy.lifetime), *sorted(changes, key=_at)]
        ends = [*(at for at, _ in in_force[1:]), self.duration]
        return sum(
            (end - at) / lifetime for (at, lifetime), end in zip(in_force, ends, strict=True)
        )

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


def _at(change: tuple[Ticks, Ticks]) -> Ticks:
    return change[0]


def _instant(rotation: tuple[Ticks, str]) -> Ticks:
    return rotation[0]
