"""Where two runs of one world part: the first event that differs between their histories.

Runs on virtual time are the same whenever they are made, so two that differ do so from one event
on. All before it, faults that both runs have among it, is not what made the difference.
"""

from collections.abc import Callable, Sequence

from tokenrace.analysis.timeline import in_words
from tokenrace.clock import Ticks
from tokenrace.trace.events import Event, FaultStruck

KEPT_MAX = 1_000_000
"""No more events of a run are kept: two that agree on so many are not told apart."""


class Remembered:
    """A sink that keeps the first events of a run, for another one to be held against."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def write(self, event: Event) -> None:
        """Take one event."""
        if len(self.events) < KEPT_MAX:
            self.events.append(event)


class FirstDifference:
    """A sink that holds a run against the events ``before`` of another."""

    def __init__(self, before: Sequence[Event]) -> None:
        self._before = before
        self._seen = 0
        self._differs: tuple[Event | None, Event | None] | None = None
        self._faults = 0

    def write(self, event: Event) -> None:
        """Take one event."""
        if self._differs is not None or self._seen >= KEPT_MAX:
            return
        old = self._before[self._seen] if self._seen < len(self._before) else None
        if old != event:
            self._differs = (old, event)
            return
        self._seen += 1
        self._faults += isinstance(event, FaultStruck)

    def sentences(self, show: Callable[[Ticks], str]) -> tuple[str, ...]:
        """Return what differs first, in words; ``show`` writes an instant. To be asked at the end
        of the run."""
        differs = self._differs
        if differs is None and self._seen < len(self._before):
            differs = (self._before[self._seen], None)
        if differs is None:
            return ("both histories have the same events: only counts differ",)
        old, new = (_told(event, show) for event in differs)
        told = [
            f"the first event that differs from the baseline's run: {new}; in the baseline: {old}"
        ]
        if self._faults:
            told.append("the faults before that happened in both runs: they are not the cause")
        return tuple(told)


def _told(event: Event | None, show: Callable[[Ticks], str]) -> str:
    return "nothing more" if event is None else f"at {show(event.at)}: {in_words(event)}"
