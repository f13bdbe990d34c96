"""The requests that an aiohttp application is answering, and an end to them.

aiohttp's own end has a hole: a request that is answered in the very turn of the loop in which its
time is up sets a future that is cancelled already, and ``InvalidStateError`` is logged as an
"Unhandled exception" (aiohttp 3.14, ``RequestHandler.shutdown``). A loop that was held up for a
while, as under load, does both in one turn. So requests end here first, and aiohttp finds none.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

from aiohttp import web
from aiohttp.typedefs import Handler


class UnderWay:
    """Knows the requests under way of the applications that have its ``middleware``."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[object]] = set()
        self._is_ending = False
        self._none_left = asyncio.Event()

    def counted(self, app: web.Application) -> web.Application:
        """Return ``app``, which is not served yet, with its requests counted."""

        @web.middleware
        async def count(request: web.Request, handler: Handler) -> web.StreamResponse:
            if self._is_ending:
                raise web.HTTPServiceUnavailable
            task = asyncio.current_task()
            assert task is not None
            self._tasks.add(task)
            try:
                return await handler(request)
            finally:
                self._tasks.discard(task)
                if self._is_ending and not self._tasks:
                    self._none_left.set()

        app.middlewares.append(count)
        return app

    async def end(self, within_s: float) -> None:
        """Let requests end ``within_s`` seconds, then end them; refuse new ones."""
        self._is_ending = True
        if not self._tasks:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self._none_left.wait()
        for task in tuple(self._tasks):
            task.cancel()
        while self._tasks:
            await self._none_left.wait()


@asynccontextmanager
async def served(
    apps: Sequence[tuple[web.Application, socket.socket]], finish_s: float
) -> AsyncIterator[None]:
    """Serve each application at its socket while the block runs.

    At its end requests under way have ``finish_s`` seconds: nobody waits for their answers.
    """
    under_way = UnderWay()
    runners: list[web.AppRunner] = []
    try:
        for app, listening in apps:
            counted = under_way.counted(app)
            runner = web.AppRunner(counted, access_log=None, shutdown_timeout=finish_s)
            await runner.setup()
            runners.append(runner)
            await web.SockSite(runner, listening).start()
        yield
    finally:
        await under_way.end(finish_s)
        for runner in runners:
            await runner.cleanup()
