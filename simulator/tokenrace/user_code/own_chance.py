"""Chance for code of the user's: ``random``, ``secrets``, ``uuid`` and ``os.urandom``, seeded.

Each process draws from streams of its own, so that a run can be repeated. Whatever code outside
of any process draws is as it was.
"""

import os
import random  # noqa: TID251 - to replace what it draws
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from tokenrace.user_code.ownership import OWNER

_NODE = 0x02_00_5E_00_53_00
"""The machine's address in a ``uuid1``: one for documents, and the same on every machine."""
_SHARED = random._inst  # noqa: SLF001 - what random.random() draws from
_METHODS = [
    name for name in dir(_SHARED) if not name.startswith("_") and callable(getattr(random, name, 0))
]
_REALLY_RANDOM = os.urandom
_SEED = random.Random.seed

MakeStream = Callable[[int, str], random.Random]
"""Makes the stream of an owner for a purpose."""


class OwnChance:
    """The streams of every process of a run, each made when it is first drawn from."""

    def __init__(self, make: MakeStream) -> None:
        self._make = make
        self._streams: dict[tuple[int, str], random.Random] = {}

    def of(self, owner: int, purpose: str) -> random.Random:
        """Return the stream of ``owner`` for ``purpose``."""
        found = self._streams.get((owner, purpose))
        if found is None:
            found = self._streams[owner, purpose] = self._make(owner, purpose)
        return found

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Let processes draw from their streams within the block."""
        _install()
        node = uuid._node  # type: ignore[attr-defined]  # noqa: SLF001
        _active.append(self)
        uuid._node = _NODE  # type: ignore[attr-defined]  # noqa: SLF001
        try:
            yield
        finally:
            uuid._node = node  # type: ignore[attr-defined]  # noqa: SLF001
            _active.remove(self)


_active: list[OwnChance] = []


def _own(purpose: str) -> random.Random | None:
    """Return the stream of the process whose code is running; None outside of any."""
    owner = OWNER.get() if _active else None
    return None if owner is None else _active[-1].of(owner, purpose)


class _OfEachProcess(random.Random):
    """What ``random.random()`` and the like draw from."""


def _drawing(name: str) -> Callable[..., Any]:
    plain = getattr(random.Random, name)

    def draw(self: random.Random, *arguments: Any, **options: Any) -> Any:
        own = _own("random")
        return plain(self if own is None else own, *arguments, **options)

    draw.__name__ = name
    return draw


def _bytes(size: int) -> bytes:
    own = _own("urandom")
    return _REALLY_RANDOM(size) if own is None else own.randbytes(size)


def _seed(self: random.Random, a: Any = None, version: int = 2) -> None:
    own = _own("seeds") if a is None else None
    _SEED(self, own.getrandbits(256) if own is not None else a, version)


@cache
def _install() -> None:
    """Let every draw ask whose it is; once, as functions may be kept by whoever imports them."""
    for name in _METHODS:
        setattr(_OfEachProcess, name, _drawing(name))
    _SHARED.__class__ = _OfEachProcess
    for name in _METHODS:
        setattr(random, name, getattr(_SHARED, name))
    random.Random.seed = _seed  # type: ignore[method-assign]
    random._urandom = os.urandom = _bytes  # type: ignore[attr-defined]  # noqa: SLF001
    if hasattr(os, "getrandom"):
        plain = os.getrandom
        os.getrandom = lambda size, flags=0: (
            plain(size, flags) if _own("urandom") is None else _bytes(size)
        )
