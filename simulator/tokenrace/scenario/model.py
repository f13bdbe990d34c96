"""What a scenario file says as a whole, and what its sections must not say together.

One model gives three things: validation, the JSON Schema for editors, and the documentation, which
is why every field has a description. Fields hold parsed values: spans are ticks, distributions are
values of ``tokenrace.distributions``. What scales with ``run.time_scale`` is *not* scaled here.

To add a section, write its ``Section`` class in a module of its own and give ``Scenario`` a field.
"""

import hashlib
import json
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Annotated, Self

from pydantic import Field, ValidationInfo, model_validator

from tokenrace.clock import SECOND
from tokenrace.faults.kinds import (
    Fault,
    broker_violations,
    command_violations,
    violations_of,
)
from tokenrace.fields.choices import StrategyChoice, engine_flaws, strategy_flaws
from tokenrace.fields.flaws import Flaw, Loc, dotted, refusal
from tokenrace.fields.parameters import Catalogue
from tokenrace.fields.provider_section import ProviderSection
from tokenrace.fields.units import RATE_MAX_HZ, write_span
from tokenrace.fields.values import LIFETIME, EngineName, Section, Slug, Strategies
from tokenrace.scenario.expect_flaws import expect_flaws
from tokenrace.scenario.expect_section import Expectations
from tokenrace.scenario.network_section import NetworkSection
from tokenrace.scenario.run_section import RunSection
from tokenrace.scenario.store_choice import Store
from tokenrace.scenario.sweep_section import SweepSection
from tokenrace.scenario.workload_section import ClosedArrivals, FleetSection, WorkloadSection

_Check = tuple[set[str], Callable[[], Iterator[Flaw]]]
"""The sections that a check needs, and the check."""
Faults = Annotated[tuple[Fault, ...], Field(strict=False)]


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
        flaws = list(self.flaws_across(info.context))
        if flaws:
            raise refusal(flaws)
        return self

    def flaws_across(
        self, catalogue: Catalogue, without: Collection[str] = frozenset()
    ) -> Iterator[Flaw]:
        """Yield what sections say that must not be said together.

        Sections in ``without`` are wrong themselves: what needs them is not checked, the rest is.
        """
        engine: EngineName = "wire" if "run" in without else self.run.engine
        checks: Sequence[_Check] = (
            ({"fleet", "run"}, self._start_flaws),
            ({"workload", "run"}, self._rate_flaws),
            ({"provider", "faults", "run"}, self._lifetime_flaws),
            *self._engine_checks(engine),
            (
                {"strategies", "faults", "store"},
                lambda: strategy_flaws(self._every_choice(), self.store.kind, catalogue),
            ),
            ({"provider", "faults"}, self._policy_flaws),
            ({"provider", "run"}, self._limits_flaws),
            ({"expect", "strategies", "faults", "run"}, self._expect_flaws),
        )
        for needed, check in checks:
            if needed.isdisjoint(without):
                yield from check()

    def _expect_flaws(self) -> Iterator[Flaw]:
        names = [choice.name for choice in self.strategies]
        yield from expect_flaws(self.expect, names, self.faults, self.run.duration)

    def _every_choice(self) -> Iterator[tuple[Loc, StrategyChoice]]:
        """Yield every strategy that some process runs at some time, with its place."""
        for index, choice in enumerate(self.strategies):
            yield ("strategies", index), choice
        for index, fault in enumerate(self.faults):
            if fault.deploy is not None and fault.deploy.strategy is not None:
                yield ("faults", index, "deploy", "strategy"), fault.deploy.strategy

    def impossible_on(self, engine: EngineName) -> Iterator[Flaw]:
        """Yield what the scenario asks for that cannot happen on ``engine``."""
        for _, check in self._engine_checks(engine):
            yield from check()

    def _engine_checks(self, engine: EngineName) -> "Sequence[_Check]":
        """Return the checks of what may be impossible on ``engine``."""
        return (
            ({"strategies", "run"}, lambda: self._choices_impossible_on(engine)),
            ({"strategies", "faults"}, lambda: command_violations(self.strategies, self.faults)),
            (
                {"network", "store", "run"},
                lambda: self.network.loss.violations(self.store.kind, engine),
            ),
            (
                {"faults", "fleet", "run", "store"},
                lambda: violations_of(
                    self.faults,
                    processes=self.fleet.processes,
                    duration=self.run.duration,
                    store=self.store.kind,
                    engine=engine,
                ),
            ),
            ({"strategies", "faults"}, lambda: broker_violations(self.faults, self.strategies)),
        )

    def _choices_impossible_on(self, engine: EngineName) -> Iterator[Flaw]:
        for index, choice in enumerate(self.strategies):
            yield from engine_flaws(choice, ("strategies", index), engine)

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
