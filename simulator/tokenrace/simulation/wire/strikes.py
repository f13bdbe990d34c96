"""Which faults of the store have struck, written down by every process that meets one.

A call finds out only when it has failed that it met a fault when it was made. So these events have
files of their own, which are put in order at the end, and the first to meet a fault counts.
"""

from collections.abc import Iterator
from operator import attrgetter
from pathlib import Path

from tokenrace.clock import Ticks
from tokenrace.faults.planned import StoreFault
from tokenrace.simulation.wire.spool import events_in
from tokenrace.trace.events import FaultStruck
from tokenrace.trace.json_lines import json_line

_SUFFIX = ".strikes"


class Strikes:
    """One process's list, beside its ``spool``. Tells of each fault once."""

    def __init__(self, spool: Path) -> None:
        self._path = spool.with_suffix(_SUFFIX)
        self._told: set[int] = set()

    def struck(self, fault: StoreFault, at: Ticks) -> None:
        """Note that ``fault`` struck, unless it is noted."""
        if fault.fault in self._told:
            return
        self._told.add(fault.fault)
        struck = FaultStruck(at=at, fault=fault.fault, what=fault.describe())
        with self._path.open("ab") as file:
            file.write(json_line(struck))


def first_strikes(folder: Path) -> list[FaultStruck]:
    """Return the first strike of each fault that a process of the run in ``folder`` met."""
    first: dict[int, FaultStruck] = {}
    for event in sorted(_strikes(folder), key=attrgetter("at")):
        first.setdefault(event.fault, event)
    return list(first.values())


def _strikes(folder: Path) -> Iterator[FaultStruck]:
    for path in sorted(folder.glob(f"*{_SUFFIX}")):
        for event in events_in(path):
            assert isinstance(event, FaultStruck), event
            yield event
