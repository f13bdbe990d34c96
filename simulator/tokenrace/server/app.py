"""The pure provider as an aiohttp application, with the latencies of a scenario.

Requests are answered one at a time: between a request's arrival at the provider and its effect
there is no ``await``, so the order in which requests take effect is one total order, and every
answer is out only after its effect (linearizable: ``tests/provider/test_linearizable.py``).
The waits before and after stand for the network.
"""

import asyncio
from dataclasses import replace
from functools import partial

from aiohttp import web
from multidict import CIMultiDict

from tokenrace.clock import Clock, Ticks
from tokenrace.network.fates import NEVER, LinkName, Ways
from tokenrace.network.links import Links, LinkStream, stream_of
from tokenrace.provider.http import Exchange, ZoomHttp
from tokenrace.provider.lifecycle import Change
from tokenrace.provider.messages import Accepted, Granted, Refused
from tokenrace.provider.reading import CALLER_HEADER, HttpRequest
from tokenrace.provider.recorder import Recorder
from tokenrace.rng import Streams
from tokenrace.server.incoming import as_asked, hang_up

TOKEN_PATH = "/oauth/token"  # noqa: S105 - a path
CALLERS_MAX = 20_000
"""Callers with latencies of their own; any more share one stream, so that memory is bounded."""


class Latencies:
    """Each caller's own round trips, the same as it meets on virtual time under the same seed."""

    def __init__(self, links: Links, streams: Streams) -> None:
        self._links = links
        self._streams = streams
        self._by_caller: dict[tuple[LinkName, str], LinkStream] = {}

    def next(self, path: str, caller: str, sent_at: Ticks) -> Ways:
        """Return the ways of ``caller``'s next request to ``path``, sent at ``sent_at``."""
        link: LinkName = "token" if path == TOKEN_PATH else "api"
        if len(self._by_caller) >= CALLERS_MAX:
            caller = "others"
        key = (link, caller)
        if key not in self._by_caller:
            self._by_caller[key] = stream_of(self._links, link, self._streams, caller, caller)
        return self._by_caller[key].next(sent_at)


class ZoomApp:
    """Answers HTTP requests with ``zoom``, after and before the waits that ``latencies`` draws.

    Where a message is lost, the connection is closed after ``patience``, without an answer.
    """

    def __init__(
        self,
        zoom: ZoomHttp,
        latencies: Latencies,
        clock: Clock,
        recorder: Recorder,
        patience: Ticks,
    ) -> None:
        self._zoom = zoom
        self._latencies = latencies
        self._clock = clock
        self._recorder = recorder
        self._patience = patience
        self._api_urls: dict[str, str] = {}
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Gets the first error of our own: a client would only see an answer it cannot read."""

    def application(self) -> web.Application:
        """Return the aiohttp application: every path goes to the provider."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        return app

    def door(self, caller: str, api_url: str) -> web.Application:
        """Return an application at which everybody is ``caller``, whatever they say, and is told
        ``api_url``."""
        self._api_urls[caller] = api_url
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", partial(self._answer, caller=caller))
        return app

    async def _answer(self, request: web.Request, *, caller: str | None = None) -> web.Response:
        asked = as_asked(request, await request.read())
        if caller is not None:
            headers = CIMultiDict(request.headers)
            headers[CALLER_HEADER] = caller
            asked = replace(asked, headers=headers)
        try:
            exchange = await self.carry(asked)
        except Exception as error:
            self.fail(error)
            raise
        if exchange is None:
            return await self._keep_silent(request)
        response = exchange.response
        if response is None:
            return hang_up(request)
        return web.Response(status=response.status, headers=response.headers, body=response.body)

    async def carry(self, asked: HttpRequest) -> Exchange | None:
        """Have ``asked`` arrive, as late as messages do here, and return what it comes to when that
        is back; None where one of the two messages is lost."""
        ways = self._latencies.next(asked.path, self._zoom.caller(asked), self._clock.now())
        if ways.there >= NEVER:
            return None
        await self._clock.sleep(ways.there)
        exchange = self.take_effect(asked)
        if ways.back >= NEVER:
            return None
        if exchange.response is not None:
            await self._clock.sleep(ways.back + exchange.late)
        return exchange

    def fail(self, error: BaseException) -> None:
        """Tell whoever waits for ``failed``; only the first error counts."""
        if not self.failed.done():
            self.failed.set_exception(error)

    def undergo(self, change: Change) -> None:
        """Let ``change`` happen to the app now."""
        events = self._zoom.provider.undergo(change, self._clock.now())
        self._recorder.happened(events)

    async def _keep_silent(self, request: web.Request) -> web.Response:
        """Answer nothing, as a lost message does, until the client must have given up."""
        await self._clock.sleep(self._patience)
        return hang_up(request)

    def take_effect(self, asked: HttpRequest) -> Exchange:
        """Let ``asked`` arrive at the provider now; return what it comes to."""
        now = self._clock.now()
        if self._api_urls and (api_url := self._api_urls.get(self._zoom.caller(asked))) is not None:
            self._zoom.move_to(api_url)
        exchange = self._zoom.handle(asked, now)
        if exchange.reached == "token":
            self._recorder.token_requested(now)
        match exchange.reply:
            case Granted() | Refused() as reply if exchange.endpoint == "token":
                live = self._zoom.provider.ledger.live_count(now)
                self._recorder.issue_answered(now, reply, exchange.events, live)
            case Accepted() | Refused() as reply:
                self._recorder.call_answered(now, reply, exchange.events)
            case _:
                self._recorder.happened(exchange.events)
        return exchange
