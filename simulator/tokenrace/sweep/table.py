"""The table of a sweep: one row for each run, in the order of the cells.

``table.parquet`` where pyarrow is installed, ``table.csv`` otherwise. Shares are from 0 to 1,
latencies in milliseconds, recovery in seconds; what was not counted is empty. The same cells give
the same bytes, whoever made them in whichever order.
"""

import csv
import importlib.util
import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from tokenrace.clock import MILLISECOND, SECOND, Ticks
from tokenrace.errors import ResultsError
from tokenrace.figures import FIGURES
from tokenrace.files.whole_file import whole_file
from tokenrace.scenario.sweep_values import Value
from tokenrace.sweep.cells import Column, Row, columns
from tokenrace.sweep.found import Found
from tokenrace.sweep.grid import Cell, Grid
from tokenrace.sweep.journal import cell_from

_AT_A_TIME = 10_000
"""Rows held at once."""


def write_table(folder: Path, grid: Grid, found: Found, journal: Path) -> Path:
    """Write the table of all cells that ended into ``folder`` and return its path.

    Raises:
        ResultsError: it cannot be written, or the journal cannot be read.
    """
    kinds = ["csv", "parquet"]
    kind = "csv" if importlib.util.find_spec("pyarrow") is None else "parquet"
    path, other = (folder / f"table.{each}" for each in sorted(kinds, key=lambda k: k != kind))
    write = _write_parquet if kind == "parquet" else _write_csv
    try:
        with whole_file(path) as partial:
            write(partial, grid, _rows(found, journal))
        other.unlink(missing_ok=True)
    except OSError as error:
        raise ResultsError(f"{path}: cannot be written: {error.strerror or error}") from None
    return path


def header(grid: Grid) -> list[str]:
    """Return the names of the table's columns."""
    figures = [_unit(column)[0] for column in columns(grid.shown)]
    return [*(each.path for each in grid.dimensions), "strategy", "seed", *figures, *_WORDS]


_WORDS = ("doubt", "error")


def _unit(column: Column) -> tuple[str, Ticks]:
    name, figure, _ = column
    if FIGURES[figure].unit != "span":
        return name, 1
    return (
        (f"{name}_s", SECOND)
        if figure in ("recovery", "outage_longest")
        else (f"{name}_ms", MILLISECOND)
    )


def _rows(found: Found, journal: Path) -> Iterator[tuple[Cell, Row]]:
    with journal.open("rb") as stream:
        for _, line in found.lines():
            stream.seek(line)
            yield cell_from(json.loads(stream.readline()))


def _in_row(cell: Cell, row: Row, units: list[Ticks]) -> list[Any]:
    figures = row.figures or (None,) * len(units)
    shown = [
        None if value is None else value / unit for value, unit in zip(figures, units, strict=True)
    ]
    return [*cell.values, cell.strategy, cell.seed, *shown, row.doubt, row.error]


def _write_csv(path: Path, grid: Grid, rows: Iterator[tuple[Cell, Row]]) -> None:
    units = [_unit(column)[1] for column in columns(grid.shown)]
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(header(grid))
        for cell, row in rows:
            writer.writerow(_in_row(cell, row, units))


def _write_parquet(path: Path, grid: Grid, rows: Iterator[tuple[Cell, Row]]) -> None:
    import pyarrow as pa  # noqa: PLC0415 - of an extra
    from pyarrow import parquet  # noqa: PLC0415

    units = [_unit(column)[1] for column in columns(grid.shown)]
    names = header(grid)
    types = [_arrow_type(each.values) for each in grid.dimensions]
    types += [pa.string(), pa.int64()]
    types += [pa.float64()] * len(units) + [pa.string()] * len(_WORDS)
    schema = pa.schema(list(zip(names, types, strict=True)))
    with parquet.ParquetWriter(path, schema) as writer:
        while held := [_in_row(*each, units) for each in islice(rows, _AT_A_TIME)]:
            arrays = [
                pa.array([_as(kind, value) for value in column], kind)
                for column, kind in zip(zip(*held, strict=True), types, strict=True)
            ]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))


def _arrow_type(values: tuple[Value, ...]) -> Any:
    import pyarrow as pa  # noqa: PLC0415

    if all(type(value) is int for value in values):
        return pa.int64()
    numbers = all(isinstance(value, int | float) and value is not True for value in values)
    return pa.float64() if numbers else pa.string()


def _as(kind: Any, value: Any) -> Any:
    return str(value) if str(kind) == "string" else value
