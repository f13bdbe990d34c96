"""How often an account may call Zoom's API, as data.

Limits are the account's, shared by all its apps [documented, rate-limits page; provider facts,
section 5]. The days end at 00:00 UTC [documented]. Ours, because no source says: a second is a
whole second of the provider's clock, and a call that is refused counts towards no limit.
"""

from dataclasses import dataclass
from typing import Literal

from tokenrace.clock import DAY, MINUTE, SECOND, Ticks
from tokenrace.provider.messages import Operation

AccountPlan = Literal["free", "pro", "business"]
Label = Literal["Light", "Medium", "Heavy", "Resource-intensive"]
LimitHeaders = Literal["full", "category"]
"""Which headers tell of the limits: all five of the older documents, or the category alone, which
is all that was measured in 2026 [reported]."""


@dataclass(frozen=True, slots=True)
class LabelLimits:
    """At most ``count`` calls in any ``window``, and ``daily`` in a day; None where only the
    account's other labels limit a day."""

    count: int
    window: Ticks
    daily: int | None = None


LABELS: dict[AccountPlan, dict[Label, LabelLimits]] = {
    "free": {
        "Light": LabelLimits(4, SECOND, 6_000),
        "Medium": LabelLimits(2, SECOND, 2_000),
        "Heavy": LabelLimits(1, SECOND, 1_000),
        "Resource-intensive": LabelLimits(10, MINUTE, 30_000),
    },
    "pro": {
        "Light": LabelLimits(30, SECOND),
        "Medium": LabelLimits(20, SECOND),
        "Heavy": LabelLimits(10, SECOND, 30_000),
        "Resource-intensive": LabelLimits(10, MINUTE, 30_000),
    },
    "business": {
        "Light": LabelLimits(80, SECOND),
        "Medium": LabelLimits(60, SECOND),
        "Heavy": LabelLimits(40, SECOND, 60_000),
        "Resource-intensive": LabelLimits(20, MINUTE, 60_000),
    },
}
"""The table of the rate-limits page. The daily number of pro and business plans is for heavy and
resource-intensive calls together; the API served here has neither."""

LABEL_OF: dict[Operation, Label] = {
    "create_meeting": "Light",
    "get_meeting": "Light",
    "delete_meeting": "Light",
    "get_user": "Light",
}
"""Each call's label [documented, OpenAPI]."""

CREATES_PER_USER_DAILY = 100
"""Meetings created or updated a day for one host [documented]; this API only creates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiLimits:
    """The limits of one account. ``midnight`` is the tick of some 00:00 UTC."""

    plan: AccountPlan
    headers: LimitHeaders = "full"
    midnight: Ticks = 0

    def day_of(self, now: Ticks) -> int:
        """Return which day ``now`` is in, counted from the one that began at ``midnight``."""
        return (now - self.midnight) // DAY

    def day_ends(self, now: Ticks) -> Ticks:
        """Return the next 00:00 UTC after ``now``."""
        return self.midnight + (self.day_of(now) + 1) * DAY
