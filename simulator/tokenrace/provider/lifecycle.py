"""What can happen to an app in its life, as values. ``Provider.undergo`` makes it happen.

Sources: docs/provider-facts.md, section 7. What Zoom does to live tokens when a secret is rotated
is unknown; by default they survive.
"""

from dataclasses import dataclass
from typing import Literal

from tokenrace.clock import DAY, Ticks, seconds
from tokenrace.provider.policy import TokenPolicy
from tokenrace.trace.events import FamilyId, TokenId

OVERLAP_MAX: Ticks = 30 * DAY
"""How long an old secret may go on working [documented, rotate_client_secret]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RotateSecret:
    """The app gets ``new_secret``; the old ones work for ``overlap`` more. Lifts a block.

    ``revokes_tokens``: every live token ends with it.
    """

    new_secret: str
    overlap: Ticks = 0
    revokes_tokens: bool = False

    def __post_init__(self) -> None:
        if not self.new_secret:
            raise ValueError("new_secret must not be empty")
        if not 0 <= self.overlap <= OVERLAP_MAX:
            raise ValueError(f"overlap must be within 0 to 30 days, got {self.overlap}")


@dataclass(frozen=True, slots=True, kw_only=True)
class DowngradeOwner:
    """The owner's role loses what the app needs.

    ``scopes``: admin scopes are gone, and calls get 400 with code 4711 [documented]; ``tokens``:
    every token is refused with 401, as the report of forum thread 94662 has it.
    """

    loses: Literal["scopes", "tokens"] = "scopes"


@dataclass(frozen=True, slots=True)
class TransferOwnership:
    """The app goes to an owner with the role it needs."""


@dataclass(frozen=True, slots=True)
class Deactivate:
    """The app is switched off: no token is issued, and none is accepted."""


@dataclass(frozen=True, slots=True)
class Reactivate:
    """The app is switched on again; tokens that have not ended meanwhile are accepted again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeToken:
    """One token ends."""

    token: TokenId


@dataclass(frozen=True, slots=True)
class RevokeTokens:
    """The token issued last ends, or every one."""

    which: Literal["newest", "all"] = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawConsent:
    """The user takes a consent back, or the newest there is where ``consent`` is None: none of its
    refresh tokens is accepted any more."""

    consent: FamilyId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePolicy:
    """Tokens are kept by ``policy`` from now on; those above a lower cap go with the next issue."""

    policy: TokenPolicy


Change = (
    RotateSecret
    | DowngradeOwner
    | TransferOwnership
    | Deactivate
    | Reactivate
    | RevokeToken
    | RevokeTokens
    | WithdrawConsent
    | ChangePolicy
)


def in_words(change: Change) -> str:  # noqa: PLR0911 - one for each kind of change
    """Return what ``change`` is, as a trace says it. No secret is in it."""
    match change:
        case RotateSecret():
            end = "at once" if not change.overlap else f"in {seconds(change.overlap):g} s"
            tokens = ", and every token ends" if change.revokes_tokens else ""
            return f"its secret is rotated; the old one ends {end}{tokens}"
        case DowngradeOwner():
            lost = "its admin scopes" if change.loses == "scopes" else "every token's validity"
            return f"its owner's role is downgraded, which costs {lost}"
        case TransferOwnership():
            return "its ownership is transferred"
        case Deactivate():
            return "deactivated"
        case Reactivate():
            return "reactivated"
        case RevokeTokens():
            which = "its newest" if change.which == "newest" else "every"
            return f"{which} token is revoked"
        case RevokeToken():
            return "one token is revoked"
        case WithdrawConsent(consent=number):
            which = "its newest consent" if number is None else f"consent {number}"
            return f"{which} is withdrawn"
        case ChangePolicy():
            cap = change.policy.live_tokens
            tokens = "1 token lives" if cap == 1 else f"{cap} tokens live"
            return f"at most {tokens} from now on" if cap else "no cap from now on"
