"""A policy as a person reads it: every number in words."""

from collections.abc import Iterator
from typing import NamedTuple

from tokenrace.clock import DAY, HOUR, MINUTE, SECOND, Ticks
from tokenrace.provider.policy import Allowance, AtCap, TokenPolicy
from tokenrace.provider.refresh_tokens import RefreshPolicy

_UNITS = (("day", DAY), ("hour", HOUR), ("minute", MINUTE), ("second", SECOND), ("microsecond", 1))
_AT_CAP: dict[AtCap, str] = {
    "evict_oldest": "the oldest ends",
    "evict_all": "all earlier ones end",
    "replace_slot": "the one in the slot that token_index names ends, even below the cap",
    "same_token": "the newest live one is returned again, with the time it has left",
    "refuse": "the request is refused",
}


class Said(NamedTuple):
    """One rule of a policy: what it is about, and what it says."""

    about: str
    says: str


def rules_of(policy: TokenPolicy) -> list[Said]:
    """Return every rule that ``policy`` has; what it has no rule for is left out."""
    told = policy.reported_lifetime
    return [
        _grant(policy),
        *_cap(policy),
        Said("lifetime", span_in_words(policy.lifetime)),
        *([] if told is None else [Said("expires_in", f"says {span_in_words(told)}")]),
        *_exceptions(policy),
        *([] if policy.refresh is None else _refreshing(policy.refresh)),
    ]


def span_in_words(span: Ticks) -> str:
    """Return ``span`` in whole units, biggest first: ``1 hour 30 minutes``."""
    parts = []
    for name, unit in _UNITS:
        count, span = divmod(span, unit)
        if count:
            parts.append(_counted(count, name))
    return " ".join(parts) or "no time"


def _grant(policy: TokenPolicy) -> Said:
    if policy.refresh is None:
        return Said("grant", "account_credentials, the app's own")
    return Said("grant", "refresh_token, which the user's consent yields")


def _cap(policy: TokenPolicy) -> Iterator[Said]:
    if policy.live_tokens is None:
        yield Said("live tokens", "any number at once")
        return
    yield Said("live tokens", f"{policy.live_tokens} at most")
    yield Said("at the cap", _AT_CAP[policy.at_cap])
    if policy.grace:
        more = span_in_words(policy.grace)
        yield Said("grace", f"a token that lost its place is accepted for {more} more")


def _exceptions(policy: TokenPolicy) -> Iterator[Said]:
    if policy.visible_after:
        late = span_in_words(policy.visible_after)
        yield Said("visibility", f"a new token is accepted {late} after its issue")
    if policy.reuse_above is not None:
        left = span_in_words(policy.reuse_above)
        yield Said("same again", f"a live token with {left} left or more is returned again")
    if policy.throttle is not None:
        yield Said("throttle", f"{_allowed(policy.throttle)}; more are refused with 429")
    if policy.block is not None:
        yield Said("block", f"{_allowed(policy.block)}; one more blocks the app")


def _refreshing(refresh: RefreshPolicy) -> Iterator[Said]:
    if refresh.rotates:
        yield Said("rotation", "each use yields a new refresh token")
        yield Said("overlap", _overlap(refresh))
        ends = "ends every refresh token of the consent" if refresh.detects_reuse else "is refused"
        yield Said("reuse", f"a spent refresh token, shown again, {ends}")
    else:
        told = "repeats it" if refresh.repeats else "leaves it out"
        yield Said("rotation", f"none: a refresh token stays the same, and the answer {told}")
    cap = refresh.families_max
    yield Said("consents", "any number" if cap is None else f"{cap} at most; the oldest ends")
    yield Said("a consent", f"lasts {_lasting(refresh)}")
    end = "end with the refresh token they came with" if refresh.ends_access_tokens else "live on"
    yield Said("access tokens", end)


def _overlap(refresh: RefreshPolicy) -> str:
    if not refresh.overlap:
        return "none: the one used is spent at once"
    return f"the one used is accepted for {span_in_words(refresh.overlap)} more"


def _lasting(refresh: RefreshPolicy) -> str:
    limits = []
    if refresh.lifetime is not None:
        limits.append(f"{span_in_words(refresh.lifetime)} in all")
    if refresh.idle is not None:
        limits.append(f"{span_in_words(refresh.idle)} without use")
    return ", ".join(limits) or "until it is withdrawn"


def _allowed(allowance: Allowance) -> str:
    return f"{_counted(allowance.count, 'issue')} in any {span_in_words(allowance.window)}"


def _counted(count: int, name: str) -> str:
    return f"{count} {name}" if count == 1 else f"{count} {name}s"
