"""The mock Zoom on loopback, for aiohttp and for every client that insists on a socket."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Future
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from typing import NamedTuple

from aiohttp import web

from tokenrace.server.incoming import as_asked, hang_up
from tokenrace.server.listen import LOOPBACK, listen_on
from tokenrace.server.under_way import served
from tokenrace.testing.mock_zoom import MockZoom

SHUTDOWN_S = 0.5
"""How long a request still coming in has when the test is over: nobody waits for its answer."""


@asynccontextmanager
async def zoom_server(zoom: MockZoom) -> AsyncIterator[str]:
    """Serve ``zoom`` on the running loop; yields its URL, where ``zoom``'s own URLs are meanwhile.

    A client that blocks the loop would wait for ever: ``zoom_server_in_thread`` is for those.
    """

    async def answer(request: web.Request) -> web.Response:
        response = zoom.answer(as_asked(request, await request.read()))
        if response is None:
            return hang_up(request)
        return web.Response(status=response.status, headers=response.headers, body=response.body)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    listening = listen_on(0)
    url = f"http://{LOOPBACK}:{listening.getsockname()[1]}"
    async with served([(app, listening)], SHUTDOWN_S):
        with zoom.served_at(url):
            yield url


@contextmanager
def zoom_server_in_thread(zoom: MockZoom) -> Iterator[str]:
    """Serve ``zoom`` on a loop in a thread of its own, for clients that block; yields its URL."""
    opened: Future[_Open] = Future()
    thread = threading.Thread(target=lambda: asyncio.run(_serve(zoom, opened)), name="mock Zoom")
    thread.start()
    try:
        server = opened.result()
        try:
            yield server.url
        finally:
            server.close()
    finally:
        thread.join()


class _Open(NamedTuple):
    """A server in a thread: its URL, and what ends it."""

    url: str
    close: Callable[[], object]


async def _serve(zoom: MockZoom, opened: "Future[_Open]") -> None:
    """Serve until told to close, which ``opened`` says how to do, or why nothing was opened."""
    over = asyncio.Event()
    close = partial(asyncio.get_running_loop().call_soon_threadsafe, over.set)
    try:
        async with zoom_server(zoom) as url:
            opened.set_result(_Open(url, close))
            await over.wait()
    except Exception as error:
        if opened.done():
            raise
        opened.set_exception(error)
