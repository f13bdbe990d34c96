"""Telling the user's code from Python's own, from installed packages and from this one."""

import sysconfig
from functools import cache
from pathlib import Path
from traceback import extract_tb, format_exception

_NOT_THE_USERS = (
    str(Path(__file__).parents[1]),
    *(sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")),
    "<",  # code that no file holds
)


@cache
def is_the_users(filename: str) -> bool:
    """Return whether the code in the file of that name is the user's."""
    return not filename.startswith(_NOT_THE_USERS)


def raised_at(error: BaseException) -> str:
    """Return the innermost line of the user's that raised ``error``, as ``file.py:12``.

    Any code's line where none is the user's; empty where ``error`` was not raised.
    """
    frames = list(extract_tb(error.__traceback__))
    users = [frame for frame in frames if is_the_users(frame.filename)]
    return "".join(
        f"{Path(frame.filename).name}:{frame.lineno}" for frame in (users or frames)[-1:]
    )


def described(error: BaseException) -> str:
    """Return what ``error`` says, and the line of the user's that raised it."""
    place = raised_at(error)
    return f"{_said(error)} ({place})" if place else _said(error)


def traced(error: BaseException) -> str:
    """Return the traceback of ``error``; its last line is what ``described`` says of it.

    Of a group it is of the first error, which a task group of ours ended for; one that the user's
    code raised is shown whole.
    """
    while isinstance(error, BaseExceptionGroup) and error.message.endswith("in a TaskGroup"):
        error = error.exceptions[0]
    text = "".join(format_exception(error)).rstrip()
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    last = " ".join(described(error).split())
    before, _, end = text.rpartition("\n")
    return f"{before if end.endswith(_said(error)) else text}\n{last}"


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
