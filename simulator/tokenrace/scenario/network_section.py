"""What a scenario file says of the ways between processes, provider and store."""

from pydantic import Field

from tokenrace.fields.values import UNSCALED, Law, PositiveSpan, Section
from tokenrace.scenario.faults import LossSection


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
