"""Naming the place in somebody's code where a task waits."""

import asyncio
import gc
import inspect
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

_LOOPS = ("asyncio", "anyio")
"""Libraries in which everybody waits: whose code asks them to is the place."""
_CLOCKS = "tokenrace.engine."
"""Where sleeps on a process's clock are: a place as little as a loop is."""
_DEPTH_MAX = 100
"""How many tasks that wait for each other are followed: a circle of them has no end."""
_WRAPPERS = ("async_generator_asend", "async_generator_athrow", "coroutine_wrapper")
"""What stands between an ``await`` and the code that is awaited, and has no frame of its own."""


class Place(NamedTuple):
    """Where somebody waits: the function, file and line, and for what of asyncio's; and the name of
    the module, empty where no code is known."""

    text: str
    module: str


def described(frame: FrameType) -> str:
    """Return the function, file and line of ``frame``."""
    code = frame.f_code
    return f"{code.co_qualname} ({Path(code.co_filename).name}:{frame.f_lineno})"


def waiting_place(coroutine: Any) -> str:
    """Return where ``coroutine`` waits: the innermost code that is not asyncio's, and for what."""
    return _place(coroutine).text


def place_of(task: "asyncio.Task[Any]") -> Place:
    """Return where ``task`` waits; where it waits for another task, where that one does."""
    for _ in range(_DEPTH_MAX):
        awaited = task._fut_waiter  # type: ignore[attr-defined]  # noqa: SLF001 - no public name
        if not isinstance(awaited, asyncio.Task) or awaited.done():
            break
        task = awaited
    return _place(task.get_coro())


def _place(coroutine: Any) -> Place:
    waits_for, place, module = "", "", ""
    for frame in _frames(coroutine):
        name = frame.f_globals.get("__name__", "")
        if name.startswith(_CLOCKS):
            continue
        if name.partition(".")[0] in _LOOPS:
            is_private = frame.f_code.co_name.startswith("_")
            waits_for = waits_for if is_private else f", for {frame.f_code.co_qualname}"
        else:
            waits_for, place, module = "", described(frame), name
    return Place((place or "no code of yours") + waits_for, module)


def _frames(awaited: Any) -> Iterator[FrameType]:
    """Yield the frames of what ``awaited`` waits in, outermost first."""
    while awaited is not None:
        if inspect.iscoroutine(awaited):
            frame, awaited = awaited.cr_frame, awaited.cr_await
        elif inspect.isasyncgen(awaited):
            frame, awaited = awaited.ag_frame, awaited.ag_await
        elif inspect.isgenerator(awaited):
            frame, awaited = awaited.gi_frame, awaited.gi_yieldfrom
        else:
            frame, awaited = None, _wrapped(awaited)
        if frame is not None:
            yield frame


def _wrapped(awaited: Any) -> Any:
    """Return the code that ``awaited`` runs, where it is such a wrapper; None where it is not."""
    if type(awaited).__name__ not in _WRAPPERS:
        return None
    inner = (inspect.iscoroutine, inspect.isasyncgen)
    of_it = gc.get_referents(awaited)
    return next((each for each in of_it if any(is_one(each) for is_one in inner)), None)
