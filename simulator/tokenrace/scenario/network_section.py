"""What a scenario file says of the ways between processes, provider and store."""

from collections.abc import Iterator

from pydantic import Field

from tokenrace.faults.kind import store_out_of_reach
from tokenrace.fields.flaws import Flaw
from tokenrace.fields.values import UNSCALED, Chance, EngineName, Law, PositiveSpan, Section
from tokenrace.store_choice import StoreName


class LossSection(Section):
    """How often messages get lost, request or answer. A lost answer leaves the effect."""

    token: Chance = Field(default=0.0, description="Of messages from and to the token endpoint.")
    api: Chance = Field(default=0.0, description="Of messages from and to the API.")
    store: Chance = Field(
        default=0.0, description="Of messages from and to the shared store; virtual engine only."
    )

    def violations(self, store: StoreName, engine: EngineName) -> Iterator[Flaw]:
        """Yield that messages to the store cannot get lost."""
        reason = store_out_of_reach(store, engine)
        if self.store and reason:
            yield Flaw(("network", "loss", "store"), f"is {reason}")


class NetworkSection(Section):
    """How long requests take, and which get lost."""

    token: Law = Field(
        default="lognormal 200ms p95 600ms",
        validate_default=True,
        description=f"Round trips to the token endpoint. {UNSCALED}",
    )
    api: Law = Field(
        default="lognormal 80ms p95 250ms",
        validate_default=True,
        description=f"Round trips to the API. {UNSCALED}",
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
        f"lock on the record is the strategy's. {UNSCALED}",
    )
    arrival: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="The share of a round trip after which the request reaches the provider and "
        "takes effect.",
    )
