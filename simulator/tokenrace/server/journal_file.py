"""The journal as a file: every entry a line of JSON, and a last line that counts them.

A file that is there already must be a journal, and is added to: a line says when the new server
began, and the numbers begin at 1 again. Two servers never write one file: it is locked.
"""

import fcntl
import json
import os
import stat
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from pydantic import TypeAdapter

from tokenrace.errors import RunError, SimulatorError
from tokenrace.machine_clock import unix_time
from tokenrace.server.journal import Entry, Kept
from tokenrace.trace.events import Cause

FIRST_LINE_MAX = 64 * 1024
KINDS = ("request", "change", "end")
_ENTRY: TypeAdapter[Entry] = TypeAdapter(Entry)


class JournalFile:
    """Adds entries to ``path``, after those that are there. Whole once it is closed.

    Where writing fails, requests are answered on; ``close`` says what is missing.
    """

    def __init__(self, path: Path) -> None:
        """
        Raises:
            RunError: the file cannot be written, or another server writes it.
            SimulatorError: it is there and is no journal.
        """
        self._path = path
        self._written = 0
        self._trouble: OSError | None = None
        try:
            self._file: BinaryIO = path.open("ab")
        except (OSError, ValueError) as trouble:  # ValueError: a zero byte in the name
            raise RunError(f"{path}: cannot be written: {_reason(trouble)}") from None
        try:
            self._begin()
        except BaseException:
            self._file.close()
            raise

    def _begin(self) -> None:
        """Lock the file, and begin anew after what is in it."""
        try:
            if stat.S_ISREG(os.fstat(self._file.fileno()).st_mode):
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self._file.write(_begin_after(self._path))
                self._file.flush()
        except BlockingIOError:
            reason = "another tokenrace serve is writing to it; name another file"
            raise RunError(f"{self._path}: {reason}") from None
        except OSError as trouble:
            raise RunError(f"{self._path}: cannot be written: {trouble.strerror}") from None

    def write(self, entry: Kept) -> None:
        """Append one entry."""
        if self._trouble is not None:
            return
        try:
            self._file.write(line_of(entry))
            self._written += 1
        except OSError as trouble:
            self._trouble = trouble

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Write the last line.

        Raises:
            RunError: the file is not whole.
        """
        end = json.dumps({"kind": "end", "entries": self._written}).encode() + b"\n"
        try:
            if self._trouble is None:
                self._file.write(end)
            self._file.close()
        except OSError as trouble:
            self._trouble = self._trouble or trouble
        if self._trouble is not None:
            reason = self._trouble.strerror
            raise RunError(f"{self._path}: ends after {self._written} entries: {reason}")


def _begin_after(path: Path) -> bytes:
    """Return the line that parts new entries from those that are at ``path``; nothing where there
    are none. It ends the last line too, which is not whole where its writer was killed.

    Raises:
        SimulatorError: it is no journal.
    """
    with path.open("rb") as file:
        first = file.readline(FIRST_LINE_MAX)
        if not first:
            return b""
        if not _is_of_a_journal(first):
            raise SimulatorError(f"{path}: is not a journal of tokenrace serve; name another file")
        file.seek(-1, os.SEEK_END)
        is_whole = file.read() == b"\n"
    utc = datetime.fromtimestamp(unix_time(), UTC).isoformat()
    begin = json.dumps({"kind": "begin", "utc": utc}).encode()
    return (b"" if is_whole else b"\n") + begin + b"\n"


def _is_of_a_journal(line: bytes) -> bool:
    try:
        read: object = json.loads(line)
    except (ValueError, RecursionError):
        return line.startswith(b'{"number":1,')  # its writer was killed amid it
    return isinstance(read, dict) and read.get("kind") in KINDS


def _reason(trouble: OSError | ValueError) -> str:
    return getattr(trouble, "strerror", None) or str(trouble)


def line_of(entry: Kept) -> bytes:
    """Return the line of ``entry``. That of an ``Answered`` is put together, in less time."""
    if isinstance(entry, Entry):
        return _ENTRY.dump_json(entry) + b"\n"
    answer = _answer(
        entry.asked_by, entry.method, entry.path, entry.status, entry.error, entry.cause
    )
    token = "null" if entry.token is None else entry.token
    return (
        f'{{"number":{entry.number},"at":{entry.at},"kind":"request",{answer},"token":{token},'
        '"displaced_by":null,"ended":[],"ended_count":0,"what":""}\n'
    ).encode()


@lru_cache(maxsize=1_024)  # most clients ask for the same, and are answered the same
def _answer(
    asked_by: str,
    method: str,
    path: str,
    status: int | None,
    error: str | None,
    cause: Cause | None,
) -> str:
    said = {
        "asked_by": asked_by,
        "method": method,
        "path": path,
        "status": status,
        "error": error,
        "cause": cause,
    }
    return json.dumps(said, ensure_ascii=False, separators=(",", ":"))[1:-1]


def no_file(entry: Kept) -> None:
    """Write ``entry`` nowhere."""
