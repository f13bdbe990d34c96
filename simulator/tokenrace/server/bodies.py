"""What users send to the control API, events aside (``event_bodies.py``)."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from tokenrace.clock import MINUTE, Ticks
from tokenrace.fields.units import write_span
from tokenrace.fields.values import PositiveSpan, Section
from tokenrace.server.counts import Counts

WITHIN_MAX: Ticks = 10 * MINUTE
PAGE_MAX = 1_000
NUMBER_MAX = 10**15  # every reader of JSON has whole numbers up to there

AtLeast = Annotated[int | None, Field(ge=0, le=NUMBER_MAX)]


class NothingBody(Section):
    """Nothing to say: an empty body or an empty object."""


class ClockBody(Section):
    """How far the provider's clock is moved."""

    forward: PositiveSpan = Field(description="How far. Tokens whose lifetime this passes expire.")


class WaitBody(Section):
    """What to wait for: that each of these counts is at least so much, counted since the reset."""

    requests: AtLeast = Field(default=None, description="Requests of any kind.")
    unanswered: AtLeast = Field(default=None, description="Connections closed without an answer.")
    tokens_issued: AtLeast = Field(default=None, description="Tokens issued.")
    tokens_returned: AtLeast = Field(default=None, description="Live tokens returned once more.")
    tokens_evicted: AtLeast = Field(default=None, description="Tokens evicted.")
    tokens_revoked: AtLeast = Field(default=None, description="Tokens revoked.")
    issues_refused: AtLeast = Field(default=None, description="Refusals of the token endpoint.")
    calls: AtLeast = Field(default=None, description="Answers of the API, 401s among them.")
    answers_401: AtLeast = Field(default=None, description="401s of the API.")
    within: PositiveSpan = Field(
        default="10s",
        validate_default=True,
        description="How long to wait at most, of real time: the provider's clock does not count.",
    )

    @field_validator("within")
    @classmethod
    def _not_too_long(cls, within: Ticks) -> Ticks:
        if within > WITHIN_MAX:
            got = write_span(within)
            raise ValueError(f"must be at most {write_span(WITHIN_MAX)}, got {got}")
        return within

    @model_validator(mode="after")
    def _names_a_count(self) -> Self:
        if not self.least():
            raise ValueError("names nothing to wait for, such as tokens_issued")
        return self

    def least(self) -> dict[str, int]:
        """Return the counts that are named, each with what it must reach."""
        named = {name: getattr(self, name) for name in Counts.__slots__ if hasattr(self, name)}
        return {name: least for name, least in named.items() if least is not None}


class JournalQuery(BaseModel):
    """Which entries of the journal."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    after: int = Field(
        default=0, ge=0, le=NUMBER_MAX, description="Those with a greater number; 0 for all."
    )
    limit: int = Field(default=PAGE_MAX, ge=1, le=PAGE_MAX, description="How many at most.")
