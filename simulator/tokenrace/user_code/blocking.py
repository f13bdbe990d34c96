"""Catching code that would block the loop in real time, or end the whole program.

While a real ``time.sleep`` lasts, or a thread works, virtual time stands still, and what comes of
it differs from run to run. Such a call is an error at the place that makes it. Python announces
these calls to audit hooks; a hook cannot be taken out again, so there is one, and each thread's
gate says whether it minds. What older versions of Python do not announce (threads before 3.12,
``time.sleep`` before 3.13) is replaced by something that does.

Cannot be seen: a computation that takes long, waiting for a lock of ``threading``, and before
Python 3.13 a ``from time import sleep`` that ran before the first loop did. Creating a socket is
allowed, because HTTP clients do so before they give it to the loop to connect.
"""

import multiprocessing
import os
import sys
import threading
import time  # noqa: TID251 - to forbid it
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from functools import cache, wraps
from typing import Any

from tokenrace.errors import BlockedLoopError
from tokenrace.user_code.ownership import OWNER, whose
from tokenrace.user_code.places import running_place

_SOCKET = "the HTTP client's asyncio interface instead, over http://"
_PROGRAM = "no other program on virtual time"
_END = "an exception instead"
_INSTEAD = {
    "os._exit": _END,
    "os.abort": _END,
    "os.kill": _END,
    "os.killpg": _END,
    "time.sleep": "asyncio.sleep instead",
    "socket.connect": _SOCKET,
    "socket.bind": _SOCKET,
    "socket.sendto": _SOCKET,
    "socket.getaddrinfo": "loop.getaddrinfo instead",
    "socket.gethostbyname": "loop.getaddrinfo instead",
    "_thread.start_new_thread": "asyncio tasks instead",
    "_thread.start_joinable_thread": "asyncio tasks instead",
    "subprocess.Popen": _PROGRAM,
    "os.system": _PROGRAM,
    "os.fork": _PROGRAM,
    "os.posix_spawn": _PROGRAM,
}
_ENDS = frozenset({"os._exit", "os.abort", "os.kill", "os.killpg"})
_BLOCKS = frozenset(_INSTEAD) - _ENDS
_NAMES = {
    "_thread.start_new_thread": "starting a thread",
    "_thread.start_joinable_thread": "starting a thread",
}


class _Gate(threading.local):
    """What to do about a call that blocks, in the thread that asks."""

    caught: Callable[[BlockedLoopError], None] | None = None
    forbidden: Collection[str] = ()


_gate = _Gate()


@contextmanager
def forbid_blocking(caught: Callable[[BlockedLoopError], None]) -> Iterator[None]:
    """Make calls that block in real time raise BlockedLoopError in this thread.

    ``caught`` gets the error first: the code that made the call may swallow it.
    """
    with _forbidden(_BLOCKS | _ends(), caught):
        yield


@contextmanager
def forbid_ends(caught: Callable[[BlockedLoopError], None]) -> Iterator[None]:
    """Make calls that would end the program raise BlockedLoopError in this thread.

    A process that only makes runs may end: whoever gave it the run tells of it.
    """
    with _forbidden(_ends(), caught):
        yield


def _ends() -> frozenset[str]:
    return _ENDS if multiprocessing.parent_process() is None else frozenset()


@contextmanager
def _forbidden(
    events: Collection[str], caught: Callable[[BlockedLoopError], None]
) -> Iterator[None]:
    _install()
    before = _gate.caught, _gate.forbidden
    _gate.caught, _gate.forbidden = caught, events
    try:
        yield
    finally:
        _gate.caught, _gate.forbidden = before


@cache
def _install() -> None:
    sys.addaudithook(_on_event)
    if sys.version_info < (3, 12):
        _announce(threading.Thread, "start", "_thread.start_new_thread")
    if sys.version_info < (3, 13):
        _announce(time, "sleep", "time.sleep")
    _announce(os, "_exit", "os._exit")
    _announce(os, "abort", "os.abort")


def _announce(owner: Any, name: str, event: str) -> None:
    """Replace ``owner.name`` by the same, announced to audit hooks."""
    call = getattr(owner, name)

    @wraps(call)
    def announced(*args: Any, **options: Any) -> Any:
        sys.audit(event)
        return call(*args, **options)

    setattr(owner, name, announced)


def _on_event(event: str, _: object) -> None:
    if event not in _gate.forbidden or _gate.caught is None:
        return
    call = _NAMES.get(event, event)
    place = running_place(sys._getframe(1))  # noqa: SLF001 - the way to find who calls
    would = "end the program" if event in _ENDS else "block the loop in real time"
    error = BlockedLoopError(
        f"{whose(OWNER.get())}: {call} in {place} would {would}; use {_INSTEAD[event]}"
    )
    _gate.caught(error)
    raise error
