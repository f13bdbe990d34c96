"""What each event of the control API does to a served provider."""

import secrets
from dataclasses import dataclass
from typing import assert_never

from simulator.clock import Ticks
from simulator.distributions import PER_MILLION
from simulator.provider.bursts import Ailment, Burst, Dropped, ErrorAnswer, Malformed, Slow
from simulator.provider.lifecycle import (
    Change,
    Deactivate,
    DowngradeOwner,
    Reactivate,
    RevokeToken,
    RevokeTokens,
    RotateSecret,
    TransferOwnership,
)
from simulator.server.event_bodies import (
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
    SlowBody,
    TransferOwnershipBody,
)
from simulator.server.journal import Entry
from simulator.server.served import ServedProvider

FOREVER: Ticks = 2**62


@dataclass(frozen=True, slots=True)
class Done:
    """What was done, as the journal has it. ``client_secret`` is the one made up, where one was."""

    done: Entry
    client_secret: str | None = None


def raise_event(body: ChangeBody | BurstBody, served: ServedProvider) -> Done:
    """Let what ``body`` asks for happen."""
    if isinstance(body, BurstBody):
        return Done(served.suffer(_burst(body, served)))
    change = _change(body)
    if isinstance(change, RotateSecret) and change.new_secret != _given_secret(body):
        return Done(served.undergo(change), change.new_secret)
    return Done(served.undergo(change))


def _given_secret(body: ChangeBody) -> str | None:
    return body.new_secret if isinstance(body, RotateSecretBody) else None


def _change(body: ChangeBody) -> Change:
    match body:
        case RotateSecretBody():
            return RotateSecret(
                new_secret=body.new_secret or secrets.token_hex(32),
                overlap=body.overlap,
                revokes_tokens=body.revokes_tokens,
            )
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
        case _:
            assert_never(body)


def _burst(body: BurstBody, served: ServedProvider) -> Burst:
    now = served.clock.now()
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
