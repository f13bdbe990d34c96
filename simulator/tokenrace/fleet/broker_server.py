"""The broker behind aiohttp: it is asked over HTTP, and tells its news on streams."""

import asyncio
from collections.abc import Awaitable

from aiohttp import web

from tokenrace.fleet.broker import BrokerDesk
from tokenrace.fleet.broker_words import CURRENT, NEWS, NONE_TO_GIVE, OTHER, said
from tokenrace.strategies.contract import TokenUnavailable
from tokenrace.token import Token


class News:
    """Tells every listener of each new token. Who comes later asks first, so nothing is kept."""

    def __init__(self) -> None:
        self._listeners: list[asyncio.Queue[bytes]] = []

    def tell(self, token: Token) -> None:
        """Tell everybody who listens now."""
        for listener in self._listeners:
            listener.put_nowait(said(token) + b"\n")

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """Send each piece of news as a line, until the process at the other end is gone."""
        response = web.StreamResponse()
        await response.prepare(request)
        listener: asyncio.Queue[bytes] = asyncio.Queue()
        self._listeners.append(listener)
        try:
            while True:
                await response.write(await listener.get())
        finally:
            self._listeners.remove(listener)


def application(desk: BrokerDesk, news: News) -> web.Application:
    """Return the aiohttp application of one broker."""

    async def current(_: web.Request) -> web.Response:
        return await _answer(desk.current())

    async def other(request: web.Request) -> web.Response:
        return await _answer(desk.other_than(await request.text()))

    app = web.Application()
    app.router.add_post(CURRENT, current)
    app.router.add_post(OTHER, other)
    app.router.add_get(NEWS, news.stream)
    return app


async def _answer(asked: Awaitable[Token]) -> web.Response:
    try:
        return web.Response(body=said(await asked))
    except TokenUnavailable as unavailable:
        return web.Response(status=NONE_TO_GIVE, body=said(unavailable.denied))
