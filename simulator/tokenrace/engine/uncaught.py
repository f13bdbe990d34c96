"""Errors that nobody caught.

One in a callback ends the run: the stock loop logs it and goes on, which in a test or a simulation
hides it. The cleanup of a crashed process may fail as it likes. Anything else asyncio has to tell,
such as an error that nobody asked a task for, is logged, as the stock loop does.
"""

import asyncio
import asyncio.log
from collections.abc import Callable
from typing import Any

from tokenrace.engine.owned import Owned


class Uncaught(Owned, asyncio.AbstractEventLoop):
    """The part of the loop that is told of them."""

    def __init__(self) -> None:
        super().__init__()
        self._failure: BaseException | None = None
        self._exception_handler: Any = None

    def fail(self, error: BaseException) -> None:
        """End the run with ``error`` when the callback that is running has returned.

        Only the first error counts. It reaches whoever runs the loop, whatever the code that caused
        it does about it.
        """
        if self._failure is None:
            self._failure = error
        self.stop()

    def on_lost(self, hear: Callable[[BaseException], None]) -> None:
        """Call ``hear`` with each error of a task that nobody asks for, in place of logging it."""
        self._on_lost = hear

    def get_exception_handler(self) -> Any:
        return self._exception_handler

    def set_exception_handler(self, handler: Any) -> None:
        self._exception_handler = handler

    def default_exception_handler(self, context: dict[str, Any]) -> None:
        """End the run with the error of a callback; log anything else."""
        error, handle = context.get("exception"), context.get("handle")
        if isinstance(handle, asyncio.Handle) and isinstance(error, BaseException):
            if not self._is_of_the_dead(handle):
                self.fail(error)
        elif self._on_lost is not None and error is not None:
            self._on_lost(error)
        else:
            asyncio.log.logger.error(context.get("message"), exc_info=error)

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        if self._exception_handler is None:
            self.default_exception_handler(context)
        else:
            self._exception_handler(self, context)
