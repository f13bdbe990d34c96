"""Async generators that were begun and not finished, in the order in which they were begun."""

import asyncio
import sys
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from typing import Any
from weakref import WeakValueDictionary


class OpenGenerators:
    """Those of one loop. Numbered, because a set of them would have another order in each run."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._begun: WeakValueDictionary[int, AsyncGenerator[Any, Any]] = WeakValueDictionary()
        self._count = 0

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Have Python say which generators begin, and which are dropped unfinished."""
        hooks = sys.get_asyncgen_hooks()
        sys.set_asyncgen_hooks(self._begin, self._close)
        try:
            yield
        finally:
            sys.set_asyncgen_hooks(*hooks)

    async def close_all(self) -> None:
        """Close them all; one that fails is reported and keeps none of the others open."""
        generators = list(self._begun.values())
        closings = (generator.aclose() for generator in generators)
        results = await asyncio.gather(*closings, return_exceptions=True)
        for generator, result in zip(generators, results, strict=True):
            if isinstance(result, Exception):
                message = f"an error occurred during closing of asynchronous generator {generator}"
                self._loop.call_exception_handler(
                    {"message": message, "exception": result, "asyncgen": generator}
                )

    def _begin(self, generator: AsyncGenerator[Any, Any]) -> None:
        self._count += 1
        self._begun[self._count] = generator

    def _close(self, generator: AsyncGenerator[Any, Any]) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon(self._loop.create_task, generator.aclose())
