"""Whose code is running: every task and timer of a simulated process belongs to it.

The owner is a context variable, so whatever code starts inherits it. The engine's own callbacks
have none.
"""

from contextvars import ContextVar

_LIVES_APART = 1_000_000
"""More than there are processes."""

OWNER: ContextVar[int | None] = ContextVar("tokenrace_process", default=None)


def owner_in(process: int, life: int) -> int:
    """Return the owner that ``process`` is in its ``life``, counted from 1: a crashed owner cannot
    be used again. In its first life it is the process's own number."""
    assert 0 <= process < _LIVES_APART, process
    return process + (life - 1) * _LIVES_APART


def process_of(owner: int) -> int:
    """Return the number of the process that ``owner`` is a life of."""
    return owner % _LIVES_APART


def life_of(owner: int) -> int:
    """Return which life of its process ``owner`` is, counted from 1."""
    return owner // _LIVES_APART + 1


def whose(owner: int | None) -> str:
    """Return what to call ``owner`` in an error."""
    return "no process" if owner is None else f"process {owner % _LIVES_APART}"
