"""asyncio's own primitives on the virtual loop: each story is told on the stock loop as well.

The stock loop gets a selector that never waits, so both run on virtual time, and what is compared
is the order and the instants of everything a story logs. Deadlines of a story differ, because the
stock loop orders equal ones by chance.
"""

import asyncio
import selectors

import pytest

from tests.engine.stories import groups_and_generators, locks_and_queues, tasks_and_timeouts
from tokenrace.engine.loop import VirtualLoop


class NeverWaits(selectors.DefaultSelector):
    """Moves ``now`` by as much as it was asked to wait."""

    now = 0.0

    def select(self, timeout=None):
        assert timeout is not None, "the story deadlocks"
        self.now += max(timeout, 0)
        return []


class StockLoop(asyncio.SelectorEventLoop):
    """asyncio's loop, on virtual time."""

    def __init__(self):
        self.waiting = NeverWaits()
        super().__init__(self.waiting)

    def time(self):
        return self.waiting.now


def told(story, loop_factory):
    """Return what ``story`` logs on a loop of its own: instants in microseconds, and texts."""
    entries = []

    async def main():
        loop = asyncio.get_running_loop()

        def log(*what):
            entries.append((round(loop.time() * 1_000_000), *what))

        await story(log)
        log("over")

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(main())
    return entries


STORIES = [*tasks_and_timeouts.STORIES, *locks_and_queues.STORIES, *groups_and_generators.STORIES]


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_a_story_goes_as_on_the_stock_loop(story):
    """Same entries, same order, same instants; and there is something to compare."""
    on_ours = told(story, VirtualLoop)
    assert on_ours == told(story, StockLoop)
    assert on_ours[-1][1] in ("over", "closed")
