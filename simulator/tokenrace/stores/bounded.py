"""Calls of a client library that end in time, whatever the library does when it is cancelled.

A library may take its time over a cancellation, to tell its server, or lose one altogether, as
redis-py 8.1 does. Both are met by having each call in a task of its own: whoever waits for it is
cancelled all the same.
"""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, TypeVar

from tokenrace.clock import MILLISECOND, Ticks, seconds

T = TypeVar("T")
CANCEL_WITHIN: Ticks = 200 * MILLISECOND
"""How long a call has to end when it is cancelled, before it is cancelled once more."""


async def answered(call: Coroutine[Any, Any, T], within: Ticks) -> T:
    """Return what ``call`` does, if that comes in time. The caller may be cancelled.

    Raises:
        TimeoutError: it did not; it was cancelled.
    """
    task = asyncio.ensure_future(call)
    try:
        async with asyncio.timeout(seconds(within)):
            return await asyncio.shield(task)
    except (TimeoutError, asyncio.CancelledError):
        await _end(task)
        raise


async def _end(task: "asyncio.Task[Any]") -> None:
    """Cancel ``task``, twice if need be; then it is left to itself.

    Gathered, what becomes of it is no exception here; that the caller is cancelled still is one.
    """
    task.cancel()
    for _ in range(2):
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds(CANCEL_WITHIN)):
                await asyncio.gather(task, return_exceptions=True)
                return
