"""Naming the place in somebody's code that an error is about."""

import inspect
from collections.abc import Iterator
from types import FrameType

from simulator.waiting_place import described

_LOOPS_OWN = ("asyncio.", "simulator.engine.")


def running_place(innermost: FrameType) -> str:
    """Return the coroutine that is running, or the innermost function where there is none.

    What a coroutine calls is a library's business more often than not; the await is the user's.
    """
    frames = list(_not_the_loops(innermost))
    coroutines = (frame for frame in frames if frame.f_code.co_flags & inspect.CO_COROUTINE)
    return described(next(coroutines, frames[0]))


def _not_the_loops(innermost: FrameType) -> Iterator[FrameType]:
    """Yield the frames from ``innermost`` outwards, without those of asyncio and of the loop."""
    frame: FrameType | None = innermost
    while frame is not None:
        if not frame.f_globals.get("__name__", "").startswith(_LOOPS_OWN):
            yield frame
        frame = frame.f_back
