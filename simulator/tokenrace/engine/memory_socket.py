"""What a transport in memory shows where code asks it for its socket."""

import os
import socket
import weakref
from collections.abc import Callable
from typing import Any

Address = tuple[str, int]


class Descriptors:
    """Two real file descriptors: one that never has anything to read, one that always has.

    httpcore looks with ``poll`` whether the server has closed an idle connection, so a socket must
    have a descriptor that says the truth. Two do for all connections. They are closed with their
    owner.
    """

    def __init__(self) -> None:
        self.quiet, self._quiet_writer = os.pipe()
        self.readable, writer = os.pipe()
        os.close(writer)  # the end of file is something to read
        self._closing = weakref.finalize(
            self, _close_all, (self.quiet, self._quiet_writer, self.readable)
        )

    def close(self) -> None:
        """Give them back; does nothing the second time."""
        self._closing()


def _close_all(descriptors: tuple[int, ...]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)


class MemorySocket:
    """The few things that HTTP libraries ask of a connected socket. It cannot send or receive."""

    family = socket.AF_INET
    type = socket.SOCK_STREAM
    proto = socket.IPPROTO_TCP

    def __init__(self, name: Address, peer: Address, fileno: Callable[[], int]) -> None:
        self._name = name
        self._peer = peer
        self._fileno = fileno

    def getsockname(self) -> Address:
        return self._name

    def getpeername(self) -> Address:
        return self._peer

    def fileno(self) -> int:
        return self._fileno()

    def setsockopt(self, *_: Any) -> None:
        """Nothing to set: there is no kernel below."""

    def getsockopt(self, *_: Any) -> int:
        return 0
