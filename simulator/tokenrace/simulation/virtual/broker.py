"""The broker of a simulated fleet, and each process's line to it.

A line is as long as the way to the store. What is asked takes effect when it arrives, and a line
that is cut carries nothing, either way.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextvars import copy_context
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from tokenrace.clock import Ticks, seconds
from tokenrace.engine.loop import VirtualLoop
from tokenrace.fleet.broker import BROKER, NO_BROKER, BrokerDesk
from tokenrace.fleet.names import stream_name
from tokenrace.network.fates import NEVER
from tokenrace.network.links import LinkStream, stream_of
from tokenrace.simulation.virtual.world import World
from tokenrace.stores.contract import StoreUnavailable
from tokenrace.strategies.broker_scope import Broker
from tokenrace.strategies.contract import TokenUnavailable
from tokenrace.strategies.ports import Ports
from tokenrace.token import Token
from tokenrace.user_code.ownership import OWNER

Answer = Callable[[], Awaitable[Token]]


@dataclass(slots=True, kw_only=True)
class Line:
    """One process's line. ``prepare`` is called before news reaches the process.

    News that arrives while the process stands still waits for it.
    """

    loop: VirtualLoop
    asks: LinkStream
    news: LinkStream
    timeout: Ticks
    count: Callable[[], None]
    failed: Callable[[], None]
    broker: "VirtualBroker"
    prepare: Callable[[], None] = field(init=False)
    _take: Callable[[Token], None] | None = field(default=None, init=False)
    _waiting: list[Token] | None = field(default=None, init=False)

    async def current(self) -> Token:
        """Return the token the broker has."""
        return await self._ask(self.broker.desk.current)

    async def other_than(self, refused: Token) -> Token:
        """Say that ``refused`` will not do; return what the broker has then."""
        return await self._ask(partial(self.broker.desk.other_than, refused.value))

    def listen(self, take: Callable[[Token], None]) -> None:
        """Have ``take`` called with every new token that arrives."""
        self._take = take

    def send_news(self, token: Token) -> None:
        """Send ``token`` to the process, which hears of it unless the message is lost."""
        there = self.news.next(self.loop.now).there
        if self._take is not None and there < NEVER:
            self.loop.post_first(self.loop.now + there, self._hear, token)

    def cut(self) -> None:
        """Carry nothing more to the process, which is dead."""
        self._take = None
        self.broker.forget(self)

    def pause(self) -> None:
        """Keep news until ``resume``."""
        self._waiting = []

    def resume(self) -> None:
        """Let the process hear what it missed."""
        missed, self._waiting = self._waiting, None
        for token in missed or ():
            self._hear(token)

    def _hear(self, token: Token) -> None:
        if self._waiting is not None:
            self._waiting.append(token)
        elif self._take is not None:
            self.prepare()
            self._take(token)

    async def _ask(self, answer: Answer) -> Token:
        self.count()
        answered: asyncio.Future[Token] = self.loop.create_future()
        ways = self.asks.next(self.loop.now)
        there, back = ways.there, ways.back
        if there < NEVER:
            asked = partial(self.broker.serve, answer, partial(self._answer_later, answered, back))
            self.loop.post_first(self.loop.now + there, lambda _: asked(), None)
        try:
            async with asyncio.timeout(seconds(self.timeout)):
                return await answered
        except TimeoutError:
            self.failed()
            raise StoreUnavailable(NO_BROKER) from None

    def _answer_later(
        self, answered: asyncio.Future[Token], back: Ticks, got: Token | TokenUnavailable
    ) -> None:
        if back < NEVER:
            self.loop.post_first(self.loop.now + back, _answer, (answered, got))


def _answer(message: tuple[asyncio.Future[Token], Token | TokenUnavailable]) -> None:
    answered, got = message
    if answered.done():
        return
    if isinstance(got, Token):
        answered.set_result(got)
    else:
        answered.set_exception(got)


class VirtualBroker:
    """The broker's process. It is never calm: it rests until its timer or a process calls."""

    def __init__(self, world: World, rules: Broker, ports: Ports) -> None:
        self._world = world
        self._lines: list[Line] = []
        self._context = copy_context()
        self._context.run(OWNER.set, None)
        self.desk = BrokerDesk.of(rules, ports, self._tell)

    def line(self, name: str, life: int) -> Line:
        """Return the line of the process ``name`` in its ``life``."""
        plan, streams = self._world.plan, self._world.streams
        asks, news = f"{name}.ask", f"{name}.news"
        line = Line(
            loop=self._world.loop,
            asks=stream_of(plan.links, "store", streams, asks, stream_name(asks, life)),
            news=stream_of(plan.links, "store", streams, news, stream_name(news, life)),
            timeout=plan.fleet.timeout,
            count=self._count,
            failed=self._failed,
            broker=self,
        )
        self._lines.append(line)
        return line

    def forget(self, line: Line) -> None:
        """Tell nothing over ``line`` any more."""
        self._lines.remove(line)

    def open(self) -> None:
        """Get the first token."""
        self._run(self.desk.open(), "opens")

    def serve(self, answer: Answer, send: Callable[[Token | TokenUnavailable], None]) -> None:
        """Find out what to ``answer``, and send it."""
        self._run(_served(answer, send), "answers")

    def _run(self, work: Coroutine[Any, Any, None], what: str) -> None:
        context = self._context.copy()
        task = self._world.loop.create_task(work, name=f"{BROKER} {what}", context=context)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._world.fail(error)

    def _tell(self, token: Token) -> None:
        for line in self._lines:
            line.send_news(token)

    def _count(self) -> None:
        self._world.tally.store_reads += 1

    def _failed(self) -> None:
        self._world.tally.store_failed(BROKER, NO_BROKER, self._world.loop.now)


async def _served(answer: Answer, send: Callable[[Token | TokenUnavailable], None]) -> None:
    try:
        send(await answer())
    except TokenUnavailable as unavailable:
        send(unavailable)
