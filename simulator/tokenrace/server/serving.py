"""Serving until somebody asks to stop."""

import asyncio
import errno
import logging
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from aiohttp import web

from tokenrace.server.connections import HEAD_S, ConnectionServer
from tokenrace.server.desk import Desk
from tokenrace.server.served import ServedProvider

STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
FINISH_S = 30.0
"""How long requests under way have to be answered, once the server is to stop."""


_LOG = logging.getLogger(__name__)
_NO_DESCRIPTOR = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_QUIET_S = 60.0


class _OnceAMinute:
    """Tells in one line, at most once a minute, that a connection could not be taken; of anything
    else the loop tells as it does by itself.

    The loop would tell with a traceback for each of the 128 that it tries a second.
    """

    def __init__(self) -> None:
        self._quiet_until = 0.0

    def __call__(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if not isinstance(error, OSError) or error.errno not in _NO_DESCRIPTOR:
            loop.default_exception_handler(context)
        elif loop.time() >= self._quiet_until:
            self._quiet_until = loop.time() + _QUIET_S
            _LOG.warning("connections are waiting: %s; raise the limit: ulimit -n", error.strerror)


@asynccontextmanager
async def serving(
    served: ServedProvider, desk: Desk, listening: socket.socket, head_s: float = HEAD_S
) -> AsyncIterator[None]:
    """Serve while the block runs; at its end let requests under way be answered."""
    asyncio.get_running_loop().set_exception_handler(_OnceAMinute())
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
