"""Events kept in memory: for runs so many, or so short, that a file for each would cost more."""

from collections.abc import Collection
from dataclasses import dataclass

from tokenrace.trace.events import Event


@dataclass(frozen=True, slots=True)
class KeptEvents:
    """Those events of a run that were kept, in order. Says nothing of the others."""

    events: tuple[Event, ...] = ()


class Keeper:
    """A sink that keeps the events of ``kinds`` and forgets the others."""

    __slots__ = ("_events", "_kinds")

    def __init__(self, kinds: Collection[type[Event]]) -> None:
        self._kinds = frozenset(kinds)
        self._events: list[Event] = []

    def write(self, event: Event) -> None:
        """Take one event."""
        if type(event) in self._kinds:
            self._events.append(event)

    def kept(self) -> KeptEvents:
        """Return what was kept so far."""
        return KeptEvents(tuple(self._events))
