"""The journal as a file: every entry a line of JSON, and a last line that counts them."""

import json
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from pydantic import TypeAdapter

from simulator.errors import RunError
from simulator.server.journal import Entry, Kept
from simulator.trace.events import Cause

_ENTRY: TypeAdapter[Entry] = TypeAdapter(Entry)


class JournalFile:
    """Writes entries to ``path``, of which nothing older is left. Whole once it is closed.

    Where writing fails, requests are answered on; ``close`` says what is missing.
    """

    def __init__(self, path: Path) -> None:
        """
        Raises:
            RunError: the file cannot be written.
        """
        self._path = path
        self._written = 0
        self._trouble: OSError | None = None
        try:
            self._file: BinaryIO = path.open("wb")
        except OSError as trouble:
            raise RunError(f"{path}: cannot be written: {trouble.strerror}") from None

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
