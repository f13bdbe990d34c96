"""Replacing what a function of the interpreter does, however code has got hold of it.

``from time import monotonic`` and a default argument ``timer=time.monotonic`` keep the function
itself: another one under its name in the module does not reach them. What the function calls
stands in a table of CPython's, one entry a function, and that entry is replaced.
"""

import ctypes
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

_NO_ARGUMENTS, _ONE_ARGUMENT, _TUPLE = 0x4, 0x8, 0x1
_CALL = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.c_void_p, ctypes.c_void_p)


class _Entry(ctypes.Structure):
    """CPython's ``PyMethodDef``."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("call", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("doc", ctypes.c_char_p),
    )


Instead = Callable[[Callable[[], Any], Any], Any]
"""What is done instead: gets what calls the original with the same arguments, and the argument,
None where there is none. Must not raise."""


@contextmanager
def replaced(module: Any, instead: Mapping[str, Instead]) -> Iterator[None]:
    """Within the block let each function of ``module`` that ``instead`` names do that."""
    with ExitStack() as stack:
        for name, call in instead.items():
            if hasattr(module, name):
                stack.enter_context(_one_replaced(module, name, call))
        yield


@contextmanager
def _one_replaced(module: Any, name: str, instead: Instead) -> Iterator[None]:
    entry = _entry_of(getattr(module, name))
    if entry is None:  # no function of the interpreter, or not as we know it: at least by its name
        with _name_replaced(module, name, instead):
            yield
        return
    original_at = entry.call
    original, flags = _CALL(original_at), entry.flags

    def call(this: int, arguments: int | None) -> Any:
        argument = None
        if arguments is not None:
            argument = ctypes.cast(arguments, ctypes.py_object).value
            if flags & _TUPLE:
                argument = argument[0] if argument else None
        return instead(lambda: original(this, arguments), argument)

    ours = _CALL(call)
    entry.call = ctypes.cast(ours, ctypes.c_void_p).value
    try:
        yield
    finally:
        entry.call = original_at


@contextmanager
def _name_replaced(module: Any, name: str, instead: Instead) -> Iterator[None]:
    original = getattr(module, name)

    def call(*arguments: Any) -> Any:
        return instead(lambda: original(*arguments), arguments[0] if arguments else None)

    setattr(module, name, call)
    try:
        yield
    finally:
        setattr(module, name, original)


def _entry_of(function: Any) -> _Entry | None:
    """Return the entry of ``function``; None where it has none that can be replaced."""
    if type(function) is not type(len):
        return None
    at = ctypes.c_void_p.from_address(id(function) + object.__basicsize__).value
    entry = None if at is None else _Entry.from_address(at)
    if entry is None or entry.name != function.__name__.encode():
        return None
    known = entry.flags in (_NO_ARGUMENTS, _ONE_ARGUMENT, _TUPLE)
    return entry if known else None
