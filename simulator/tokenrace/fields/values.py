"""The kinds of value a scenario's fields hold: how each is read, written back and documented."""

import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, PlainValidator, WithJsonSchema

from tokenrace.clock import Ticks
from tokenrace.distributions import Distribution
from tokenrace.fields.choices import StrategyChoice, read_strategies, write_strategies
from tokenrace.fields.laws import read_distribution, write_distribution
from tokenrace.fields.quoting import quoted, shown, unquoted
from tokenrace.fields.units import (
    Rate,
    read_chance,
    read_positive_span,
    read_rate,
    read_span,
    write_chance,
    write_rate,
    write_span,
)

EngineName = Literal["wire", "virtual"]
_NAME_PATTERN = r"^[a-z0-9]+(-[a-z0-9]+)*$"
_NAME_MAX = 64  # it becomes a folder name in the results
_NAME = re.compile(_NAME_PATTERN)
_LIVE_TOKENS = "must be a whole number, 'none' or 'profile'"
LIFETIME = "lifetime"
PROFILE = "profile"
SCALED = "Divided by run.time_scale on the wire engine."
UNSCALED = "Not changed by run.time_scale."


class Section(BaseModel):
    """A part of a scenario file: nothing converted, nothing extra, never changed."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


def _read_name(raw: object) -> str:
    if not isinstance(raw, str) or len(raw) > _NAME_MAX or _NAME.fullmatch(raw) is None:
        rule = f"must be lower-case letters and digits with hyphens between (at most {_NAME_MAX})"
        raise ValueError(f"{rule}, got {shown(raw)}{quoted(raw)}")
    return raw


def _read_live_tokens(raw: object) -> int | str:
    if raw in ("none", PROFILE) and isinstance(raw, str):
        return raw
    if isinstance(raw, bool) or not isinstance(raw, int):
        raise ValueError(f"{_LIVE_TOKENS}, got {shown(raw)}{unquoted(raw)}")  # noqa: TRY004 - pydantic takes it
    if raw < 1:
        raise ValueError(f"must be at least 1, got {raw} (write none for no cap)")
    return raw


def _read_expires_in(raw: object) -> Ticks | str:
    return LIFETIME if raw == LIFETIME else read_positive_span(raw)


def _write_expires_in(value: Ticks | str) -> str:
    return value if isinstance(value, str) else write_span(value)


def _text(*examples: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "examples": list(examples)})


Slug = Annotated[
    str,
    PlainValidator(_read_name),
    WithJsonSchema({"type": "string", "pattern": _NAME_PATTERN, "maxLength": _NAME_MAX}),
]
"""A name that is also a folder's."""

Span = Annotated[
    Ticks, PlainValidator(read_span), PlainSerializer(write_span), _text("30s", "6d 1h")
]
"""A span of time, zero or longer."""

PositiveSpan = Annotated[
    Ticks, PlainValidator(read_positive_span), PlainSerializer(write_span), _text("30s", "6d 1h")
]
"""A span of time longer than zero."""

Chance = Annotated[
    float, PlainValidator(read_chance), PlainSerializer(write_chance), _text("1%", "0.05%")
]
"""A probability, written in per cent."""

CallRate = Annotated[
    Rate, PlainValidator(read_rate), PlainSerializer(write_rate), _text("50/s", "3/min")
]
"""Calls per unit of time."""

Law = Annotated[
    Distribution,
    PlainValidator(read_distribution),
    PlainSerializer(write_distribution),
    _text("200ms", "uniform 50ms 150ms", "exponential 10s", "lognormal 200ms p95 600ms"),
]
"""A distribution of spans."""

LiveTokens = Annotated[
    int | str,
    PlainValidator(_read_live_tokens),
    WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 1}, {"enum": ["none", PROFILE]}]}),
]
"""A cap on live tokens: a number, ``"none"``, or ``"profile"`` for what the profile says."""

ExpiresIn = Annotated[
    Ticks | str,
    PlainValidator(_read_expires_in),
    PlainSerializer(_write_expires_in),
    _text("3599s", LIFETIME),
]
"""A span longer than zero, or ``"lifetime"`` for the true one."""

Count = Annotated[int, Field(ge=1, le=10_000)]
"""How many processes, workers or seeds."""

Weight = Annotated[int, Field(ge=1, le=1_000)]
"""How often one operation is wanted, next to the others."""

Strategies = Annotated[
    tuple[StrategyChoice, ...],
    PlainValidator(read_strategies),
    PlainSerializer(write_strategies),
    WithJsonSchema({"type": "array", "minItems": 1, "items": {}}),
]
"""The strategies to run; ``schema.py`` fills in what an item may be."""
