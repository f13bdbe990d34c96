"""How often something may happen in any window of time."""

from collections import deque

from tokenrace.clock import Ticks
from tokenrace.provider.policy import Allowance


class Counted:
    """What happened within the last ``allowance.window``; memory is bounded by its count."""

    __slots__ = ("_allowance", "_instants")

    def __init__(self, allowance: Allowance) -> None:
        self._allowance = allowance
        self._instants: deque[Ticks] = deque(maxlen=allowance.count)

    def free_at(self, now: Ticks) -> Ticks:
        """Return when one more is within the allowance: ``now``, or when the window has moved on.

        Something that happened exactly a window ago does not count any more.
        """
        if len(self._instants) < self._allowance.count:
            return now
        return max(now, self._instants[0] + self._allowance.window)

    def add(self, now: Ticks) -> None:
        """Take note that it happened at ``now``, whether or not it was within the allowance."""
        self._instants.append(now)
