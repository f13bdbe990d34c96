"""The rules by which a provider keeps tokens, as numbers. They change only by ``ChangePolicy``."""

from dataclasses import dataclass
from typing import Literal

from tokenrace.clock import SECOND, Ticks
from tokenrace.provider.refresh_tokens import RefreshPolicy

AtCap = Literal["evict_oldest", "evict_all", "replace_slot", "same_token", "refuse"]
"""What an issue does when as many tokens are live as may be:

``evict_oldest``  the oldest ends (Zoho, Twitch, GitHub document it)
``evict_all``     all earlier ones end
``replace_slot``  a request names one of ``live_tokens`` slots, whose token ends even below the cap
                  (Zoom's ``token_index`` of 2022)
``same_token``    the newest live token is returned once more (WeCom, Marketo)
``refuse``        the request is refused
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """At most ``count`` in any ``window`` ticks."""

    count: int
    window: Ticks

    def __post_init__(self) -> None:
        if self.count < 1 or self.window < 1:
            raise ValueError(f"count and window must be at least 1, got {self}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenPolicy:
    """How long tokens last, how many may be live at once, and what an issue does to the others.

    ``live_tokens`` None is no cap. A displaced token stays usable for ``grace``; a new one is
    usable only ``visible_after`` its issue, as where an issue must spread to other machines.
    ``reuse_above``: a live token with at least that much time left is returned instead of a new
    one; None never does. ``throttle`` limits issues, answered 429; more issues than ``block``
    allows block the app: every token is refused until its secret is rotated. ``refresh``: clients
    ask with a refresh token (RFC 6749 section 6); None: with the app's credentials alone.

    The sources of each profile's numbers are with the profiles; the defaults are Zoom's of 2022,
    a lifetime of one hour aside [documented, s2s-oauth page].
    """

    lifetime: Ticks
    live_tokens: int | None
    at_cap: AtCap = "evict_oldest"
    grace: Ticks = 0
    visible_after: Ticks = 0
    reuse_above: Ticks | None = None
    throttle: Allowance | None = None
    block: Allowance | None = None
    refresh: RefreshPolicy | None = None
    reported_lifetime: Ticks | None = None
    """What ``expires_in`` says, where that is not the truth; None where it is."""

    def __post_init__(self) -> None:
        if self.lifetime <= 0:
            raise ValueError(f"lifetime must be positive, got {self.lifetime}")
        if self.live_tokens is not None and self.live_tokens < 1:
            raise ValueError(f"live_tokens must be at least 1 or None, got {self.live_tokens}")
        if self.live_tokens is None and self.at_cap == "replace_slot":
            raise ValueError("replace_slot needs live_tokens: it is the number of slots")
        if self.grace < 0 or self.visible_after < 0:
            raise ValueError(f"grace and visible_after must not be negative, got {self}")
        if self.refresh is not None and self._mixes_families():
            raise ValueError("refresh does not go with reuse_above, same_token or replace_slot")

    def _mixes_families(self) -> bool:
        """Return whether a token may go to another consent than the one it was issued for."""
        return self.reuse_above is not None or self.at_cap in ("same_token", "replace_slot")

    def told_lifetime(self, left: Ticks) -> int:
        """Return what ``expires_in`` says of a token with ``left`` ticks to live.

        Whole seconds, rounded down: no client may believe in a token longer than it lives. One hour
        reads 3600 [reported, forum thread 79648]; Zoom's own example says 3599.
        """
        if self.reported_lifetime is None:
            return left // SECOND
        return max(0, self.reported_lifetime - (self.lifetime - left)) // SECOND
