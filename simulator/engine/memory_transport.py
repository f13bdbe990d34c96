"""One end of a connection in memory.

Two layers, as in a real machine. What the operating system does (bytes arrive, wait to be read,
make room for more, a reset is answered) happens whatever the process is doing. What the process
does (its protocol is called) happens in the context of the code that made the connection, so a
paused process reads later and a crashed one never.

* Bytes arrive in the order in which they were sent, each after its link's latency or later.
* Bytes that a link loses never arrive, nor does anything after them: a lost stream stays lost.
* Up to ``ROOM`` bytes are under way or unread; the rest waits in the sender's write buffer.
* ``close`` sends what is buffered, then the end of the stream. ``abort`` throws the buffer away and
  resets: the peer gets ConnectionResetError. So does a peer whose bytes were not read, or come when
  nobody is there any more.
"""

import asyncio
import errno
from collections import deque
from collections.abc import Callable
from contextvars import Context
from enum import Enum
from typing import Any

from simulator.clock import Ticks
from simulator.engine.flow_control import WaterMarks
from simulator.engine.loop import VirtualLoop
from simulator.engine.memory_socket import Address, Descriptors, MemorySocket
from simulator.errors import UnsupportedOnVirtualTime

ROOM = 128 * 1024
"""Bytes; about what Linux lets be under way on loopback."""


class _Mark(Enum):
    END = "the sender sends no more"
    RESET = "the sender is gone"


class MemoryTransport(asyncio.Transport):
    """See the module's rules. ``next_latency`` returns None for what never arrives."""

    def __init__(
        self,
        loop: VirtualLoop,
        addresses: tuple[Address, Address],
        descriptors: Descriptors,
        next_latency: Callable[[], Ticks | None],
        context: Context,
    ) -> None:
        name, peer = addresses
        seen = MemorySocket(name, peer, self._fileno)
        super().__init__({"sockname": name, "peername": peer, "socket": seen})
        self._loop = loop
        self._descriptors = descriptors
        self._next_latency = next_latency
        self._context = context
        self._protocol: Any = None
        self._peer: MemoryTransport | None = None
        self._on_lost: Callable[[], None] | None = None
        self._marks = WaterMarks()
        self._buffer: deque[bytes] = deque()
        self._buffered = 0
        self._unread_by_peer = 0
        self._arrives_at: Ticks = 0
        self._under_way: deque[bytes | _Mark] = deque()
        self._arrived: deque[bytes | _Mark] = deque()
        self._is_cut = False
        self._is_reading = True
        self._is_delivering = False
        self._is_writing_over = False
        self._is_end_sent = False
        self._is_closing = False
        self._is_gone = False

    def meet(self, peer: "MemoryTransport", on_lost: Callable[[], None]) -> None:
        """Be connected to ``peer``; call ``on_lost`` when the connection is over at this end."""
        self._peer = peer
        self._on_lost = on_lost

    def serve(self, protocol: asyncio.BaseProtocol) -> None:
        """Hand the connection to ``protocol``; what has arrived before then waits for it."""
        self.set_protocol(protocol)
        protocol.connection_made(self)
        self._deliver_later()

    # What asyncio asks of a transport.

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        if isinstance(protocol, asyncio.BufferedProtocol):
            raise UnsupportedOnVirtualTime(
                "BufferedProtocol: connections in memory copy their bytes"
            )
        self._protocol = protocol

    def get_protocol(self) -> asyncio.BaseProtocol:
        protocol: asyncio.BaseProtocol = self._protocol
        return protocol

    def is_closing(self) -> bool:
        return self._is_closing

    def is_reading(self) -> bool:
        return self._is_reading and not self._is_closing

    def pause_reading(self) -> None:
        self._is_reading = False

    def resume_reading(self) -> None:
        self._is_reading = True
        self._deliver_later()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self._marks.set(high, low)
        self._marks.rose(self._buffered, self._protocol)

    def get_write_buffer_limits(self) -> tuple[int, int]:
        return self._marks.low, self._marks.high

    def get_write_buffer_size(self) -> int:
        return self._buffered

    def write(self, data: Any) -> None:
        if self._is_writing_over:
            raise RuntimeError("Cannot call write() after write_eof()")
        if self._is_closing or not data:
            return
        self._buffer.append(bytes(data))
        self._buffered += len(self._buffer[-1])
        self._flush()
        self._marks.rose(self._buffered, self._protocol)

    def writelines(self, list_of_data: Any) -> None:
        self.write(b"".join(list_of_data))

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        if not (self._is_closing or self._is_writing_over):
            self._is_writing_over = True
            self._flush()

    def close(self) -> None:
        if not self._is_closing:
            self._is_closing = True
            self._flush()

    def abort(self) -> None:
        if not self._is_gone:
            self._leave(_Mark.RESET)
            self._lose_later(None)

    def sever(self) -> None:
        """Be cut off by the end of the process: its peer sees the end, it sees nothing."""
        if not self._is_gone:
            self._leave(self._farewell())

    # Sending.

    def _flush(self) -> None:
        """Send what there is room for, and then the end if that is all."""
        while self._buffer and self._unread_by_peer < ROOM:
            data = self._buffer.popleft()
            self._buffered -= len(data)
            self._unread_by_peer += len(data)
            self._send(data)
        if self._buffer:
            return
        if self._is_closing:
            if not self._is_gone:
                self._leave(self._farewell())
                self._lose_later(None)
        elif self._is_writing_over and not self._is_end_sent:
            self._is_end_sent = True
            self._send(_Mark.END)

    def _farewell(self) -> _Mark:
        """Return what the peer gets when this end is closed: a reset if it wrote in vain."""
        is_unread = any(isinstance(item, bytes) for item in self._arrived)
        return _Mark.RESET if is_unread else _Mark.END

    def _leave(self, mark: _Mark) -> None:
        self._is_closing = self._is_gone = True
        self._buffer.clear()
        self._arrived.clear()
        self._buffered = 0
        if mark is _Mark.RESET or not self._is_end_sent:
            self._send(mark)

    def _send(self, item: bytes | _Mark) -> None:
        latency = None if self._is_cut else self._next_latency()
        if latency is None:
            self._is_cut = True
            return
        peer = self._peer
        assert peer is not None
        self._arrives_at = max(self._loop.now + latency, self._arrives_at)
        # The item is not the post's argument: a tie policy may swap posts, never bytes.
        peer._under_way.append(item)  # noqa: SLF001 - the other end
        self._loop.post_first(self._arrives_at, MemoryTransport._arrive, peer)

    # Receiving.

    def _arrive(self) -> None:
        item = self._under_way.popleft()
        if self._is_gone:
            if isinstance(item, bytes):
                self._send(_Mark.RESET)
        elif self._is_closing:  # still sending what it had buffered, and reads no more
            if item is _Mark.RESET:
                self._is_gone = True
                self._lose_later(_reset())
        else:
            self._arrived.append(item)
            self._deliver_later()

    def _deliver_later(self) -> None:
        if self._arrived and self._is_reading and self._protocol and not self._is_delivering:
            self._is_delivering = True
            self._loop.call_soon(self._deliver, context=self._context)

    def _deliver(self) -> None:
        self._is_delivering = False
        while self._arrived and self.is_reading():
            item = self._arrived.popleft()
            if isinstance(item, bytes):
                self._make_room(len(item))
                self._protocol.data_received(item)
            elif item is _Mark.RESET:
                self._is_closing = self._is_gone = True
                self._lose_later(_reset())
            elif not self._protocol.eof_received():
                self.close()

    def _make_room(self, size: int) -> None:
        """Let the peer send ``size`` bytes more. Nothing tells how long that news takes."""
        peer = self._peer
        assert peer is not None
        peer._unread_by_peer -= size  # noqa: SLF001 - the other end
        if peer._buffer:  # noqa: SLF001
            peer._flush()  # noqa: SLF001
            self._loop.call_soon(peer._resume_writing, context=peer._context)  # noqa: SLF001

    def _resume_writing(self) -> None:
        if not self._is_gone:
            self._marks.fell(self._buffered, self._protocol)

    # The end.

    def _lose_later(self, error: Exception | None) -> None:
        self._buffer.clear()
        self._buffered = 0
        self._loop.call_soon(self._lose, error, context=self._context)

    def _lose(self, error: Exception | None) -> None:
        if self._on_lost is not None:
            self._on_lost()
        if self._protocol is not None:
            self._protocol.connection_lost(error)

    def _fileno(self) -> int:
        if self._is_gone:
            return -1
        return self._descriptors.readable if self._arrived else self._descriptors.quiet


def _reset() -> ConnectionResetError:
    return ConnectionResetError(errno.ECONNRESET, "Connection reset by peer")
