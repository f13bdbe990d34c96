"""Stories of locks, events, conditions, semaphores, barriers and queues."""

import asyncio

import pytest


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


STORIES = [
    a_lock_serves_in_order_and_skips_the_cancelled,
    an_event_wakes_everyone_in_order,
    a_condition_notifies_as_many_as_asked,
    a_semaphore_lets_so_many_in,
    a_barrier_waits_for_all,
    a_queue_holds_producers_and_consumers_back,
    other_queues_have_their_orders,
]
