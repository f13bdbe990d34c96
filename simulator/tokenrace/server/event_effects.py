"""What each event of the control API does to a served provider."""

import secrets
from dataclasses import dataclass
from typing import assert_never

from tokenrace.clock import Ticks
from tokenrace.distributions import PER_MILLION
from tokenrace.fields.units import write_chance, write_span
from tokenrace.provider.bursts import Ailment, Burst, Dropped, ErrorAnswer, Malformed, Slow
from tokenrace.provider.lifecycle import (
    Change,
    Deactivate,
    DowngradeOwner,
    Reactivate,
    RevokeToken,
    RevokeTokens,
    RotateSecret,
    TransferOwnership,
    WithdrawConsent,
)
from tokenrace.server.event_bodies import (
    AnyEventBody,
    AuthorizeBody,
    BurstBody,
    ChangeBody,
    DeactivateBody,
    DowngradeOwnerBody,
    DroppedBody,
    ErrorBody,
    MalformedBody,
    ReactivateBody,
    RevokeBody,
    RotateSecretBody,
    SecondMinterBody,
    SlowBody,
    TransferOwnershipBody,
    WithdrawConsentBody,
)
from tokenrace.server.journal import Entry
from tokenrace.server.problems import wrong
from tokenrace.server.second_minters import MINTERS_MAX, SecondMinter
from tokenrace.server.served import ServedProvider

FOREVER: Ticks = 2**62
BURSTS_MAX = 100
"""How many bursts stand at once: each request is held against all of them."""


@dataclass(frozen=True, slots=True)
class Done:
    """What was done, as the journal has it. ``client_secret`` is the one made up, where one was;
    ``refresh_token`` is what the user's consent yields, where the user consented."""

    done: Entry
    client_secret: str | None = None
    refresh_token: str | None = None


def raise_event(body: AnyEventBody, served: ServedProvider) -> Done:
    """Let what ``body`` asks for happen.

    Raises:
        WrongRequest: the provider as it is knows no such thing.
    """
    match body:
        case ErrorBody() | DroppedBody() | SlowBody() | MalformedBody():
            return _trouble(body, served)
        case AuthorizeBody():
            return _authorize(served)
        case SecondMinterBody():
            return _second_minter(body, served)
        case RotateSecretBody(new_secret=None):
            secret = secrets.token_hex(32)
            return Done(served.undergo(_rotation(body, secret)), secret)
        case _:
            return Done(served.undergo(_change(body)))


def reset(served: ServedProvider) -> Done:
    """Begin anew. Where the rules have refresh tokens the user consents at once, as at the start:
    the refresh token told then means nothing any more."""
    done = served.reset()
    refreshes = served.provider.policy.refresh is not None
    return Done(done, refresh_token=served.authorize()[1] if refreshes else None)


def _trouble(body: BurstBody, served: ServedProvider) -> Done:
    now = served.clock.now()
    if len(served.provider.bursts.standing(now)) >= BURSTS_MAX:
        raise wrong("event", f"{BURSTS_MAX} such things happen already; a reset ends them")
    burst = _burst(body, now)
    extent = [
        f"for {write_span(body.duration)}" if body.duration is not None else "",
        f"{write_chance(body.chance)} of requests" if body.chance < 1 else "",
        f"at most {body.count}" if body.count is not None else "",
    ]
    return Done(served.suffer(burst, ", ".join(filter(None, extent))))


def _authorize(served: ServedProvider) -> Done:
    try:
        said, value = served.authorize()
    except ValueError as error:
        raise wrong("event", f"there is nothing to consent to: {error}") from None
    return Done(said, refresh_token=value)


def _second_minter(body: SecondMinterBody, served: ServedProvider) -> Done:
    now = served.clock.now()
    if served.provider.policy.refresh is not None:
        raise wrong("event", "would be refused: this profile's grant needs a refresh token")
    if len(served.minters.standing(now)) >= MINTERS_MAX:
        raise wrong("event", f"{MINTERS_MAX} ask already; a reset ends them")
    ends = None if body.duration is None else now + body.duration
    minter = SecondMinter(rate_hz=body.rate.hz, ends=ends, count=body.count)
    return Done(served.admit(minter))


def _change(body: ChangeBody) -> Change:  # noqa: PLR0911 - one for each kind of change
    match body:
        case RotateSecretBody():
            assert body.new_secret is not None
            return _rotation(body, body.new_secret)
        case DowngradeOwnerBody():
            return DowngradeOwner(loses=body.loses)
        case TransferOwnershipBody():
            return TransferOwnership()
        case DeactivateBody():
            return Deactivate()
        case ReactivateBody():
            return Reactivate()
        case RevokeBody():
            which = body.token
            return RevokeToken(token=which) if isinstance(which, int) else RevokeTokens(which)
        case WithdrawConsentBody():
            return WithdrawConsent(consent=body.consent)
        case _:
            assert_never(body)


def _rotation(body: RotateSecretBody, secret: str) -> RotateSecret:
    return RotateSecret(new_secret=secret, overlap=body.overlap, revokes_tokens=body.revokes_tokens)


def _burst(body: BurstBody, now: Ticks) -> Burst:
    return Burst(
        fault=0,
        endpoint=body.endpoint,
        begins=now,
        ends=FOREVER if body.duration is None else now + body.duration,
        ailment=_ailment(body),
        per_million=round(body.chance * PER_MILLION),
        count=body.count,
    )


def _ailment(body: BurstBody) -> Ailment:
    match body:
        case ErrorBody():
            return ErrorAnswer(body.status, body.retry_after)
        case DroppedBody():
            return Dropped()
        case SlowBody():
            return Slow(body.by)
        case MalformedBody():
            return Malformed()
        case _:
            assert_never(body)
