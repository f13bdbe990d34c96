"""Serving until somebody asks to stop."""

import asyncio
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from aiohttp import web

from simulator.server.connections import HEAD_S, ConnectionServer
from simulator.server.desk import Desk
from simulator.server.served import ServedProvider

STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
FINISH_S = 30.0
"""How long requests under way have to be answered, once the server is to stop."""


@asynccontextmanager
async def serving(
    served: ServedProvider, desk: Desk, listening: socket.socket, head_s: float = HEAD_S
) -> AsyncIterator[None]:
    """Serve while the block runs; at its end let requests under way be answered."""
    server = ConnectionServer(desk.answer, head_s)
    runner = web.ServerRunner(server, shutdown_timeout=FINISH_S)
    await runner.setup()
    try:
        await web.SockSite(runner, listening).start()
        yield
    finally:
        served.minters.end()
        served.watch.end()
        await runner.cleanup()


@contextmanager
def stop_asked() -> Iterator[asyncio.Future[signal.Signals]]:
    """Give the SIGTERM, SIGHUP or Ctrl-C that comes while the block runs; a second one ends the
    process there and then. Under nohup a SIGHUP is none."""
    asked: asyncio.Future[signal.Signals] = asyncio.get_running_loop().create_future()
    for one in STOPPING:
        if one != signal.SIGHUP or signal.getsignal(one) is not signal.SIG_IGN:
            asked.get_loop().add_signal_handler(one, _note, asked, one)
    try:
        yield asked
    finally:
        _stop_listening(asked)


def _note(asked: asyncio.Future[signal.Signals], one: signal.Signals) -> None:
    asked.set_result(one)
    _stop_listening(asked)


def _stop_listening(asked: asyncio.Future[signal.Signals]) -> None:
    for one in STOPPING:
        asked.get_loop().remove_signal_handler(one)
