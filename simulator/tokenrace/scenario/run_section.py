"""What a scenario file says of its runs."""

from pydantic import Field

from tokenrace.fields.values import SCALED, Count, EngineName, PositiveSpan, Section


class RunSection(Section):
    """How long, how often and on which engine."""

    duration: PositiveSpan = Field(description=f"How long the workload lasts. {SCALED}")
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
