"""What a process that has not begun yet writes to its standard error, kept in a file.

A process that cannot start says why there and nowhere else. Once it has begun it writes to the
user's terminal, as its parent does.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import reduction, resource_tracker
from pathlib import Path
from typing import Any

_STDERR = 2
_READ_MAX = 65_536
_LINE_MAX = 300


class ErrorOutput:
    """The standard error of a process, as the child it is handed to can have it."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor: Any = descriptor

    def __getstate__(self) -> object:
        return reduction.DupFd(self._descriptor)

    def __setstate__(self, descriptor: object) -> None:
        self._descriptor = descriptor

    def restore(self) -> None:
        """Make it the standard error of this process, the child."""
        sys.stderr.flush()
        descriptor = self._descriptor.detach()
        os.dup2(descriptor, _STDERR)
        os.close(descriptor)


@contextmanager
def errors_kept_in(path: Path) -> Iterator[ErrorOutput | None]:
    """Send what a process started in the block writes to its standard error to ``path``.

    Yields what gives it back its parent's; None where this process has none itself.
    """
    resource_tracker.ensure_running()  # or it would be started in the block
    try:
        ours = os.dup(_STDERR)
    except OSError:
        yield None
        return
    kept = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.dup2(kept, _STDERR)
        yield ErrorOutput(ours)
    finally:
        os.dup2(ours, _STDERR)
        os.close(ours)
        os.close(kept)


def last_error(path: Path) -> str:
    """Return the last line that was written to ``path``; "" where there is none."""
    try:
        text = path.read_bytes()[-_READ_MAX:].decode(errors="replace")
    except OSError:
        return ""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:_LINE_MAX] if lines else ""
