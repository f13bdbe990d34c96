"""What a scenario file says of the client app: its processes, and what they do when."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from tokenrace.fields.values import (
    SCALED,
    UNSCALED,
    CallRate,
    Count,
    Law,
    PositiveSpan,
    Section,
    Span,
    Weight,
)
from tokenrace.provider.messages import Operation


class FleetSection(Section):
    """The client app: operating-system processes and the workers inside each."""

    processes: Count = Field(description="How many processes share the app's credentials.")
    workers: Count = Field(description="How many concurrent workers each process has.")
    start: Span = Field(
        default="0s",
        validate_default=True,
        description="The span over which the processes' starts are spread evenly; 0s starts all "
        f"at once. {SCALED}",
    )


class ClosedArrivals(Section):
    """Each worker makes its next call a think time after its last one ended."""

    process: Literal["closed"] = Field(description="The next call waits for the last one.")
    think: Law = Field(description=f"A worker's pause between two operations. {SCALED}")


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
        description="The span after which a request without an answer counts as unknown, and so "
        f"does an operation that waits for a token. {UNSCALED}",
    )
    token_timeout: PositiveSpan | None = Field(
        default=None,
        description="How long an operation waits for a token, where that is not workload.timeout: "
        f"longer, where a strategy may ask more than once meanwhile. {UNSCALED}",
    )
