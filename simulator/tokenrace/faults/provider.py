"""The kinds of fault of the provider: its app, its rules, its answers, and who else uses them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, PlainSerializer, PlainValidator, WithJsonSchema

from tokenrace.distributions import PER_MILLION
from tokenrace.faults.kind import FaultSection, Planning, Setting, Spell
from tokenrace.faults.planned import PlannedChange, SecondMinter, Trial
from tokenrace.fields.answers import read_answer, write_answer
from tokenrace.fields.flaws import Flaw, Loc
from tokenrace.fields.provider_section import ProviderSection
from tokenrace.fields.units import write_rate, write_span
from tokenrace.fields.values import SCALED, CallRate, Chance, PositiveSpan, Span
from tokenrace.provider.ailments import Ailment, ErrorAnswer
from tokenrace.provider.lifecycle import (
    OVERLAP_MAX,
    ChangePolicy,
    Deactivate,
    DowngradeOwner,
    Reactivate,
    RevokeTokens,
    RotateSecret,
    TransferOwnership,
)
from tokenrace.provider.time_scale import hurried_policy

if TYPE_CHECKING:  # its module loads numpy, which a check of a file does without
    from tokenrace.provider.bursts import Burst

NEW_SECRET = "tokenrace-secret-{}"  # noqa: S105 - the mock's own
"""What a rotated secret is, by the number of its fault."""
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


class RotateSecretSection(FaultSection):
    """The app gets a new client secret. It lifts a block; the fleet goes on with the old one."""

    overlap: Span = Field(
        default="0s",
        validate_default=True,
        description=f"How long the old secret works still, 0s to 30d. {SCALED}",
    )
    revokes_tokens: bool = Field(
        default=False, description="Whether every live token ends with it. What Zoom does is open."
    )

    def label(self) -> str:
        """Return what a plot calls this."""
        return "secret rotated" + (", tokens revoked" if self.revokes_tokens else "")

    def planned(self, planning: Planning) -> Iterator[PlannedChange]:
        """Yield the one change of the app."""
        change = RotateSecret(
            new_secret=NEW_SECRET.format(planning.number),
            overlap=planning.scaled(self.overlap),
            revokes_tokens=self.revokes_tokens,
        )
        yield PlannedChange(at=planning.at, fault=planning.number, change=change)

    def violations(self, at: Loc, setting: Setting) -> Iterator[Flaw]:  # noqa: ARG002 - for others
        """Yield that the old secret works longer than it can."""
        if self.overlap > OVERLAP_MAX:
            message = f"must be at most 30d, as at Zoom, got {write_span(self.overlap)}"
            yield Flaw((*at, "overlap"), message)


class DowngradeOwnerSection(FaultSection):
    """The role of the app's owner loses what the app needs."""

    loses: Literal["scopes", "tokens"] = Field(
        default="scopes",
        description="scopes: calls that need an admin scope get 400 with code 4711. tokens: every "
        "call gets 401.",
    )

    def label(self) -> str:
        """Return what a plot calls this."""
        return "owner's role downgraded"

    def planned(self, planning: Planning) -> Iterator[PlannedChange]:
        """Yield the one change of the app."""
        change = DowngradeOwner(loses=self.loses)
        yield PlannedChange(at=planning.at, fault=planning.number, change=change)


class TransferOwnershipSection(FaultSection):
    """The app goes to an owner with the role it needs."""

    def label(self) -> str:
        """Return what a plot calls this."""
        return "ownership transferred"

    def planned(self, planning: Planning) -> Iterator[PlannedChange]:
        """Yield the one change of the app."""
        yield PlannedChange(at=planning.at, fault=planning.number, change=TransferOwnership())


class DeactivateSection(Spell):
    """The app is switched off, and on again: no token is issued meanwhile, and none accepted."""

    def label(self) -> str:
        """Return what a plot calls this."""
        return f"app deactivated for {write_span(self.duration)}"

    def planned(self, planning: Planning) -> Iterator[PlannedChange]:
        """Yield the change of the app, and its end."""
        again = planning.at + planning.scaled(self.duration)
        yield PlannedChange(at=planning.at, fault=planning.number, change=Deactivate())
        yield PlannedChange(at=again, fault=planning.number, change=Reactivate())


class SecondMinterSection(Spell):
    """Somebody outside the fleet asks for tokens with the credentials the app has at first."""

    rate: CallRate = Field(
        description="How often it asks, at random. Multiplied by run.time_scale on the wire engine."
    )

    def label(self) -> str:
        """Return what a plot calls this."""
        return f"second minter, {write_rate(self.rate)}"

    def planned(self, planning: Planning) -> Iterator[SecondMinter]:
        """Yield the one who asks."""
        yield SecondMinter(
            fault=planning.number,
            begins=planning.at,
            ends=planning.at + planning.scaled(self.duration),
            rate_hz=self.rate.hz * planning.time_scale,
        )


class TrialSection(Spell):
    """Somebody outside the fleet tries, now and again, whether the app works: has a token issued
    and makes one call with it at once.

    What they do counts among the provider's answers, and not among the fleet's operations; the
    trace tells how each try ended. They use the newest secret.
    """

    every: PositiveSpan = Field(description=f"How long from one try to the next. {SCALED}")

    def label(self) -> str:
        """Return what a plot calls this."""
        return f"tried from outside, every {write_span(self.every)}"

    def planned(self, planning: Planning) -> Iterator[Trial]:
        """Yield the one series of tries."""
        yield Trial(
            fault=planning.number,
            begins=planning.at,
            ends=planning.at + planning.scaled(self.duration),
            every=planning.scaled(self.every),
        )


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

    def planned(self, planning: Planning) -> "Iterator[Burst]":
        """Yield the one burst. How late an answer comes does not shrink, as no latency does."""
        from tokenrace.provider.bursts import Burst  # noqa: PLC0415 - see above

        yield Burst(
            fault=planning.number,
            endpoint=self.endpoint,
            begins=planning.at,
            ends=planning.at + planning.scaled(self.duration),
            ailment=self.ailment(),
            per_million=round(self.chance * PER_MILLION),
            count=self.count,
        )

    def violations(self, at: Loc, setting: Setting) -> Iterator[Flaw]:  # noqa: ARG002 - for others
        """Yield that no request is struck."""
        if not self.chance:
            yield Flaw((*at, "chance"), "must be more than 0%")


class ChangeProviderSection(ProviderSection):
    """The provider keeps tokens by other rules from now on: those named here.

    Live tokens keep their lifetime; those above a lower cap go with the next issue.
    """

    def label(self) -> str:
        """Return what a plot calls this."""
        rules = [f"{key} {value}" for key, value in self.model_dump(exclude_unset=True).items()]
        return f"provider: {', '.join(rules)}"

    def planned(self, planning: Planning) -> Iterator[PlannedChange]:
        """Yield the one change of the rules."""
        policy = planning.provider.changed_by(self).policy()
        change = ChangePolicy(policy=hurried_policy(policy, planning.time_scale))
        yield PlannedChange(at=planning.at, fault=planning.number, change=change)

    def violations(self, at: Loc, setting: Setting) -> Iterator[Flaw]:  # noqa: ARG002 - for others
        """Yield the rules that hold for a whole run."""
        for key in ("plan", "limit_headers"):
            if key in self.model_fields_set:
                yield Flaw((*at, key), "cannot change in a run; say it in the provider section")

    def over_command(self, at: Loc, why: str) -> Iterator[Flaw]:  # noqa: ARG002 - for others
        """Yield nothing."""
        yield from ()


@dataclass(frozen=True, slots=True)
class Revoke:
    """Tokens end: every live one, or the one issued last. In a file it is that word alone."""

    which: Literal["all", "newest"]

    def label(self) -> str:
        """Return what a plot calls this."""
        return "every token revoked" if self.which == "all" else "newest token revoked"

    def planned(self, planning: Planning) -> Iterator[PlannedChange]:
        """Yield the one change of the app."""
        change = RevokeTokens(self.which)
        yield PlannedChange(at=planning.at, fault=planning.number, change=change)

    def violations(self, at: Loc, setting: Setting) -> Iterator[Flaw]:  # noqa: ARG002 - for others
        """Yield nothing."""
        yield from ()

    def over_command(self, at: Loc, why: str) -> Iterator[Flaw]:  # noqa: ARG002 - for others
        """Yield nothing."""
        yield from ()
