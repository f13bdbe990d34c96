"""When a worker starts operations: after a pause (closed), or at instants of their own (open)."""

import asyncio
from typing import Protocol

from tokenrace.arrivals import Arrivals, Closed
from tokenrace.clock import Clock, Ticks
from tokenrace.rng import SpanStream


class Operates(Protocol):
    """A worker: it does operations, one each time it is asked."""

    @property
    def clock(self) -> Clock:
        """By which it keeps pace."""
        ...

    async def operate(self, wanted_at: Ticks) -> None:
        """Do one operation that the service wanted at ``wanted_at``."""
        ...


async def work(worker: Operates, arrivals: Arrivals, gaps: SpanStream, first_at: Ticks) -> None:
    """Run ``worker`` from ``first_at`` until cancelled; ``gaps`` are its own."""
    clock = worker.clock
    await clock.sleep(first_at - clock.now())
    if isinstance(arrivals, Closed):
        await _work_closed(worker, clock, gaps)
    else:
        await _work_open(worker, clock, gaps, first_at)


async def _work_closed(worker: Operates, clock: Clock, think: SpanStream) -> None:
    """The next operation starts one think time after the last one ended."""
    while True:
        await clock.sleep(think.next())
        await worker.operate(clock.now())


async def _work_open(worker: Operates, clock: Clock, gaps: SpanStream, first_at: Ticks) -> None:
    """Operations start when they are due, however many are still under way.

    An operation is timed from the instant it was due, so that a slow client hides no waiting
    (coordinated omission).
    """
    due = first_at
    async with asyncio.TaskGroup() as under_way:
        while True:
            due += gaps.next()
            await clock.sleep(due - clock.now())
            under_way.create_task(worker.operate(due))
