"""Telling the user's code from Python's own, from installed packages and from this one."""

import sysconfig
from functools import cache
from pathlib import Path
from traceback import extract_tb

_NOT_THE_USERS = (
    str(Path(__file__).parent),
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
    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return f"{text} ({place})" if place else text
