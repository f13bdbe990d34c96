"""How much of its API limits an account has used, as a pure machine."""

from msgspec.structs import replace

from tokenrace.clock import Ticks
from tokenrace.provider.limits import (
    CREATES_PER_USER_DAILY,
    LABEL_OF,
    LABELS,
    ApiLimits,
    Label,
    LabelLimits,
)
from tokenrace.provider.messages import Operation, Quota, Refused

# The first two are documented (rate-limits page), the third is as reported in forum thread 18928.
_TOO_FAST = Refused(
    status=429,
    error="429",
    message="You have reached the maximum per-second rate limit for this API. Try again later.",
)
_DAY_USED_UP = Refused(
    status=429,
    error="429",
    message="You have reached the maximum daily rate limit for this API. Refer to the response "
    "header for details on when you can make another request.",
)
_USER_USED_UP = Refused(
    status=429,
    error="429",
    message=f"You have exceeded the daily rate limit ({CREATES_PER_USER_DAILY}) of Meeting "
    "Create/Update API requests permitted for this particular user. You may resume these requests "
    "at GMT 00:00:00.",
)


class Quotas:
    """Counts the calls of one account; forgets a day's users when the next day begins."""

    __slots__ = ("_creates", "_day", "_in_day", "_in_window", "_limits", "_window")

    def __init__(self, limits: ApiLimits) -> None:
        self._limits = limits
        self._day = 0
        self._in_day: dict[Label, int] = {}
        self._window: dict[Label, int] = {}
        self._in_window: dict[Label, int] = {}
        self._creates: dict[str, int] = {}

    def take(self, operation: Operation, host: str | None, now: Ticks) -> Refused | Quota:
        """Count one call; ``host`` is the user a meeting would be created for, if there is one.

        Returns the refusal where it is one too many, which then does not count, or what is left.
        """
        label = LABEL_OF[operation]
        limits = LABELS[self._limits.plan][label]
        self._turn(label, limits, now)
        refused = self._refusal(label, limits, host, now)
        if refused is not None:
            return refused
        self._in_window[label] = self._in_window.get(label, 0) + 1
        self._in_day[label] = self._in_day.get(label, 0) + 1
        if host is not None:
            self._creates[host] = self._creates.get(host, 0) + 1
        return self._quota(label, limits)

    def _turn(self, label: Label, limits: LabelLimits, now: Ticks) -> None:
        """Begin a new day and a new window where they have begun."""
        day = self._limits.day_of(now)
        if day != self._day:
            self._day = day
            self._in_day.clear()
            self._creates.clear()
        window = (now - self._limits.midnight) // limits.window
        if self._window.get(label) != window:
            self._window[label] = window
            self._in_window[label] = 0

    def _refusal(
        self, label: Label, limits: LabelLimits, host: str | None, now: Ticks
    ) -> Refused | None:
        quota = self._quota(label, limits)
        if limits.daily is not None and self._in_day.get(label, 0) >= limits.daily:
            ends = replace(
                quota, kind="Daily-limit", remaining=0, resumes_at=self._limits.day_ends(now)
            )
            return replace(_DAY_USED_UP, quota=ends)
        if self._in_window[label] >= limits.count:
            return replace(
                _TOO_FAST, quota=replace(quota, kind="QPS", limit=limits.count, remaining=0)
            )
        if host is not None and self._creates.get(host, 0) >= CREATES_PER_USER_DAILY:
            # With neither type nor time to resume, as reported.
            return replace(_USER_USED_UP, quota=quota)
        return None

    def _quota(self, label: Label, limits: LabelLimits) -> Quota:
        """Return what is left of the day, or of the window where no day is limited."""
        if limits.daily is None:
            limit, used = limits.count, self._in_window[label]
        else:
            limit, used = limits.daily, self._in_day.get(label, 0)
        return Quota(
            category=label,
            limit=limit,
            remaining=limit - used,
            tells_all=self._limits.headers == "full",
        )
