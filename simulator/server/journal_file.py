"""The journal as a file: every entry a line of JSON, and a last line that counts them."""

import json
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from pydantic import TypeAdapter

from simulator.errors import RunError
from simulator.server.journal import Entry

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

    def write(self, entry: Entry) -> None:
        """Append one entry."""
        if self._trouble is not None:
            return
        try:
            self._file.write(_ENTRY.dump_json(entry) + b"\n")
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


def no_file(entry: Entry) -> None:
    """Write ``entry`` nowhere."""
