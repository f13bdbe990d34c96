"""The operations of one process that wait for its strategy, and what a request timeout does to one.

A caller who is cancelled while it waits gives up with an unknown outcome. What its strategy makes
of that, for itself and for those who wait with it, is the control axis's.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from tokenrace.strategies.contract import Held, Strategy
from tokenrace.strategies.split import part_of
from tokenrace.strategies.user_class import close
from tokenrace.token import Token


class CallerCancelled(Exception):  # noqa: N818
    """The operation was cancelled while it waited for its strategy; nobody knows what it did."""


class Callers:
    """``strategy``, whose callers can be cancelled; whoever has waited longest comes first."""

    __slots__ = ("_cancelled", "_strategy", "_waiting")

    def __init__(self, strategy: Strategy) -> None:
        self._strategy = strategy
        self._waiting: dict[asyncio.Task[object], None] = {}
        self._cancelled: set[asyncio.Task[object]] = set()

    async def token(self) -> Token:
        """Return a token, as the strategy does.

        Raises:
            CallerCancelled: ``cancel_longest`` took this caller.
        """
        with self._waits():
            return await self._strategy.token()

    async def rejected(self, token: Token, attempt: int) -> bool:
        """Say that ``token`` was refused, as to the strategy; raises as ``token`` does."""
        with self._waits():
            return await self._strategy.rejected(token, attempt)

    async def aclose(self) -> None:
        """Close what the strategy keeps open."""
        await close(self._strategy)

    def peek(self) -> Held | None:
        """Return what the strategy would hand out now."""
        return self._strategy.peek()

    def cancel_longest(self) -> bool:
        """Cancel the caller who has waited longest; returns whether anybody waits."""
        for task in self._waiting:
            if task not in self._cancelled:
                self._cancelled.add(task)
                task.cancel()
                return True
        return False

    def part(self, number: int) -> "Callers":
        """Return the callers of what the worker ``number`` uses; they wait in one line with all."""
        part = Callers(part_of(self._strategy, number))
        part._waiting, part._cancelled = self._waiting, self._cancelled
        return part

    @contextmanager
    def _waits(self) -> Iterator[None]:
        task = asyncio.current_task()
        assert task is not None
        self._waiting[task] = None
        try:
            yield
        except asyncio.CancelledError:
            if task not in self._cancelled or task.uncancel() > 0:
                raise  # the run ends
            raise CallerCancelled from None
        finally:
            del self._waiting[task]
            self._cancelled.discard(task)
