"""The kinds of fault, each as a section of its details and the words a plot marks it with."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, PlainSerializer, PlainValidator, WithJsonSchema

from tokenrace.fields.answers import read_answer, write_answer
from tokenrace.fields.provider_section import ProviderSection
from tokenrace.fields.units import write_rate, write_span
from tokenrace.fields.values import CallRate, Chance, PositiveSpan, Section, Span
from tokenrace.provider.ailments import Ailment, ErrorAnswer

_SCALED = "Divided by run.time_scale on the wire engine."
Answer = Annotated[
    Ailment,
    PlainValidator(read_answer),
    PlainSerializer(write_answer),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 400, "maximum": 599},
                {"type": "string", "examples": ["dropped", "slow 2s", "malformed"]},
            ]
        }
    ),
]
_FAR = {"token": "the token endpoint", "api": "the API", "store": "the store"}


class Spell(Section):
    """Something that lasts."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, populate_by_name=False)

    duration: PositiveSpan = Field(alias="for", description=f"How long. {_SCALED}")


class PartitionSection(Spell):
    """One process reaches nobody over one link; what sets out meanwhile, either way, is lost."""

    process: int = Field(ge=0, description="The number of the process that is cut off, from 0.")
    link: Literal["token", "api", "store"] = Field(
        description="What it cannot reach: the token endpoint, the API, or the store."
    )

    def label(self) -> str:
        """Return what a plot calls this."""
        return f"process {self.process} cut off from {_FAR[self.link]}"


class RotateSecretSection(Section):
    """The app gets a new client secret. It lifts a block; the fleet goes on with the old one."""

    overlap: Span = Field(
        default="0s",
        validate_default=True,
        description=f"How long the old secret works still, 0s to 30d. {_SCALED}",
    )
    revokes_tokens: bool = Field(
        default=False, description="Whether every live token ends with it. What Zoom does is open."
    )

    def label(self) -> str:
        """Return what a plot calls this."""
        return "secret rotated" + (", tokens revoked" if self.revokes_tokens else "")


class DowngradeOwnerSection(Section):
    """The role of the app's owner loses what the app needs."""

    loses: Literal["scopes", "tokens"] = Field(
        default="scopes",
        description="scopes: calls that need an admin scope get 400 with code 4711. tokens: every "
        "call gets 401.",
    )

    def label(self) -> str:
        """Return what a plot calls this."""
        return "owner's role downgraded"


class TransferOwnershipSection(Section):
    """The app goes to an owner with the role it needs."""

    def label(self) -> str:
        """Return what a plot calls this."""
        return "ownership transferred"


class DeactivateSection(Spell):
    """The app is switched off, and on again: no token is issued meanwhile, and none accepted."""

    def label(self) -> str:
        """Return what a plot calls this."""
        return f"app deactivated for {write_span(self.duration)}"


class SecondMinterSection(Spell):
    """Somebody outside the fleet asks for tokens with the credentials the app has at first."""

    rate: CallRate = Field(
        description="How often it asks, at random. Multiplied by run.time_scale on the wire engine."
    )

    def label(self) -> str:
        """Return what a plot calls this."""
        return f"second minter, {write_rate(self.rate)}"


class TrialSection(Spell):
    """Somebody outside the fleet tries, now and again, whether the app works: has a token issued
    and makes one call with it at once.

    What they do counts among the provider's answers, and not among the fleet's operations; the
    trace tells how each try ended. They use the newest secret.
    """

    every: PositiveSpan = Field(description=f"How long from one try to the next. {_SCALED}")

    def label(self) -> str:
        """Return what a plot calls this."""
        return f"tried from outside, every {write_span(self.every)}"


class BurstSection(Spell):
    """The token endpoint or the API gives troubled answers for a while."""

    endpoint: Literal["token", "api"] = Field(description="Which of the two.")
    answer: Answer = Field(
        description="An HTTP status such as 503 or 429; dropped: the connection is closed without "
        "an answer; slow 2s: the answer comes that much later; malformed: the answer is no JSON. "
        "Of the last two the request takes effect."
    )
    chance: Chance = Field(
        default="100%", validate_default=True, description="How likely each request is struck."
    )
    count: int | None = Field(default=None, ge=1, description="How many are struck at most.")
    retry_after: Span | None = Field(
        default=None, description="What an answer such as 429 says about when to come back."
    )

    def label(self) -> str:
        """Return what a plot calls this."""
        name = {"token": "token endpoint", "api": "API"}[self.endpoint]
        return f"{name} {write_answer(self.answer)}"

    def ailment(self) -> Ailment:
        """Return the answer, with what it says about when to come back."""
        if isinstance(self.answer, ErrorAnswer) and self.retry_after is not None:
            return ErrorAnswer(self.answer.status, self.retry_after)
        return self.answer


class ChangeProviderSection(ProviderSection):
    """The provider keeps tokens by other rules from now on: those named here.

    Live tokens keep their lifetime; those above a lower cap go with the next issue.
    """

    def label(self) -> str:
        """Return what a plot calls this."""
        rules = [f"{key} {value}" for key, value in self.model_dump(exclude_unset=True).items()]
        return f"provider: {', '.join(rules)}"
