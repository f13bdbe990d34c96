"""A page in a headless Chromium that a test can talk to, by the browser's own DevTools protocol."""

import asyncio
from collections.abc import Callable
from contextlib import asynccontextmanager
from itertools import count

import aiohttp

from tests.browser import HEADLESS, find_chromium


class Session:
    """One page; ``evaluate`` runs a line of script in it."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse):
        self._socket = socket
        self._numbers = count(1)
        self._page = {}

    async def open(self, url: str) -> None:
        """Open ``url`` and wait until it is loaded."""
        target = await self._ask("Target.createTarget", url="about:blank")
        shown = await self._ask("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        self._page = {"sessionId": shown["sessionId"]}
        await self._ask("Page.enable")
        await self._ask("Page.navigate", url=url)
        await self._told(lambda message: message.get("method") == "Page.loadEventFired")

    async def evaluate(self, script: str):
        """Return what ``script`` comes to, awaited where it is a promise."""
        told = await self._ask(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in told, told
        return told["result"].get("value")

    async def _ask(self, method: str, **params: object):
        number = next(self._numbers)
        await self._socket.send_json(
            {"id": number, "method": method, "params": params, **self._page}
        )
        told = await self._told(lambda message: message.get("id") == number)
        return told["result"]

    async def _told(self, is_it: Callable[[dict], bool]):
        async for message in self._socket:
            if is_it(told := message.json()):
                return told
        raise AssertionError("the browser is gone")


@asynccontextmanager
async def a_browser(folder):
    """Run a browser while the block runs; yields a session in it."""
    command = [*HEADLESS, "--remote-debugging-port=0", f"--user-data-dir={folder / 'profile'}"]
    browser = await asyncio.create_subprocess_exec(
        find_chromium(), *command, stderr=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(30), aiohttp.ClientSession() as client:
            while b"DevTools listening" not in (line := await browser.stderr.readline()):
                assert line, "the browser ended"
            async with client.ws_connect(line.split()[-1].decode()) as socket:
                yield Session(socket)
    finally:
        browser.kill()
        await browser.communicate()
