"""Naming the place in somebody's code where a task waits."""

import asyncio
from pathlib import Path
from types import FrameType
from typing import Any

_DEPTH_MAX = 100
"""How many tasks that wait for each other are followed: a circle of them has no end."""


def described(frame: FrameType) -> str:
    """Return the function, file and line of ``frame``."""
    code = frame.f_code
    return f"{code.co_qualname} ({Path(code.co_filename).name}:{frame.f_lineno})"


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


def waiting_place_of(task: "asyncio.Task[Any]") -> str:
    """Return where ``task`` waits; where it waits for another task, where that one does."""
    for _ in range(_DEPTH_MAX):
        awaited = task._fut_waiter  # type: ignore[attr-defined]  # noqa: SLF001 - no public name
        if not isinstance(awaited, asyncio.Task) or awaited.done():
            break
        task = awaited
    return waiting_place(task.get_coro())
