"""Sockets to listen on: loopback, unless somebody asks for more."""

import errno
import socket

from tokenrace.errors import SimulatorError

LOOPBACK = "127.0.0.1"
PORTS_TRIED = 100


def listen_on(port: int, host: str = LOOPBACK) -> socket.socket:
    """Return a listening socket on ``host``, on ``port`` or the next free one; 0 means any.

    Raises:
        SimulatorError: none of the next ``PORTS_TRIED`` ports is free, or ``host`` is not ours.
    """
    last = min(port + PORTS_TRIED, 65_536)
    for candidate in range(port, last) if port else (0,):
        try:
            return _listening(host, candidate)
        except OSError as trouble:
            if trouble.errno != errno.EADDRINUSE:
                reason = f"cannot listen on {host} port {candidate}: {trouble.strerror}"
                raise SimulatorError(reason) from None
    raise SimulatorError(f"no free port from {port} to {last - 1} on {host}; choose another --port")


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(1024)
    except OSError:
        listening.close()
        raise
    return listening
