"""Stories of tasks that go together, of contexts, of generators and of eager tasks."""

import asyncio
import contextvars
import sys

import pytest

from tests.engine.stories.nap import naps


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
