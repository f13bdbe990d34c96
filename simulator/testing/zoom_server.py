"""The mock Zoom on loopback, for aiohttp and for every client that insists on a socket."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from aiohttp import web
from anyio.from_thread import start_blocking_portal

from simulator.server.incoming import as_asked, hang_up
from simulator.server.listen import LOOPBACK, listen_on
from simulator.server.under_way import served
from simulator.testing.mock_zoom import MockZoom

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
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(zoom_server(zoom)) as url,
    ):
        yield url
