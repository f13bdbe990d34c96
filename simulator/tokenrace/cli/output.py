"""Standard output and standard error that may go away: nothing that was finished is lost to that.

Who reads only the first line, or a disk that is full, ends no run. What cannot be written is let go
of, and where nobody has chosen that, one line at the end says so.
"""

import errno
import io
import os
import sys
from typing import TextIO

from tokenrace.cli.exits import WRONG_INPUT

_GONE = {errno.EPIPE, errno.ECONNRESET, errno.ESHUTDOWN}
"""Whoever read it has read enough."""


class _LetGo(io.RawIOBase):
    """Writes to a file descriptor until it cannot; then to nowhere. ``trouble`` says why."""

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._descriptor = descriptor
        self.trouble: OSError | None = None

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return os.isatty(self._descriptor)

    def fileno(self) -> int:
        return self._descriptor

    def write(self, data: object) -> int:
        content = memoryview(data)  # type: ignore[arg-type]  # a buffer, as every writer gives
        if self.trouble is None:
            try:
                return os.write(self._descriptor, content)
            except OSError as trouble:
                self.trouble = trouble
        return content.nbytes


class Output:
    """The standard streams of this process, from now on. ``end`` says what became of them."""

    def __init__(self) -> None:
        _open_what_is_closed()
        self._out, self._err = _LetGo(1), _LetGo(2)
        sys.stdout = _text_on(self._out, sys.stdout)
        sys.stderr = _text_on(self._err, sys.stderr)

    def end(self, code: int) -> int:
        """Write what is left; return the exit code: ``code``, unless output was lost that somebody
        wanted."""
        sys.stdout.flush()
        trouble = self._out.trouble
        if trouble is None or trouble.errno in _GONE:
            sys.stderr.flush()
            return code
        sys.stderr.write(f"standard output cannot be written: {trouble.strerror}\n")
        sys.stderr.flush()
        return code or WRONG_INPUT


def _text_on(raw: _LetGo, before: TextIO | None) -> TextIO:
    """Return a stream on ``raw`` that encodes as the one ``before`` it."""
    return io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding=getattr(before, "encoding", None) or "utf-8",
        errors=getattr(before, "errors", None),
        line_buffering=True,
    )


def _open_what_is_closed() -> None:
    """Give a standard stream that is closed a place that takes anything, or the next file that is
    opened would be taken for it."""
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest that is free: this one
