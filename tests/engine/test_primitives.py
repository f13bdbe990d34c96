"""asyncio's own primitives on the virtual loop: each story is told on the stock loop as well.

The stock loop gets a selector that never waits, so both run on virtual time, and what is compared
is the order and the instants of everything a story logs. Deadlines of a story differ, because the
stock loop orders equal ones by chance.
"""

import asyncio
import contextvars
import selectors
import sys

import pytest

from simulator.engine.loop import VirtualLoop


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


async def naps(log, name, *spans):
    """Sleep and log, again and again; return the name."""
    for span in spans:
        await asyncio.sleep(span)
        log(name, span)
    return name


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


async def a_lock_serves_in_order_and_skips_the_cancelled(log):
    lock = asyncio.Lock()

    async def holds(name, span):
        async with lock:
            log(name, "holds")
            await asyncio.sleep(span)

    tasks = [asyncio.create_task(holds(name, 1 + i / 10)) for i, name in enumerate("abcd")]
    await asyncio.sleep(0.5)
    tasks[1].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    log(lock.locked())


async def an_event_wakes_everyone_in_order(log):
    event = asyncio.Event()

    async def waits(name):
        await event.wait()
        log(name)

    async with asyncio.TaskGroup() as group:
        for name in "abc":
            group.create_task(waits(name))
        await asyncio.sleep(1)
        event.set()
    event.clear()
    log(event.is_set())


async def a_condition_notifies_as_many_as_asked(log):
    condition = asyncio.Condition()
    ready = []

    async def waits(name):
        async with condition:
            await condition.wait_for(lambda: name in ready)
            log(name)

    async with asyncio.TaskGroup() as group:
        for name in "abc":
            group.create_task(waits(name))
        for name in "bca":
            await asyncio.sleep(1)
            async with condition:
                ready.append(name)
                condition.notify_all()
        async with condition:
            condition.notify(1)


async def a_semaphore_lets_so_many_in(log):
    semaphore = asyncio.BoundedSemaphore(2)

    async def enters(name, span):
        async with semaphore:
            log(name, "in")
            await asyncio.sleep(span)
        log(name, "out")

    await asyncio.gather(*(enters(name, 1 + i / 8) for i, name in enumerate("abcde")))
    with pytest.raises(ValueError, match="released too many"):
        semaphore.release()


async def a_barrier_waits_for_all(log):
    barrier = asyncio.Barrier(3)

    async def arrives(name, span):
        await asyncio.sleep(span)
        log(name, await barrier.wait())

    await asyncio.gather(*(arrives(name, 1 + i / 4) for i, name in enumerate("abc")))


async def a_queue_holds_producers_and_consumers_back(log):
    queue = asyncio.Queue(maxsize=2)

    async def produces():
        for number in range(6):
            await queue.put(number)
            log("put", number, queue.full())

    async def consumes(name, span):
        while True:
            number = await queue.get()
            await asyncio.sleep(span)
            log(name, "took", number)
            queue.task_done()

    consumers = [asyncio.create_task(consumes(*who)) for who in (("a", 1.1), ("b", 1.7))]
    await produces()
    await queue.join()
    for consumer in consumers:
        consumer.cancel()
    await asyncio.gather(*consumers, return_exceptions=True)
    with pytest.raises(asyncio.QueueEmpty):
        queue.get_nowait()


async def other_queues_have_their_orders(log):
    for kind in (asyncio.PriorityQueue, asyncio.LifoQueue):
        queue = kind()
        for number in (2, 3, 1):
            queue.put_nowait(number)
        log([await queue.get() for _ in range(3)])


async def a_task_group_ends_together(log):
    async def fails(span):
        await asyncio.sleep(span)
        raise ValueError(span)

    async def lasts():
        try:
            await asyncio.sleep(9)
        finally:
            log("cancelled with the others")

    async with asyncio.TaskGroup() as group:
        done = group.create_task(naps(log, "x", 1))
    log(done.result())
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(lasts())
            group.create_task(fails(1))
            group.create_task(fails(2))
    except* ValueError as group_error:
        log([str(error) for error in group_error.exceptions])


async def gather_keeps_the_order_of_its_arguments(log):
    async def fails():
        await asyncio.sleep(1.5)
        raise ValueError("no")

    log(await asyncio.gather(naps(log, "slow", 2), naps(log, "fast", 1)))
    results = await asyncio.gather(naps(log, "x", 1), fails(), return_exceptions=True)
    log([repr(result) for result in results])
    try:
        await asyncio.gather(naps(log, "goes on", 2), fails())
    except ValueError as error:
        log(str(error))
    both = asyncio.gather(naps(log, "p", 5), naps(log, "q", 5))
    await asyncio.sleep(1)
    both.cancel()
    with pytest.raises(asyncio.CancelledError):
        await both


async def a_shield_keeps_the_inner_task_going(log):
    inner = asyncio.create_task(naps(log, "inner", 2))

    async def outer():
        await asyncio.shield(inner)

    task = asyncio.create_task(outer())
    await asyncio.sleep(1)
    task.cancel()
    log([repr(result) for result in await asyncio.gather(task, return_exceptions=True)])
    log(await inner)


async def as_completed_yields_the_first_first(log):
    for next_done in asyncio.as_completed([naps(log, name, 3 - i) for i, name in enumerate("abc")]):
        log(await next_done)
    (late,) = asyncio.as_completed([naps(log, "late", 3)], timeout=1)
    with pytest.raises(TimeoutError):
        await late


async def wait_returns_when_the_first_is_done(log):
    tasks = [asyncio.create_task(naps(log, name, span)) for name, span in (("a", 2), ("b", 1))]
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    log(len(done), len(pending), tasks[1] in done)
    done, pending = await asyncio.wait(tasks, timeout=0.5)
    log(len(done), len(pending))
    done, pending = await asyncio.wait(tasks)
    log(len(done), len(pending))


async def every_task_has_its_own_context(log):
    who = contextvars.ContextVar("who", default="nobody")

    async def says(name):
        who.set(name)
        await asyncio.sleep(1)
        asyncio.get_running_loop().call_soon(lambda: log("callback", who.get()))
        await asyncio.sleep(0)
        log("task", who.get())

    who.set("main")
    await asyncio.gather(says("a"))
    given = contextvars.copy_context()
    given.run(who.set, "given")
    await asyncio.create_task(naps(lambda *_: log(who.get()), "x", 1), context=given)
    log(who.get())


async def an_async_generator_is_closed_when_it_is_dropped(log):
    async def counts():
        try:
            for number in range(9):
                yield number
                await asyncio.sleep(1)
        finally:
            log("closed")

    async for number in counts():
        log(number)
        if number == 2:
            break
    await asyncio.sleep(0)
    log("went on")


async def a_generator_left_open_is_closed_with_the_loop(log):
    async def counts(name):
        try:
            yield 1
            yield 2
        finally:
            log("closed", name)

    kept = [counts("a")]
    log(await anext(kept[0]))
    asyncio.get_running_loop().kept = kept


async def an_eager_task_starts_at_once(log):
    if sys.version_info < (3, 12):
        return
    asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
    task = asyncio.create_task(naps(log, "eager", 0, 1), name="early")
    log("made", task.get_name())
    await task


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
    a_lock_serves_in_order_and_skips_the_cancelled,
    an_event_wakes_everyone_in_order,
    a_condition_notifies_as_many_as_asked,
    a_semaphore_lets_so_many_in,
    a_barrier_waits_for_all,
    a_queue_holds_producers_and_consumers_back,
    other_queues_have_their_orders,
    a_task_group_ends_together,
    gather_keeps_the_order_of_its_arguments,
    a_shield_keeps_the_inner_task_going,
    as_completed_yields_the_first_first,
    wait_returns_when_the_first_is_done,
    every_task_has_its_own_context,
    an_async_generator_is_closed_when_it_is_dropped,
    a_generator_left_open_is_closed_with_the_loop,
    an_eager_task_starts_at_once,
]


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_a_story_goes_as_on_the_stock_loop(story):
    """Same entries, same order, same instants; and there is something to compare."""
    on_ours = told(story, VirtualLoop)
    assert on_ours == told(story, StockLoop)
    assert on_ours[-1][1] in ("over", "closed")
