"""Those outside who have the app's credentials too, and ask for tokens at random."""

import asyncio
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

from tokenrace.arrivals import Poisson, gaps
from tokenrace.clock import Ticks
from tokenrace.provider.app import Credentials
from tokenrace.provider.reading import CALLER_HEADER, HttpRequest
from tokenrace.rng import SpanStream, Streams
from tokenrace.server.shifted_clock import ShiftedClock

CALLER = "second-minter"
MINTERS_MAX = 10


@dataclass(slots=True, kw_only=True)
class SecondMinter:
    """Asks ``rate_hz`` times a second of real time on average, until ``ends`` on the provider's
    clock or ``count`` times; None is no such end. ``asked`` counts how often it has."""

    rate_hz: float
    ends: Ticks | None = None
    count: int | None = None
    asked: int = 0

    def is_over(self, now: Ticks) -> bool:
        """Return whether it asks no more."""
        is_late = self.ends is not None and now >= self.ends
        return is_late or (self.count is not None and self.asked >= self.count)


class SecondMinters:
    """The second minters of one provider, each a task of the running loop.

    A minter knows the secret of the time when it begins and learns no other, so a rotation locks it
    out. It uses no token that it gets.
    """

    def __init__(self, ask: Callable[[HttpRequest], object], clock: ShiftedClock) -> None:
        self._ask = ask
        self._clock = clock
        self._begun = 0
        self._tasks: dict[asyncio.Task[None], SecondMinter] = {}

    def standing(self, now: Ticks) -> list[SecondMinter]:
        """Return those that ask on, the longest at it first."""
        return [minter for minter in self._tasks.values() if not minter.is_over(now)]

    def begin(self, minter: SecondMinter, credentials: Credentials) -> None:
        """Let ``minter`` ask with ``credentials``, of which there may be ``MINTERS_MAX``."""
        assert len(self.standing(self._clock.now())) < MINTERS_MAX
        law = gaps(Poisson(minter.rate_hz), 1)
        pauses = Streams(0).spans(f"second-minter/{self._begun}", law)
        self._begun += 1
        task = asyncio.create_task(self._mint(minter, pauses, token_request(credentials)))
        self._tasks[task] = minter
        task.add_done_callback(self._forget)

    def end(self) -> None:
        """Let none of them ask any more."""
        for task in self._tasks:
            task.cancel()
        self._tasks = {}

    async def _mint(self, minter: SecondMinter, pauses: SpanStream, request: HttpRequest) -> None:
        due = self._real_time()
        while not minter.is_over(self._clock.now()):
            due += pauses.next()
            await self._clock.sleep(due - self._real_time())
            if not minter.is_over(self._clock.now()):
                minter.asked += 1
                self._ask(request)

    def _real_time(self) -> Ticks:
        return self._clock.now() - self._clock.offset

    def _forget(self, task: asyncio.Task[None]) -> None:
        self._tasks.pop(task, None)


def token_request(credentials: Credentials) -> HttpRequest:
    """Return a request for a token, as a client that has ``credentials`` sends it."""
    pair = f"{credentials.client_id}:{credentials.client_secret}".encode()
    form = {"grant_type": "account_credentials", "account_id": credentials.account_id}
    headers = {
        "authorization": f"Basic {b64encode(pair).decode()}",
        "content-type": "application/x-www-form-urlencoded",
        CALLER_HEADER: CALLER,
    }
    return HttpRequest(
        method="POST", path="/oauth/token", query={}, headers=headers, body=urlencode(form).encode()
    )
