"""One end of a connection in memory.

Two layers, as in a real machine. What the operating system does (bytes arrive and wait to be read,
a reset is answered) happens whatever the process is doing. What the process does (its protocol is
called) happens in the context of the code that made the connection, so a paused process reads later
and a crashed one never.

* What finds no room on the way waits in the sender's write buffer, and pauses its protocol.
* ``close`` sends what is buffered, then the end of the stream. ``abort`` throws the buffer away and
  resets: the peer gets ConnectionResetError. A reset is also what a peer gets whose bytes were not
  read before the end, or come after it.
"""

import asyncio
import errno
from collections import deque
from collections.abc import Callable
from contextvars import Context
from typing import Any

from tokenrace.engine.flow_control import WaterMarks
from tokenrace.engine.loop import VirtualLoop
from tokenrace.engine.memory_socket import Address, Descriptors, MemorySocket
from tokenrace.engine.memory_stream import Item, Mark, Stream
from tokenrace.errors import UnsupportedOnVirtualTime

PIECE = 64 * 1024
"""Bytes sent at once at most, so that one large write is held back as many small ones are."""


class MemoryTransport(asyncio.Transport):
    """See the module's rules. ``outward`` is what it writes to, ``inward`` what it reads from."""

    def __init__(
        self,
        loop: VirtualLoop,
        context: Context,
        outward: Stream,
        inward: Stream,
        addresses: tuple[Address, Address],
        descriptors: Descriptors,
    ) -> None:
        name, peer = addresses
        seen = MemorySocket(name, peer, self._fileno)
        super().__init__({"sockname": name, "peername": peer, "socket": seen})
        self._loop = loop
        self._context = context
        self._outward = outward
        self._inward = inward
        self._descriptors = descriptors
        self._protocol: Any = None
        self._on_lost: list[Callable[[], object]] = []
        self._marks = WaterMarks()
        self._buffer: deque[bytes] = deque()
        self._buffered = 0
        self._arrived: deque[Item] = deque()
        self._is_reading = True
        self._is_delivering = False
        self._is_writing_over = False
        self._is_end_sent = False
        self._is_closing = False
        self._is_gone = False
        outward.leaves_from(self._write_on)
        inward.leads_to(self._arrive)

    def serve(self, protocol: asyncio.BaseProtocol) -> None:
        """Hand the connection to ``protocol``; what has arrived before then waits for it."""
        self.set_protocol(protocol)
        protocol.connection_made(self)
        self._deliver_later()

    def on_lost(self, callback: Callable[[], object]) -> None:
        """Call ``callback`` when the connection is over at this end."""
        self._on_lost.append(callback)

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
        whole = bytes(data)
        self._buffered += len(whole)
        if len(whole) <= PIECE:
            self._buffer.append(whole)
        else:
            self._buffer.extend(whole[at : at + PIECE] for at in range(0, len(whole), PIECE))
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
            self._leave(Mark.RESET)
            self._lose_later(None)

    def sever(self) -> None:
        """End as with a killed process: a kernel tells the peer, nobody tells this end."""
        if not self._is_gone:
            self._leave(self._farewell())
            self._tell_lost()

    # Sending.

    def _flush(self) -> None:
        """Send what there is room for, and the end after the last."""
        while self._buffer and self._outward.has_room():
            data = self._buffer.popleft()
            self._buffered -= len(data)
            self._outward.send(data)
        if self._buffer or self._is_gone:
            return
        if self._is_closing:
            self._leave(self._farewell())
            self._lose_later(None)
        elif self._is_writing_over and not self._is_end_sent:
            self._is_end_sent = True
            self._outward.send(Mark.END)

    def _farewell(self) -> Mark:
        """Return what the peer gets when this end is closed: a reset if it wrote in vain."""
        return Mark.RESET if any(isinstance(item, bytes) for item in self._arrived) else Mark.END

    def _leave(self, mark: Mark) -> None:
        self._is_closing = self._is_gone = True
        self._arrived.clear()
        self._drop_buffer()
        if mark is Mark.RESET or not self._is_end_sent:
            self._outward.send(mark)

    def _write_on(self) -> None:
        """Use the room that the peer made by reading."""
        if self._buffer:
            self._flush()
            self._loop.call_soon(self._resume_writing, context=self._context)

    def _resume_writing(self) -> None:
        if not self._is_gone:
            self._marks.fell(self._buffered, self._protocol)

    # Receiving.

    def _arrive(self, item: Item) -> None:
        if self._is_gone:
            if isinstance(item, bytes):
                self._outward.send(Mark.RESET)
        elif not self._is_closing:
            self._arrived.append(item)
            self._deliver_later()
        elif item is Mark.RESET:  # closing and still sending: now in vain
            self._be_reset()

    def _deliver_later(self) -> None:
        if self._protocol is None or self._is_delivering:
            return
        if self._arrived and self._is_reading:
            self._is_delivering = True
            self._loop.call_soon(self._deliver, context=self._context)

    def _deliver(self) -> None:
        self._is_delivering = False
        while self._arrived and self.is_reading():
            item = self._arrived.popleft()
            if isinstance(item, bytes):
                self._inward.read(len(item))
                self._protocol.data_received(item)
            elif item is Mark.RESET:
                self._be_reset()
            elif not self._protocol.eof_received():
                self.close()

    # The end.

    def _be_reset(self) -> None:
        self._is_closing = self._is_gone = True
        self._lose_later(ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"))

    def _lose_later(self, error: Exception | None) -> None:
        self._drop_buffer()
        self._tell_lost()
        if self._protocol is not None:
            self._loop.call_soon(self._protocol.connection_lost, error, context=self._context)

    def _tell_lost(self) -> None:
        for callback in self._on_lost:
            callback()

    def _drop_buffer(self) -> None:
        self._buffer.clear()
        self._buffered = 0

    def _fileno(self) -> int:
        if self._is_gone:
            return -1
        return self._descriptors.readable if self._arrived else self._descriptors.quiet
