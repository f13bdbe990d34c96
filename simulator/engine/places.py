"""Naming the place in somebody's code that an error is about."""

import inspect
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

_LOOPS_OWN = ("asyncio.", "simulator.engine.")


def described(frame: FrameType) -> str:
    """Return the function, file and line of ``frame``."""
    code = frame.f_code
    return f"{code.co_qualname} ({Path(code.co_filename).name}:{frame.f_lineno})"


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


def waiting_place(coroutine: Any) -> str:
    """Return where ``coroutine`` waits: the innermost code that is not asyncio's, and for what."""
    waits_for, place = "", ""
    while (frame := getattr(coroutine, "cr_frame", None)) is not None:
        if frame.f_globals.get("__name__", "").startswith("asyncio."):
            waits_for = f", for {frame.f_code.co_qualname}"
        else:
            waits_for, place = "", described(frame)
        coroutine = coroutine.cr_await
    return (place or "no code of yours") + waits_for
