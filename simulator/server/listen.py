"""Sockets on loopback, and nowhere else."""

import socket

from simulator.errors import RunError

LOOPBACK = "127.0.0.1"
PORTS_TRIED = 100


def listen_on(port: int) -> socket.socket:
    """Return a listening socket on loopback, on ``port`` or the next free one; 0 means any.

    Raises:
        RunError: none of the next ``PORTS_TRIED`` ports is free.
    """
    last = min(port + PORTS_TRIED, 65_536)
    for candidate in range(port, last) if port else (0,):
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((LOOPBACK, candidate))
            listening.listen(1024)
        except OSError:
            listening.close()
        else:
            return listening
    raise RunError(f"no free port from {port} to {last - 1} on {LOOPBACK}; choose another --port")
