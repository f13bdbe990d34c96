"""When a sender must wait: the high and low water marks of a transport's write buffer."""

import asyncio

HIGH = 64 * 1024
"""Bytes; what asyncio's own transports begin with, and their rule that low is a quarter of it."""


class WaterMarks:
    """Says when to pause and when to resume a protocol's writing."""

    __slots__ = ("high", "is_paused", "low")

    def __init__(self) -> None:
        self.is_paused = False
        self.high, self.low = HIGH, HIGH // 4

    def set(self, high: int | None, low: int | None) -> None:
        """Set both; what is not given follows from the other, as asyncio documents it."""
        if high is None:
            high = HIGH if low is None else 4 * low
        if low is None:
            low = high // 4
        if not high >= low >= 0:
            raise ValueError(f"high ({high!r}) must be >= low ({low!r}) must be >= 0")
        self.high, self.low = high, low

    def rose(self, size: int, protocol: asyncio.BaseProtocol) -> None:
        """Tell ``protocol`` to stop writing, if the buffer is now too full."""
        if size > self.high and not self.is_paused:
            self.is_paused = True
            protocol.pause_writing()

    def fell(self, size: int, protocol: asyncio.BaseProtocol) -> None:
        """Tell ``protocol`` to go on writing, if there is room again."""
        if self.is_paused and size <= self.low:
            self.is_paused = False
            protocol.resume_writing()
