"""What can be done to a served provider: what users send, and what it means.

To add an event, write its body here, add it to ``EVENTS``, and say in
``event_effects.py`` what it does.
"""

from http import HTTPStatus
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, PlainValidator, WithJsonSchema

from tokenrace.clock import Ticks
from tokenrace.fields.quoting import shown
from tokenrace.fields.units import Rate, read_rate, read_span, write_span
from tokenrace.fields.values import Chance, PositiveSpan, Section, Span
from tokenrace.provider.bursts import Endpoint
from tokenrace.provider.lifecycle import OVERLAP_MAX
from tokenrace.trace.events import TokenId

SECRET_MIN, SECRET_MAX = 8, 200
MINTER_RATE_MAX_HZ = 1_000
_ERRORS = [one.value for one in HTTPStatus if one >= 400 and one != HTTPStatus.UNAUTHORIZED]
"""Without 401: every 401 has a cause, and this one would have none."""


def _read_secret(raw: object) -> str:
    """Take a secret; the refusal does not repeat it."""
    if not isinstance(raw, str) or not SECRET_MIN <= len(raw) <= SECRET_MAX or not raw.isascii():
        raise ValueError(f"must be text of {SECRET_MIN} to {SECRET_MAX} ASCII characters")
    return raw


def _read_overlap(raw: object) -> Ticks:
    overlap = read_span(raw)
    if overlap > OVERLAP_MAX:
        raise ValueError(f"must be at most {write_span(OVERLAP_MAX)}, got {shown(raw)}")
    return overlap


def _read_which(raw: object) -> TokenId | Literal["all", "newest"]:
    if raw == "all" or raw == "newest":  # noqa: PLR1714 - a list is in no set, and raises
        return raw
    if isinstance(raw, bool) or not isinstance(raw, int) or not 0 < raw < 2**53:
        raise ValueError(f"must be 'all', 'newest' or a token's number, got {shown(raw)}")
    return raw


def _read_error(raw: object) -> int:
    if isinstance(raw, bool) or not isinstance(raw, int) or raw not in _ERRORS:
        raise ValueError(f"must be an HTTP status from 400 up and not 401, got {shown(raw)}")
    return raw


def _read_minter_rate(raw: object) -> Rate:
    rate = read_rate(raw)
    if rate.hz > MINTER_RATE_MAX_HZ:
        raise ValueError(f"must be at most {MINTER_RATE_MAX_HZ}/s, got {shown(raw)}")
    return rate


NewSecret = Annotated[
    str,
    PlainValidator(_read_secret),
    WithJsonSchema({"type": "string", "minLength": SECRET_MIN, "maxLength": SECRET_MAX}),
]
Overlap = Annotated[
    Ticks, PlainValidator(_read_overlap), WithJsonSchema({"type": "string", "examples": ["5m"]})
]
Which = Annotated[
    TokenId | Literal["all", "newest"],
    PlainValidator(_read_which),
    WithJsonSchema({"anyOf": [{"enum": ["all", "newest"]}, {"type": "integer", "minimum": 1}]}),
]
MinterRate = Annotated[
    Rate,
    PlainValidator(_read_minter_rate),
    WithJsonSchema({"type": "string", "examples": ["1/s", "10/min"]}),
]
ErrorStatus = Annotated[int, PlainValidator(_read_error), WithJsonSchema({"enum": _ERRORS})]


class RotateSecretBody(Section):
    """The app gets a new secret. Lifts a block."""

    event: Literal["rotate_secret"]
    new_secret: NewSecret | None = Field(
        default=None, description="The new secret; without it one is made up and answered."
    )
    overlap: Overlap = Field(
        default="0s",
        validate_default=True,
        description="How long the old secret goes on working, at most 30d.",
    )
    revokes_tokens: bool = Field(default=False, description="Whether every live token ends.")


class DowngradeOwnerBody(Section):
    """The role of the app's owner loses what the app needs."""

    event: Literal["downgrade_owner"]
    loses: Literal["scopes", "tokens"] = Field(
        default="scopes",
        description="scopes: calls get 400 with code 4711. tokens: every token gets 401.",
    )


class TransferOwnershipBody(Section):
    """The app goes to an owner with the role it needs."""

    event: Literal["transfer_ownership"]


class DeactivateBody(Section):
    """The app is switched off: no token is issued or accepted."""

    event: Literal["deactivate"]


class ReactivateBody(Section):
    """The app is switched on again."""

    event: Literal["reactivate"]


class RevokeBody(Section):
    """Tokens end before their time."""

    event: Literal["revoke"]
    token: Which = Field(default="all", description="all, newest, or a token's number.")


class WithdrawConsentBody(Section):
    """The user takes a consent back: none of its refresh tokens is accepted any more."""

    event: Literal["withdraw_consent"]
    consent: int | None = Field(
        default=None, ge=1, lt=2**53, description="Its number; without one, the newest there is."
    )


class AuthorizeBody(Section):
    """The user consents; the answer has the refresh token that this yields. For profiles whose
    grant is refresh_token."""

    event: Literal["authorize"]


class _LastingBody(Section):
    """What everything has that goes on for a while."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, populate_by_name=False)

    duration: PositiveSpan | None = Field(
        default=None,
        alias="for",
        description="For how long, by the provider's clock; else until a reset.",
    )


class SecondMinterBody(_LastingBody):
    """Somebody outside asks for tokens with the credentials that the app has now, under the name
    second-minter. For profiles whose grant is account_credentials."""

    event: Literal["second_minter"]
    rate: MinterRate = Field(
        description=f"How often, at random, in real time. At most {MINTER_RATE_MAX_HZ}/s."
    )
    count: int | None = Field(
        default=None, ge=1, le=10**9, description="How many times it asks at most."
    )


class _BurstBody(_LastingBody):
    """What every burst has."""

    endpoint: Endpoint = Field(description="What misbehaves: the token endpoint or the API.")
    chance: Chance = Field(
        default="100%",
        validate_default=True,
        description="How likely each request is to be struck.",
    )
    count: int | None = Field(
        default=None, ge=1, le=10**9, description="How many are struck at most."
    )


class ErrorBody(_BurstBody):
    """Requests are answered with an error and have no effect."""

    event: Literal["error"]
    status: ErrorStatus = Field(description="The HTTP status of the answers.")
    retry_after: Span | None = Field(default=None, description="What Retry-After says.")


class DroppedBody(_BurstBody):
    """Connections are closed without an answer; the requests have no effect."""

    event: Literal["dropped"]


class SlowBody(_BurstBody):
    """Requests take effect; their answers come late."""

    event: Literal["slow"]
    by: PositiveSpan = Field(description="How much later, in real time.")


class MalformedBody(_BurstBody):
    """Requests take effect; their answers are cut in the middle."""

    event: Literal["malformed"]


ChangeBody = (
    RotateSecretBody
    | DowngradeOwnerBody
    | TransferOwnershipBody
    | DeactivateBody
    | ReactivateBody
    | RevokeBody
    | WithdrawConsentBody
)
BurstBody = ErrorBody | DroppedBody | SlowBody | MalformedBody
AnyEventBody = ChangeBody | BurstBody | AuthorizeBody | SecondMinterBody
EventBody = Annotated[AnyEventBody, Field(discriminator="event")]
EVENTS: dict[str, type[Section]] = {
    "rotate_secret": RotateSecretBody,
    "downgrade_owner": DowngradeOwnerBody,
    "transfer_ownership": TransferOwnershipBody,
    "deactivate": DeactivateBody,
    "reactivate": ReactivateBody,
    "revoke": RevokeBody,
    "authorize": AuthorizeBody,
    "withdraw_consent": WithdrawConsentBody,
    "second_minter": SecondMinterBody,
    "error": ErrorBody,
    "dropped": DroppedBody,
    "slow": SlowBody,
    "malformed": MalformedBody,
}
"""Every event, by the name it is sent under."""
