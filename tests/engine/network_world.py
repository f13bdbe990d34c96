"""What tests of the in-memory network run on: one network, a server that echoes, and a small API.

One way takes 700 ticks unless a test says otherwise, so connecting takes 1,400 and so does each
request that its server answers at once.
"""

import asyncio
from contextlib import asynccontextmanager

from aiohttp import web

from tokenrace.engine.loop import VirtualLoop
from tokenrace.engine.memory_network import MemoryNetwork

ONE_WAY = 700
MEBIBYTE = 1024 * 1024


def on_network(main, latency=lambda _: ONE_WAY, ties=None):
    """Run ``main(loop)`` on a loop of its own with a network; return what it returns."""
    loop = VirtualLoop(ties)
    loop.network = MemoryNetwork(loop, latency)
    try:
        return loop.run_until_complete(main(loop))
    finally:
        loop.discard()


async def echo(reader, writer):
    """Send everything back, and then the end."""
    while data := await reader.read(1024):
        writer.write(data)
        await writer.drain()
    writer.close()


@asynccontextmanager
async def connected(host, port):
    """Open a connection and close it."""
    reader, writer = await asyncio.open_connection(host, port)
    try:
        yield reader, writer
    finally:
        writer.close()


async def start_api(host="api.test"):
    """Serve a small API with aiohttp; return the runner and the peers it has seen connect."""
    peers = []

    async def where(request):
        peer = request.transport.get_extra_info("peername")
        if peer not in peers:
            peers.append(peer)
        return web.json_response({"n": request.query.get("n")})

    async def drips(request):
        response = web.StreamResponse()
        await response.prepare(request)
        for letter in (b"a", b"b", b"c"):
            await response.write(letter * 1000)
            await asyncio.sleep(0.01)
        await response.write_eof()
        return response

    async def sends_back(request):
        return web.Response(body=await request.read())

    async def hangs_up(request):
        request.transport.close()
        return web.Response()

    app = web.Application(client_max_size=8 * MEBIBYTE)
    app.router.add_get("/", where)
    app.router.add_get("/drips", drips)
    app.router.add_get("/hangs-up", hangs_up)
    app.router.add_post("/sends-back", sends_back)
    runner = web.AppRunner(app, keepalive_timeout=75)
    await runner.setup()
    await web.TCPSite(runner, host, 80).start()
    return runner, peers
