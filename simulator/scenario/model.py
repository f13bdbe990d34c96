"""What a scenario file says, section by section.

One model gives three things: validation, the JSON Schema for editors, and the documentation, which
is why every field has a description. Fields hold parsed values: spans are ticks, distributions are
values of ``simulator.distributions``. What scales with ``run.time_scale`` is *not* scaled here.

To add a section, write its ``Section`` class and give ``Scenario`` a field.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationInfo, model_validator

from simulator.clock import SECOND
from simulator.provider.messages import Operation
from simulator.scenario.choices import StrategyChoice
from simulator.scenario.expect_flaws import expect_flaws
from simulator.scenario.expect_section import Expectations
from simulator.scenario.fault_flaws import engine_flaws, faults_flaws, loss_flaws
from simulator.scenario.faults import EngineName, Fault, LossSection
from simulator.scenario.fields import (
    LIFETIME,
    CallRate,
    Count,
    Law,
    PositiveSpan,
    Section,
    Slug,
    Span,
    Strategies,
    Weight,
)
from simulator.scenario.flaws import Flaw, Loc, dotted, refusal
from simulator.scenario.provider_section import ProviderSection
from simulator.scenario.store_choice import Store
from simulator.scenario.store_flaws import strategy_flaws
from simulator.scenario.sweep_section import SweepSection
from simulator.scenario.units import RATE_MAX_HZ, write_span

_SCALED = "Divided by run.time_scale on the wire engine."
_UNSCALED = "Not changed by run.time_scale."


class FleetSection(Section):
    """The client app: operating-system processes and the workers inside each."""

    processes: Count = Field(description="How many processes share the app's credentials.")
    workers: Count = Field(description="How many concurrent workers each process has.")
    start: Span = Field(
        default="0s",
        validate_default=True,
        description="The span over which the processes' starts are spread evenly; 0s starts all "
        f"at once. {_SCALED}",
    )


class ClosedArrivals(Section):
    """Each worker makes its next call a think time after its last one ended."""

    process: Literal["closed"] = Field(description="The next call waits for the last one.")
    think: Law = Field(description=f"A worker's pause between two operations. {_SCALED}")


class PoissonArrivals(Section):
    """Calls start at random instants, however long earlier ones take."""

    process: Literal["poisson"] = Field(description="Calls start at random, independently.")
    rate: CallRate = Field(
        description="Operations the whole fleet starts. Multiplied by run.time_scale on the wire "
        "engine."
    )


class ConstantArrivals(Section):
    """Calls start evenly spaced across the fleet, however long earlier ones take."""

    process: Literal["constant"] = Field(description="Calls start evenly spaced.")
    rate: CallRate = Field(
        description="Operations the whole fleet starts. Multiplied by run.time_scale on the wire "
        "engine."
    )


Faults = Annotated[tuple[Fault, ...], Field(strict=False)]
ArrivalsSection = ClosedArrivals | PoissonArrivals | ConstantArrivals


class WorkloadSection(Section):
    """What the fleet does: when operations start and which they are."""

    arrivals: Annotated[ArrivalsSection, Field(discriminator="process")] = Field(
        description="When operations start: closed, poisson or constant."
    )
    operations: Mapping[Operation, Weight] = Field(
        default={"create_meeting": 1, "delete_meeting": 1},
        min_length=1,
        description="How often each operation is wanted, as whole-number weights.",
    )
    timeout: PositiveSpan = Field(
        default="10s",
        validate_default=True,
        description="The span after which a request without an answer counts as unknown. "
        f"{_UNSCALED}",
    )


class NetworkSection(Section):
    """How long requests take, and which get lost."""

    token: Law = Field(
        default="lognormal 200ms p95 600ms",
        validate_default=True,
        description=f"Round trips to the token endpoint. {_UNSCALED}",
    )
    api: Law = Field(
        default="lognormal 80ms p95 250ms",
        validate_default=True,
        description=f"Round trips to the API. {_UNSCALED}",
    )
    store: Law = Field(
        default="1ms",
        validate_default=True,
        description="Round trips to the shared store on the virtual engine; on the wire engine "
        "the store is real and takes its own time.",
    )
    loss: LossSection = Field(
        default={}, validate_default=True, description="How often messages get lost."
    )
    store_timeout: PositiveSpan = Field(
        default="1s",
        validate_default=True,
        description="The span after which a store call without an answer fails. The wait for a "
        f"lock on the record is the strategy's. {_UNSCALED}",
    )
    arrival: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="The share of a round trip after which the request reaches the provider and "
        "takes effect.",
    )


class RunSection(Section):
    """How long, how often and on which engine."""

    duration: PositiveSpan = Field(description=f"How long the workload lasts. {_SCALED}")
    seeds: Count = Field(
        default=5, description="How many times each strategy runs, each time with another seed."
    )
    engine: EngineName = Field(
        default="wire",
        description="wire: real HTTP between real processes, in real time. virtual: everything "
        "simulated, in virtual time: a week in seconds, the same history every time.",
    )
    time_scale: float = Field(
        default=1.0,
        ge=1,
        le=100_000,
        description="How many times faster than the scenario the wire engine goes. Lifetimes, "
        "think times, start and duration shrink by it and rates grow; latencies, timeouts and "
        "lock times stay as they are.",
    )


class Scenario(Section):
    """A whole scenario file."""

    name: Slug = Field(
        description="The scenario's name and its folder in the results: lower-case letters, "
        "digits, hyphens."
    )
    description: str = Field(default="", description="What the scenario shows and why it matters.")
    provider: ProviderSection = Field(
        default={}, validate_default=True, description="The provider's rules for tokens."
    )
    fleet: FleetSection = Field(description="The processes and workers of the client app.")
    workload: WorkloadSection = Field(description="What the fleet does.")
    network: NetworkSection = Field(
        default={}, validate_default=True, description="How long requests take."
    )
    store: Store = Field(
        default="sqlite",
        validate_default=True,
        description="What processes share: sqlite or host_file, a file all of them use; redis or "
        "postgres, a server; memory, nothing: each process has its own. docs/stores.md has more.",
    )
    faults: Faults = Field(default=(), description="What goes wrong, and when: a list of faults.")
    strategies: Strategies = Field(
        description="The refresh strategies to compare: a preset's name, or a mapping with "
        "preset, an optional name for the results, and parameters of the preset."
    )
    expect: Expectations = Field(
        default={},
        validate_default=True,
        description="What each strategy's figures should be: rate_401: <= 0.1%. A key may name a "
        "part of the run: rate_401 after 2h, before faults, from 1h to 2h, during fault 1, between "
        "fault 1 and fault 2. at least and at most stand for >= and <=. docs/expect.md has every "
        "figure.",
    )
    run: RunSection = Field(description="How long, how often and on which engine.")
    sweep: SweepSection | None = Field(
        default=None, description="What tokenrace sweep goes over, unless told otherwise."
    )

    @model_validator(mode="after")
    def _check_across_sections(self, info: ValidationInfo) -> Self:
        """Check what one field alone cannot show; runs once every field is right."""
        assert info.context is not None, "validate with context=catalogue"
        flaws = [*self._start_flaws(), *self._rate_flaws(), *self._lifetime_flaws()]
        flaws += [*self.impossible_on(self.run.engine)]
        flaws += [*strategy_flaws(self._every_choice(), self.store.kind, info.context)]
        flaws += [*self._policy_flaws(), *self._limits_flaws()]
        names = [choice.name for choice in self.strategies]
        flaws += expect_flaws(self.expect, names, self.faults, self.run.duration)
        if flaws:
            raise refusal(flaws)
        return self

    def _every_choice(self) -> Iterator[tuple[Loc, StrategyChoice]]:
        """Yield every strategy that some process runs at some time, with its place."""
        for index, choice in enumerate(self.strategies):
            yield ("strategies", index), choice
        for index, fault in enumerate(self.faults):
            if fault.deploy is not None and fault.deploy.strategy is not None:
                yield ("faults", index, "deploy", "strategy"), fault.deploy.strategy

    def impossible_on(self, engine: EngineName) -> Iterator[Flaw]:
        """Yield what the scenario asks for that cannot happen on ``engine``."""
        for index, choice in enumerate(self.strategies):
            yield from engine_flaws(choice, ("strategies", index), engine)
        yield from loss_flaws(self.network.loss, self.store.kind, engine)
        yield from faults_flaws(
            self.faults,
            processes=self.fleet.processes,
            duration=self.run.duration,
            store=self.store.kind,
            engine=engine,
        )

    def _start_flaws(self) -> Iterator[Flaw]:
        start, duration = self.fleet.start, self.run.duration
        if start >= duration:
            limit = f"must be shorter than run.duration ({write_span(duration)})"
            yield Flaw(("fleet", "start"), f"{limit}, got {write_span(start)}")

    def _rate_flaws(self) -> Iterator[Flaw]:
        arrivals = self.workload.arrivals
        if isinstance(arrivals, ClosedArrivals):
            return
        hz = arrivals.rate.hz * self.run.time_scale
        if hz > RATE_MAX_HZ:
            message = f"times run.time_scale must be at most {RATE_MAX_HZ}/s, got {hz:g}/s"
            yield Flaw(("workload", "arrivals", "rate"), message)

    def _rules(self) -> Iterator[tuple[Loc, ProviderSection]]:
        """Yield the provider's rules as they are at first and after each fault that changes them,
        with where the file says so."""
        yield ("provider",), self.provider
        for index, fault in enumerate(self.faults):
            if fault.change_provider is not None:
                changed = self.provider.changed_by(fault.change_provider)
                yield ("faults", index, "change_provider"), changed

    def _policy_flaws(self) -> Iterator[Flaw]:
        """The profile's rules and the section's own must go together."""
        for at, rules in self._rules():
            if rules.at_cap == "replace_slot" and rules.cap() is None:
                yield Flaw((*at, "at_cap"), "replace_slot needs live_tokens: that many slots")

    def _limits_flaws(self) -> Iterator[Flaw]:
        if self.provider.plan != "none" and self.run.engine == "wire" and self.run.time_scale > 1:
            message = (
                "its limits cannot be hurried: set run.time_scale to 1, or run.engine: virtual"
            )
            yield Flaw(("provider", "plan"), message)

    def _lifetime_flaws(self) -> Iterator[Flaw]:
        """Clients are told whole seconds: a fraction would be lost, and 0 would look expired."""
        scale = self.run.time_scale
        for section, rules in self._rules():
            told = "lifetime" if rules.expires_in == LIFETIME else "expires_in"
            span = rules.told_lifetime()
            shrunk = round(span / scale)
            if shrunk < SECOND or (scale > 1 and shrunk % SECOND):
                whole = max(1, round(span / scale / SECOND))
                name = dotted((*section, told))
                rule = f"must leave {name} whole seconds, as clients are told it"
                got = f"got {scale:g} for {write_span(span)}; try {span / SECOND / whole:g}"
                at = ("run", "time_scale") if scale > 1 else (*section, told)
                yield Flaw(at, f"{rule}; {got}")


def scenario_hash(scenario: Scenario) -> str:
    """Return the SHA-256 of what ``scenario`` says, as hex digits.

    Layout, comments, defaults written out and other spellings of a span change nothing. The order
    of operations and strategies does: it is part of what a seed means. What is swept over does
    not: no run depends on it.
    """
    said = scenario.model_dump(mode="json", exclude={"sweep"})
    return hashlib.sha256(json.dumps(said, separators=(",", ":")).encode()).hexdigest()
