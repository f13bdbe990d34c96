"""A served provider on loopback, in this process, by a clock that stands still."""

import asyncio
from base64 import b64encode
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager

import aiohttp

from tests.provider.zoom_requests import CREDENTIALS, EPOCH, GRANT, KEY
from tokenrace.provider.app import App
from tokenrace.scenario.expectations import Expectation
from tokenrace.server.control import Control
from tokenrace.server.desk import Desk
from tokenrace.server.gate import Gate
from tokenrace.server.incoming import BodyReader
from tokenrace.server.listen import listen_on
from tokenrace.server.served import ServedProvider, Terms
from tokenrace.server.served_section import ServedSection
from tokenrace.server.serving import serving
from tokenrace.server.shifted_clock import ShiftedClock


class StillClock:
    """Its time stands still and nobody waits, but where it ``holds`` who sleeps; ``slept`` has the
    spans somebody wanted to."""

    def __init__(self):
        self.slept = []
        self.holds = False
        self._released = asyncio.Event()

    def now(self):
        """Return always 0."""
        return 0

    async def sleep(self, span):
        """Note ``span`` and return, once it holds nobody any more."""
        self.slept.append(span)
        if self.holds:
            await self._released.wait()

    def release(self):
        """Hold nobody any more."""
        self.holds = False
        self._released.set()


class World:
    """The server, and a client of it."""

    def __init__(self, served: ServedProvider, bodies: BodyReader, clock: StillClock, client):
        self.served = served
        self.bodies = bodies
        self.clock = clock
        self.client = client

    async def issue(self, secret: str = CREDENTIALS.client_secret, caller: str = "shop"):
        """Ask for a token; return the status and the value, None where there is none."""
        pair = f"{CREDENTIALS.client_id}:{secret}".encode()
        headers = {
            "authorization": "Basic " + b64encode(pair).decode(),
            "content-type": "application/x-www-form-urlencoded",
            "x-tokenrace-caller": caller,
        }
        async with self.client.post("/oauth/token", data=GRANT, headers=headers) as answer:
            body = await answer.json()
            return answer.status, body.get("access_token")

    async def call(self, token: str) -> int:
        """Call the API; return the status."""
        headers = {"authorization": f"Bearer {token}"}
        async with self.client.get("/v2/users/me", headers=headers) as answer:
            await answer.read()
            return answer.status

    async def control(self, method: str, path: str, body: object = None, **headers: str):
        """Ask the control API; return status and answer."""
        sent = {} if body is None else {"json": body}
        url = f"/_control/{path}"
        async with self.client.request(method, url, headers=headers, **sent) as answer:
            return answer.status, await answer.json()

    async def raises(self, event: str, **details: object):
        """Raise an event; return its place in the answer."""
        status, answer = await self.control("POST", "events", {"event": event, **details})
        assert status == 200, answer
        return answer

    async def problems(self, method: str, path: str, body: object = None):
        """Ask for what cannot be; return what is wrong, by where."""
        status, answer = await self.control(method, path, body)
        assert status == 400, answer
        return {problem["where"]: problem["what"] for problem in answer["problems"]}


@asynccontextmanager
async def a_world(
    *,
    control_token: str | None = None,
    body_s: float = 20,
    head_s: float = 20,
    expect: tuple[Expectation, ...] = (),
    **own: object,
):
    """Serve while the block runs; ``own`` is the provider section."""
    clock = StillClock()
    listening = listen_on(0)
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    terms = Terms(
        app=App(credentials=CREDENTIALS),
        section=ServedSection.model_validate(own),
        signing_key=KEY,
        unix_time=EPOCH,
        api_url=url,
        expect=expect,
    )
    served = ServedProvider(terms, ShiftedClock(clock), lambda _: None)
    bodies = BodyReader(body_s)
    desk = Desk(served, Control(served, Gate(control_token)), bodies)
    async with (
        serving(served, desk, listening, head_s),
        aiohttp.ClientSession(base_url=url) as client,
    ):
        yield World(served, bodies, clock, client)


def in_a_world(act: Callable[[World], Awaitable[None]], **own: object) -> None:
    """Let ``act`` happen in a world of its own."""

    async def happen() -> None:
        async with a_world(**own) as world:
            await act(world)

    asyncio.run(happen())
