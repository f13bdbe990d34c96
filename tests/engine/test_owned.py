"""What reaches a process from outside: others' futures, explicit contexts, the engine's timers."""

import asyncio
import contextvars

import pytest

from tests.user_code.owners import owned_by
from tokenrace.clock import SECOND
from tokenrace.engine.clocks import LoopClock
from tokenrace.errors import DeadlockError
from tokenrace.user_code.ownership import OWNER


def start(process, coroutine):
    """Run ``coroutine`` as a task of ``process``."""
    with owned_by(process):
        return asyncio.create_task(coroutine)


def test_an_explicit_context_says_whose_a_task_is(loop):
    """A server's callbacks run in the context of the code that made the server."""
    with owned_by(7):
        context = contextvars.copy_context()

    async def main():
        task = loop.create_task(asyncio.sleep(1), context=context)
        assert loop.tasks_of(7) == [task]
        await task

    loop.run_until_complete(main())
    assert loop.tasks_of(7) == []


def test_the_engines_own_callbacks_belong_to_nobody(loop):
    """Whoever posts them: a paused or crashed process does not hold the engine up."""
    seen = []

    async def posts():
        loop.post(1, 0, lambda _: seen.append(OWNER.get()), None)
        loop.post_first(1, lambda _: seen.append(OWNER.get()), None)

    async def main():
        await start(4, posts())
        loop.pause(4)
        await asyncio.sleep(1)

    loop.run_until_complete(main())
    assert seen == [None, None]


def test_every_port_is_severed_in_the_order_it_was_opened(loop):
    """And those of other processes are not."""
    seen = []
    for process, port in ((1, "store"), (2, "not mine"), (1, "network")):
        loop.on_crash(process, lambda port=port: seen.append(port))
    loop.crash(1)
    assert seen == ["store", "network"]


def test_a_crashed_process_lends_its_number_to_nobody(loop):
    """A restarted process is another process; the same number twice is the caller's bug."""
    loop.crash(1)
    with pytest.raises(AssertionError):
        loop.crash(1)


def test_what_others_do_for_a_paused_process_waits(loop):
    """Items queued at 1, 2 and 3 s: it learns of them all when it is resumed at 4 s."""
    seen = []

    async def reader(queue):
        while True:
            seen.append((await queue.get(), loop.time()))

    async def main():
        queue = asyncio.Queue()
        start(1, reader(queue))
        await asyncio.sleep(1)
        loop.pause(1)
        for item in "abc":
            queue.put_nowait(item)
            await asyncio.sleep(1)
        loop.resume(1)
        await asyncio.sleep(1)

    loop.run_until_complete(main())
    assert seen == [("a", 4), ("b", 4), ("c", 4)]


def test_a_clocks_sleep_is_held_back_as_an_ordinary_one_is(loop):
    """Its timer is the engine's, but what it wakes belongs to the paused process."""
    seen = []

    async def worker():
        await LoopClock(loop).sleep(SECOND)
        seen.append(loop.time())

    async def main():
        start(1, worker())
        await asyncio.sleep(0.5)
        loop.pause(1)
        await asyncio.sleep(4.5)
        loop.resume(1)
        await asyncio.sleep(1)

    loop.run_until_complete(main())
    assert seen == [5]


def test_a_run_in_which_only_a_paused_process_could_go_on_is_a_deadlock(loop):
    """Nobody is left to resume it, and the error says who was held back."""

    async def main():
        task = start(3, asyncio.sleep(1))
        await asyncio.sleep(0)
        loop.pause(3)
        await task

    with pytest.raises(DeadlockError) as caught:
        loop.run_until_complete(main())
    assert loop.now == SECOND
    assert [line.split(":")[0] for line in caught.value.waiting] == [
        "no process",
        "process 3, paused",
    ]
