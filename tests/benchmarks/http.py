"""aiohttp's own client and server on the virtual loop, and the same on real loopback.

Both ends live in one process on one loop, so neither figure owes anything to a second core, and
the difference is what the connections in memory cost or save.
"""

import asyncio

import aiohttp
from aiohttp import web

from tokenrace.clock import MILLISECOND
from tokenrace.engine.loop import VirtualLoop
from tokenrace.engine.memory_network import MemoryNetwork

REQUESTS = 4_000
CLIENTS = 20


def virtual() -> int:
    """Make the requests on virtual time, half a millisecond each way; return how many."""
    loop = VirtualLoop()
    loop.network = MemoryNetwork(loop, lambda _: MILLISECOND // 2)
    try:
        return loop.run_until_complete(_exchange())
    finally:
        loop.discard()


def loopback() -> int:
    """Make the same requests through the machine's own network; return how many."""
    return asyncio.run(_exchange())


async def _exchange() -> int:
    """Serve a small JSON answer to clients that keep their connections."""
    app = web.Application()
    app.router.add_get("/", _answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as group:
        for _ in range(CLIENTS):
            group.create_task(_client(session, url))
    await runner.cleanup()
    return REQUESTS


async def _answer(_: web.Request) -> web.Response:
    return web.json_response({"id": 1, "topic": "weekly"})


async def _client(session: aiohttp.ClientSession, url: str) -> None:
    for _ in range(REQUESTS // CLIENTS):
        async with session.get(url) as response:
            assert (await response.json())["id"] == 1
