"""Where each process of a run on the wire writes its events, to be merged when all have ended."""

from collections.abc import Iterator, Sequence
from heapq import merge
from operator import attrgetter
from pathlib import Path
from typing import Self

from tokenrace.trace.events import Event
from tokenrace.trace.json_lines import event_from, json_line


class Spool:
    """Appends events to a file of one process's own, a line at a time.

    A process that is killed loses at most the line it was writing.
    """

    def __init__(self, path: Path) -> None:
        self._stream = path.open("wb", buffering=0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()

    def write(self, event: Event) -> None:
        """Take one event; they come in the order they happen."""
        self._stream.write(json_line(event))


def merged(spools: Sequence[Path], others: Sequence[Event]) -> Iterator[Event]:
    """Yield the events of all ``spools``, and ``others``, in the order they happened."""
    in_order = sorted(others, key=attrgetter("at"))
    return merge(*map(events_in, spools), in_order, key=attrgetter("at"))


def events_in(path: Path) -> Iterator[Event]:
    """Yield the events of the spool at ``path``, without one that was being written."""
    with path.open("rb") as lines:
        for line in lines:
            if line.endswith(b"\n"):  # a torn last line: its process was killed while writing it
                yield event_from(line)
