"""One direction of a connection in memory: what an operating system and a network do for it."""

from collections import deque
from collections.abc import Callable
from enum import Enum

from tokenrace.clock import Ticks
from tokenrace.engine.loop import VirtualLoop

ROOM = 128 * 1024
"""Bytes under way or unread; about what Linux lets be on loopback."""


class Mark(Enum):
    """What can be sent besides bytes."""

    END = "the sender sends no more"
    RESET = "the sender is gone"


Item = bytes | Mark


class Stream:
    """Items arrive in the order in which they were sent, each after the link's latency or later.

    What the link loses (``next_latency`` returns None) never arrives, nor does anything after it.
    """

    __slots__ = (
        "_arrives_at",
        "_is_cut",
        "_loop",
        "_next_latency",
        "_on_arrival",
        "_on_room",
        "_under_way",
        "_unread",
    )

    def __init__(self, loop: VirtualLoop, next_latency: Callable[[], Ticks | None]) -> None:
        self._loop = loop
        self._next_latency = next_latency
        self._under_way: deque[Item] = deque()
        self._arrives_at: Ticks = 0
        self._unread = 0
        self._is_cut = False
        self._on_room: Callable[[], None]
        self._on_arrival: Callable[[Item], None]

    def leaves_from(self, on_room: Callable[[], None]) -> None:
        """Call ``on_room`` when bytes were read, so that there may be room for more."""
        self._on_room = on_room

    def leads_to(self, on_arrival: Callable[[Item], None]) -> None:
        """Call ``on_arrival`` with each item that arrives."""
        self._on_arrival = on_arrival

    def has_room(self) -> bool:
        """Return whether more bytes can be sent. Marks can always be."""
        return self._unread < ROOM

    def send(self, item: Item) -> None:
        """Put ``item`` on its way."""
        if isinstance(item, bytes):
            self._unread += len(item)
        latency = None if self._is_cut else self._next_latency()
        if latency is None:
            self._is_cut = True
            return
        self._arrives_at = max(self._loop.now + latency, self._arrives_at)
        # The item is not the post's argument: a tie policy may swap posts, never bytes.
        self._under_way.append(item)
        self._loop.post_first(self._arrives_at, Stream._arrive, self)

    def read(self, size: int) -> None:
        """Make room for ``size`` bytes more. The sender knows at once."""
        self._unread -= size
        self._on_room()

    def _arrive(self) -> None:
        self._on_arrival(self._under_way.popleft())
