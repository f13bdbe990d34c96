"""The ``provider`` section: whose rules, and which of them are otherwise."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import Field, PlainSerializer, PlainValidator, WithJsonSchema

from tokenrace.clock import Ticks
from tokenrace.fields.quoting import hint, shown
from tokenrace.fields.units import read_positive_span, read_span, write_span
from tokenrace.fields.values import LIFETIME, PROFILE, ExpiresIn, LiveTokens, Section
from tokenrace.provider.limits import ApiLimits, LimitHeaders
from tokenrace.provider.policy import Allowance, AtCap, TokenPolicy
from tokenrace.provider.profiles import PROFILES

COUNT_MAX = 1_000_000
NEVER, NONE = "never", "none"
_ALLOWANCE = re.compile(r"([0-9]{1,7})\s+in\s+(.+)")
_SCALED = "Divided by run.time_scale on the wire engine."
_BY_PROFILE = "profile for what the profile says."


_S2S = [name for name, profile in PROFILES.items() if profile.policy.refresh is None]
"""The profiles of apps that a scenario's fleet is one of: they ask with credentials alone."""


def _read_profile(raw: object) -> str:
    if not isinstance(raw, str) or raw not in PROFILES:
        raise ValueError(f"unknown profile {shown(raw)}; {hint(str(raw), _S2S)}")
    if raw not in _S2S:
        raise ValueError(
            f"{raw} grants tokens for refresh tokens only, and a scenario's fleet asks with the "
            f"app's credentials; race your own client against 'tokenrace serve --profile {raw}', "
            f"or take one of {', '.join(_S2S)}"
        )
    return raw


def _read_allowance(raw: object) -> Allowance | str:
    if raw == NONE and isinstance(raw, str):
        return raw
    match = _ALLOWANCE.fullmatch(raw.strip()) if isinstance(raw, str) else None
    if match is None:
        raise ValueError(f"must be a count in a span, such as 10 in 10m, or none; got {shown(raw)}")
    count = int(match[1])
    if not 1 <= count <= COUNT_MAX:
        raise ValueError(f"must count from 1 to {COUNT_MAX}, got {count}")
    return Allowance(count=count, window=read_positive_span(match[2]))


def _write_allowance(value: Allowance | str) -> str:
    if isinstance(value, str):
        return value
    return f"{value.count} in {write_span(value.window)}"


def _read_never_or_span(raw: object) -> Ticks | str:
    return NEVER if raw == NEVER else read_span(raw)


def _or_profile(read: Callable[[object], Any], write: Callable[[Any], Any], *examples: str) -> Any:
    """Return how a value is read and written that ``profile`` may stand for."""
    return (
        PlainValidator(lambda raw: PROFILE if raw == PROFILE else read(raw)),
        PlainSerializer(lambda value: value if isinstance(value, str) else write(value)),
        WithJsonSchema({"type": "string", "examples": [*examples, PROFILE]}),
    )


Lifetime = Annotated[Ticks | str, *_or_profile(read_positive_span, write_span, "1h")]
Spell = Annotated[Ticks | str, *_or_profile(read_span, write_span, "5m", "0s")]
Reuse = Annotated[Ticks | str, *_or_profile(_read_never_or_span, write_span, "30m", NEVER)]
Limit = Annotated[Allowance | str, *_or_profile(_read_allowance, _write_allowance, "10 in 10m")]
ProfileName = Annotated[str, PlainValidator(_read_profile), WithJsonSchema({"enum": _S2S})]
Rule = Literal[AtCap, "profile"]


class ProviderSection(Section):
    """The provider: how many tokens live, for how long, and what an issue does to the others."""

    profile: ProfileName = Field(
        default="zoom-2022",
        description="Whose rules the provider follows; tokenrace profiles lists them, and those "
        "with the grant refresh_token are for tokenrace serve alone. zoom-2022: one live token, as "
        "Zoom kept until June 2023. zoom-2023: no cap on live tokens.",
    )
    live_tokens: LiveTokens = Field(
        default=PROFILE,
        description="How many tokens may be live at once. A whole number, none for no cap, or "
        f"{_BY_PROFILE}",
    )
    at_cap: Rule = Field(
        default="profile",
        description="What an issue does when as many are live as may be: evict_oldest, evict_all, "
        "replace_slot (live_tokens slots, named by token_index), same_token (the live one is "
        f"returned again), refuse, or {_BY_PROFILE}",
    )
    grace: Spell = Field(
        default=PROFILE,
        description=f"How long an evicted token is accepted still, or {_BY_PROFILE} {_SCALED}",
    )
    visible_after: Spell = Field(
        default=PROFILE,
        description="How long a new token is not accepted yet, or "
        f"{_BY_PROFILE} Not changed by run.time_scale.",
    )
    reuse_above: Reuse = Field(
        default=PROFILE,
        description="A live token with at least this much time left is returned instead of a new "
        f"one. A span, never, or {_BY_PROFILE} {_SCALED}",
    )
    throttle: Limit = Field(
        default=PROFILE,
        description="How many tokens are issued in any span at most, as 10 in 10m; more are "
        f"refused with 429. none for no limit, or {_BY_PROFILE} {_SCALED}",
    )
    block: Limit = Field(
        default=PROFILE,
        description="How many issues in any span the app may make, as 100 in 1h; one more blocks "
        "it, and every token is refused until its secret is rotated. none for no such rule, or "
        f"{_BY_PROFILE} {_SCALED}",
    )
    lifetime: Lifetime = Field(
        default=PROFILE,
        description="How long a token lives unless it is evicted or revoked, or "
        f"{_BY_PROFILE} {_SCALED}",
    )
    plan: Literal["none", "free", "pro", "business"] = Field(
        default="none",
        description="Which of Zoom's plans limits the calls of the API; none for no limits. They "
        "cannot be hurried: with a plan, run.time_scale is 1 on the wire engine.",
    )
    limit_headers: LimitHeaders = Field(
        default="full",
        description="Which headers tell of the plan's limits: full, as documented, or category, "
        "which is all that was measured in 2026.",
    )
    expires_in: ExpiresIn = Field(
        default=LIFETIME,
        description="How long the token endpoint says a token lives, when that differs from the "
        f"truth; lifetime for the true one. {_SCALED}",
    )

    def cap(self) -> int | None:
        """Return how many tokens may be live at once; None for no cap."""
        if isinstance(self.live_tokens, int):
            return self.live_tokens
        return None if self.live_tokens == NONE else PROFILES[self.profile].policy.live_tokens

    def told_lifetime(self) -> Ticks:
        """Return the lifetime that clients are told."""
        if isinstance(self.expires_in, int):
            return self.expires_in
        own = self.lifetime
        return own if isinstance(own, int) else PROFILES[self.profile].policy.lifetime

    def limits(self) -> ApiLimits | None:
        """Return the limits of the API's calls; tick 0 is a midnight."""
        return (
            None if self.plan == "none" else ApiLimits(plan=self.plan, headers=self.limit_headers)
        )

    def changed_by(self, other: "ProviderSection") -> "ProviderSection":
        """Return this with what ``other`` says expressly."""
        return self.model_copy(
            update={name: getattr(other, name) for name in other.model_fields_set}
        )

    def policy(self) -> TokenPolicy:
        """Return the rules: the profile's, and what the section says otherwise."""
        own = {
            "live_tokens": _unless(NONE, self.live_tokens),
            "at_cap": self.at_cap,
            "grace": self.grace,
            "visible_after": self.visible_after,
            "reuse_above": _unless(NEVER, self.reuse_above),
            "throttle": _unless(NONE, self.throttle),
            "block": _unless(NONE, self.block),
            "lifetime": self.lifetime,
            "reported_lifetime": _unless(LIFETIME, self.expires_in),
        }
        changes: dict[str, Any] = {name: value for name, value in own.items() if value != PROFILE}
        return replace(PROFILES[self.profile].policy, **changes)


def _unless(word: str, value: object) -> object:
    """Return ``value``, or None where it is ``word``."""
    return None if value == word else value
