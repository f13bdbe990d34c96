"""The mounts of the mock Zoom, each with a client that sends one request at a time through it."""

import asyncio
import json
from collections.abc import Callable
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import aiohttp
import httpx
import httpx2
import requests

from tokenrace.testing import (
    MockZoom,
    httpx2_transport,
    transport,
    zoom_router,
    zoom_server,
    zoom_server_in_thread,
)


@dataclass(frozen=True)
class Answer:
    """What a client made of a response; the names of ``headers`` in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self):
        return json.loads(self.body)


@dataclass(frozen=True)
class Mounted:
    """``send(method, url, **what)`` sends a request; ``hung_up`` is raised where none answers."""

    send: Callable[..., Answer]
    hung_up: type[Exception]


def _of_httpx(response):
    return _answer(response.status_code, response.headers, response.content)


def _answer(status, headers, body):
    return Answer(status, {name.lower(): value for name, value in headers.items()}, body)


def _blocking(client):
    return lambda method, url, **what: _of_httpx(client.request(method, url, **what))


def _awaiting(runner, client):
    async def send(method, url, **what):
        return _of_httpx(await client.request(method, url, **what))

    return lambda *line, **what: runner.run(send(*line, **what))


@contextmanager
def _async_client(make):
    """Yield a blocking send for an async client of httpx's kind."""
    with asyncio.Runner() as runner:
        client = make()
        yield _awaiting(runner, client)
        runner.run(client.aclose())


@contextmanager
def respx_blocking(zoom):
    with zoom_router(zoom), httpx.Client() as client:
        yield Mounted(_blocking(client), httpx.RemoteProtocolError)


@contextmanager
def respx_awaiting(zoom):
    with zoom_router(zoom), _async_client(httpx.AsyncClient) as send:
        yield Mounted(send, httpx.RemoteProtocolError)


@contextmanager
def httpx_blocking(zoom):
    with httpx.Client(transport=transport(zoom)) as client:
        yield Mounted(_blocking(client), httpx.RemoteProtocolError)


@contextmanager
def httpx_awaiting(zoom):
    with _async_client(lambda: httpx.AsyncClient(transport=transport(zoom))) as send:
        yield Mounted(send, httpx.RemoteProtocolError)


@contextmanager
def httpx2_blocking(zoom):
    with httpx2.Client(transport=httpx2_transport(zoom)) as client:
        yield Mounted(_blocking(client), httpx2.RemoteProtocolError)


@contextmanager
def httpx2_awaiting(zoom):
    with _async_client(lambda: httpx2.AsyncClient(transport=httpx2_transport(zoom))) as send:
        yield Mounted(send, httpx2.RemoteProtocolError)


@contextmanager
def aiohttp_server(zoom):
    """The server and its client share a loop, which runs while a request is under way."""
    with asyncio.Runner() as runner, ExitStack() as left_last:
        server = zoom_server(zoom)
        runner.run(server.__aenter__())
        left_last.callback(lambda: runner.run(server.__aexit__(None, None, None)))
        session = runner.run(_session())
        left_last.callback(lambda: runner.run(session.close()))

        async def send(method, url, **what):
            async with session.request(method, url, **what) as response:
                return _answer(response.status, response.headers, await response.read())

        yield Mounted(
            lambda *line, **what: runner.run(send(*line, **what)), aiohttp.ServerDisconnectedError
        )


async def _session():
    return aiohttp.ClientSession()


@contextmanager
def server_in_thread(zoom):
    with zoom_server_in_thread(zoom), requests.Session() as session:
        yield Mounted(
            lambda method, url, **what: _of_httpx(session.request(method, url, **what)),
            requests.ConnectionError,
        )


MOUNTS: dict[str, Callable[[MockZoom], object]] = {
    "respx": respx_blocking,
    "respx, async": respx_awaiting,
    "httpx": httpx_blocking,
    "httpx, async": httpx_awaiting,
    "httpx2": httpx2_blocking,
    "httpx2, async": httpx2_awaiting,
    "aiohttp": aiohttp_server,
    "server in a thread, requests": server_in_thread,
}
