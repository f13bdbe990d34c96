"""Telling the end of this program, which a signal asks for, from an error that says the same.

Code of the user's may raise ``KeyboardInterrupt`` or ``SystemExit`` as anything else: that fails
its run. Ctrl-C and SIGTERM raise the same two, and end the program.
"""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGALRM")
_SIGNALS = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]

Handler = Callable[[int, FrameType | None], object]


class SignalWatch:
    """What signals have raised in the main thread since the watch began."""

    def __init__(self) -> None:
        self._raised: BaseException | None = None

    def check(self) -> None:
        """Raise again what a signal has raised, if any did, whoever caught it meanwhile."""
        if self._raised is not None:
            raise self._raised

    def watched(self, handler: Handler) -> Handler:
        """Return ``handler``, whose errors are noted."""

        def handle(number: int, frame: FrameType | None) -> object:
            try:
                return handler(number, frame)
            except BaseException as error:
                self._raised = error
                raise

        return handle


@contextmanager
def signals_watched() -> Iterator[SignalWatch]:
    """Note what signals raise within the block. Other threads than the main one get none."""
    watch = SignalWatch()
    if threading.current_thread() is not threading.main_thread():
        yield watch
        return
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    try:
        for number, handler in before.items():
            if callable(handler):
                signal.signal(number, watch.watched(handler))
        yield watch
    finally:
        for number, handler in before.items():
            if callable(handler):
                signal.signal(number, handler)
