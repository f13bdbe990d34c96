"""``cells.jsonl``: every finished cell of a sweep, written as it ends.

The first line says what the cells are of: a version, a scenario by its hash, the fields that differ
from cell to cell, the figures. Each line after it is one cell, in the order they ended. The file
only grows. It is handed to the disk for good every few seconds, so that a machine that stops costs
no more than that; a process that is killed costs at most the line it was writing, which is cut off
when the sweep goes on.

    {"sweep": 1, "version": "0.1.0", "scenario": "x", "sha256": "5e...", "over": [...], ...}
    {"at": [4, 2], "strategy": "single_flight", "seed": 1, "figures": [0.5, ...]}
"""

import fcntl
import json
import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Any, Self

from tokenrace.clock import SECOND
from tokenrace.errors import ResultsError
from tokenrace.files.json_reading import WHOLE_MAX, read_json, read_json_line
from tokenrace.machine_clock import MachineClock
from tokenrace.scenario.sweep_values import Value
from tokenrace.sweep.cells import Row
from tokenrace.sweep.grid import Cell

SCHEMA = 1
SAFE_EVERY = 5 * SECOND
NEVER = "never"
"""How an endless span is written: JSON has no infinity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """What the cells of a journal are of. Only cells of equal headings belong together."""

    version: str
    scenario: str
    sha256: str
    over: tuple[str, ...]
    figures: tuple[str, ...]

    def line(self) -> bytes:
        """Return it as the first line of a journal."""
        return _line(
            {
                "sweep": SCHEMA,
                "version": self.version,
                "scenario": self.scenario,
                "sha256": self.sha256,
                "over": list(self.over),
                "figures": list(self.figures),
            }
        )


class Journal:
    """Appends cells to the journal at ``path``. A context manager that closes it.

    Every method may raise ``ResultsError``: the file cannot be written.
    """

    def __init__(self, path: Path, stream: FileIO) -> None:
        self._path = path
        self._stream = stream
        self._clock = MachineClock.starting_in(0)
        self._safe_at = 0
        self._length = stream.seek(0, os.SEEK_END)

    @classmethod
    def begin(cls, path: Path, heading: Heading) -> Self:
        """Return a new journal, in the place of an old one."""
        stream = _alone(path, "a+")
        stream.truncate(0)
        journal = cls(path, stream)
        journal._write(heading.line())
        return journal

    @classmethod
    def go_on(cls, path: Path) -> Self:
        """Return the journal at ``path``, without a last line that was cut short."""
        stream = _alone(path, "r+")
        stream.truncate(_whole_lines(path))
        return cls(path, stream)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            os.fsync(self._stream.fileno())
            self._stream.close()
        except OSError as error:
            raise _unwritable(self._path, error) from None

    def add(self, cell: Cell, row: Row) -> int:
        """Write a cell; return where in the file its line begins."""
        at = self._length
        self._write(cell_line(cell, row))
        if self._clock.now() >= self._safe_at:
            try:
                os.fsync(self._stream.fileno())
            except OSError as error:
                raise _unwritable(self._path, error) from None
            self._safe_at = self._clock.now() + SAFE_EVERY
        return at

    def _write(self, line: bytes) -> None:
        try:
            written = self._stream.write(line)
            if written != len(line):  # the disk had room for a part of it
                self._stream.write(line[written:])
        except OSError as error:
            raise _unwritable(self._path, error) from None
        self._length += len(line)


def _alone(path: Path, mode: str) -> FileIO:
    """Open the journal at ``path``, which no other process may then open in this way."""
    try:
        stream = FileIO(path, mode)
    except OSError as error:
        raise _unwritable(path, error) from None
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        stream.close()
        raise ResultsError(
            f"{path}: another sweep is writing there. Wait for it, or choose another --out"
        ) from None
    return stream


def cell_line(cell: Cell, row: Row) -> bytes:
    """Return a cell as a line of a journal."""
    values: dict[str, object] = {
        "at": list(cell.values),
        "strategy": cell.strategy,
        "seed": cell.seed,
    }
    if row.error:
        return _line(values | {"error": row.error})
    values["figures"] = [NEVER if each == float("inf") else each for each in row.figures]
    return _line(values | ({"doubt": row.doubt} if row.doubt else {}))


def read_heading(path: Path) -> Heading | None:
    """Return what the cells in the journal at ``path`` are of; None where there is no such file, or
    nothing in it: whoever began it was killed at once.

    Raises:
        ResultsError: it cannot be read, or is no journal of ours.
    """
    try:
        with path.open("rb") as stream:
            line = stream.readline()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ResultsError(f"{path}: cannot be read: {error.strerror}") from None
    if not line:
        return None
    try:
        values: Any = read_json(line)
        schema = _whole(values["sweep"])
        if schema != SCHEMA:
            raise ResultsError(f"{path}: written by another tokenrace: schema {schema}")
        return _heading_from(values)
    except (ValueError, KeyError, TypeError):
        raise _damaged(path, 1) from None


def _heading_from(values: Any) -> Heading:
    return Heading(
        version=_text(values["version"]),
        scenario=_text(values["scenario"]),
        sha256=_text(values["sha256"]),
        over=tuple(map(_text, _list(values["over"]))),
        figures=tuple(map(_text, _list(values["figures"]))),
    )


def read_cells(path: Path, figures: int) -> Iterator[tuple[int, Cell, Row]]:
    """Yield every cell of the journal at ``path``, with where its line begins; each has so many
    ``figures``, or failed.

    A last line that was cut short is passed over.

    Raises:
        ResultsError: the file cannot be read, or is damaged.
    """
    try:
        with path.open("rb") as stream:
            at = len(stream.readline())
            for number, line in enumerate(stream, start=2):
                if not line.endswith(b"\n"):
                    return
                cell, row = _cell(path, number, line)
                if not row.error and len(row.figures) != figures:
                    raise _damaged(path, number)
                yield at, cell, row
                at += len(line)
    except OSError as error:
        raise ResultsError(f"{path}: cannot be read: {error.strerror}") from None


def _cell(path: Path, number: int, line: bytes) -> tuple[Cell, Row]:
    try:
        return cell_from(read_json_line(line))
    except (ValueError, KeyError, TypeError):
        raise _damaged(path, number) from None


def cell_from(values: Any) -> tuple[Cell, Row]:
    """Return what a line's ``values`` say.

    Raises:
        ValueError, KeyError, TypeError: they are no cell.
    """
    at = tuple(_plain(each) for each in _list(values["at"]))
    cell = Cell(at, _text(values["strategy"]), _whole(values["seed"]))
    if "error" in values:
        return cell, Row(error=_text(values["error"]))
    figures = tuple(_figure(each) for each in _list(values["figures"]))
    return cell, Row(figures=figures, doubt=_text(values.get("doubt", "")))


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise TypeError(value)
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _whole(value: object) -> int:
    if type(value) is not int:
        raise TypeError(value)
    return value


def _plain(value: object) -> Value:
    if not isinstance(value, int | float | str):
        raise TypeError(value)
    return value


def _figure(value: object) -> float | None:
    if value == NEVER:
        return math.inf
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(value)
    if not -WHOLE_MAX < value < WHOLE_MAX:
        raise ValueError(value)
    return value


def _line(values: object) -> bytes:
    return json.dumps(values, separators=(", ", ": "), allow_nan=False).encode() + b"\n"


def _whole_lines(path: Path) -> int:
    """Return the length of the file up to its last line's end."""
    with path.open("rb") as stream:
        end = stream.seek(0, os.SEEK_END)
        while end:
            begin = max(0, end - (1 << 16))
            stream.seek(begin)
            found = stream.read(end - begin).rfind(b"\n")
            if found >= 0:
                return begin + found + 1
            end = begin
    return 0


def _damaged(path: Path, line: int) -> ResultsError:
    return ResultsError(
        f"{path}:{line}: damaged, or no sweep of ours. Move it away, or use --anew to begin again"
    )


def _unwritable(path: Path, error: OSError) -> ResultsError:
    return ResultsError(
        f"{path}: cannot be written: {error.strerror}. What it holds stays: when that is mended, "
        "--resume goes on"
    )
