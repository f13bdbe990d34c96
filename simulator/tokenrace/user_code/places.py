"""Naming the place in somebody's code that an error is about."""

import inspect
from collections.abc import Iterator
from types import FrameType

from tokenrace.user_code.waiting_place import described
from tokenrace.user_code.whose_code import is_the_users

_LOOPS_OWN = ("asyncio.", "tokenrace.engine.", "tokenrace.user_code.")


def running_place(innermost: FrameType) -> str:
    """Return the innermost function of the user's that is running.

    Where none of the code is the user's, the innermost coroutine, and the innermost function where
    there is none either: what a coroutine calls is a library's business more often than not.
    """
    frames = list(_not_the_loops(innermost))
    users = next((frame for frame in frames if is_the_users(frame.f_code.co_filename)), None)
    if users is not None:
        return described(users)
    coroutines = (frame for frame in frames if frame.f_code.co_flags & inspect.CO_COROUTINE)
    return described(next(coroutines, frames[0]))


def _not_the_loops(innermost: FrameType) -> Iterator[FrameType]:
    """Yield the frames from ``innermost`` outwards, without those of asyncio and of the loop."""
    frame: FrameType | None = innermost
    while frame is not None:
        if not frame.f_globals.get("__name__", "").startswith(_LOOPS_OWN):
            yield frame
        frame = frame.f_back
