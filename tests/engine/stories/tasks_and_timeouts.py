"""Stories of tasks, futures, callbacks and timeouts."""

import asyncio

import pytest

from tests.engine.stories.nap import naps


async def tasks_take_turns(log):
    await asyncio.gather(naps(log, "a", 0, 0, 0), naps(log, "b", 0, 0), naps(log, "c", 0, 0, 0))


async def sleepers_wake_in_order_of_time(log):
    await asyncio.gather(naps(log, "slow", 3, 0, 1), naps(log, "fast", 0.5, 0.7, 1.1, 2))


async def a_task_returns_raises_or_is_cancelled(log):
    async def fails():
        await asyncio.sleep(1)
        raise ValueError("no")

    async def forever():
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError as error:
            log("told", str(error))
            await asyncio.sleep(0.25)
            raise
        finally:
            log("cleaned up")

    good, bad, long = (
        asyncio.create_task(work) for work in (naps(log, "x", 1), fails(), forever())
    )
    for task in (good, bad, long):
        task.add_done_callback(lambda task: log("done", task.cancelled()))
    await asyncio.sleep(2)
    log(long.cancel("enough"), good.cancel(), good.result(), repr(bad.exception()))
    await asyncio.sleep(0)
    log(long.cancelling(), long.done())
    with pytest.raises(asyncio.CancelledError):
        await long
    log(long.cancelled())


async def a_cancel_can_be_taken_back(log):
    async def stubborn():
        try:
            await asyncio.sleep(5)
        except asyncio.CancelledError:
            log("uncancelled", asyncio.current_task().uncancel())
        return await naps(log, "went on", 1)

    task = asyncio.create_task(stubborn())
    await asyncio.sleep(1)
    task.cancel()
    log(await task)


async def futures_call_back_in_order(log):
    loop = asyncio.get_running_loop()
    future = loop.create_future()
    for name in "abc":
        future.add_done_callback(lambda _, name=name: log(name))
    loop.call_soon(log, "before")
    loop.call_later(1, future.set_result, 7)
    loop.call_at(loop.time() + 2, log, "later")
    log(await future)
    cancelled = loop.call_later(1.5, log, "never")
    cancelled.cancel()
    log(cancelled.cancelled())
    await asyncio.sleep(3)


async def callbacks_made_ready_now_run_in_the_next_turn(log):
    loop = asyncio.get_running_loop()

    def first():
        log("first")
        loop.call_soon(log, "after all of the first turn")
        loop.call_later(0, log, "a timer of no delay")

    loop.call_soon(first)
    loop.call_soon(log, "second")
    await asyncio.sleep(0)
    log("main, first turn")
    await asyncio.sleep(0)
    log("main, second turn")
    await asyncio.sleep(0)


async def a_timeout_cancels_what_takes_too_long(log):
    try:
        async with asyncio.timeout(1) as limit:
            await naps(log, "x", 0.4, 0.4, 0.4)
    except TimeoutError:
        log("too late", limit.expired())
    async with asyncio.timeout(10) as limit:
        await naps(log, "y", 1)
        limit.reschedule(limit.when() + 5)
    log("in time", limit.expired())
    async with asyncio.timeout(None):
        await naps(log, "z", 1)


async def of_two_timeouts_the_earlier_counts(log):
    try:
        async with asyncio.timeout(3):
            try:
                async with asyncio.timeout(2):
                    await asyncio.sleep(9)
            except TimeoutError:
                log("inner")
            await asyncio.sleep(9)
    except TimeoutError:
        log("outer")


async def a_timeout_that_has_passed_expires_at_once(log):
    for limit in (0, -1):
        try:
            async with asyncio.timeout(limit):
                await asyncio.sleep(1)
        except TimeoutError:
            log("expired", limit)


async def wait_for_gives_the_result_or_gives_up(log):
    log(await asyncio.wait_for(naps(log, "x", 1), 2))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(naps(log, "y", 3), 2)
    log("gave up")
    waiting = asyncio.create_task(asyncio.wait_for(naps(log, "z", 3), 5))
    await asyncio.sleep(1)
    waiting.cancel()
    log(await asyncio.gather(waiting, return_exceptions=True) != [])


STORIES = [
    tasks_take_turns,
    sleepers_wake_in_order_of_time,
    a_task_returns_raises_or_is_cancelled,
    a_cancel_can_be_taken_back,
    futures_call_back_in_order,
    callbacks_made_ready_now_run_in_the_next_turn,
    a_timeout_cancels_what_takes_too_long,
    of_two_timeouts_the_earlier_counts,
    a_timeout_that_has_passed_expires_at_once,
    wait_for_gives_the_result_or_gives_up,
]
