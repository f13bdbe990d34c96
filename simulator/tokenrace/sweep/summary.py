"""``sweep.json``: what a sweep was and what it found, for programs and for people.

    {"schema": 1, "scenario": ..., "over": {...}, "levels": [{"at": [1, 2], "strategy": ..., ...}]}

The same cells give the same bytes.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from tokenrace.analysis.intervals import rounded
from tokenrace.errors import ResultsError
from tokenrace.files.whole_file import whole_file
from tokenrace.sweep.found import Found
from tokenrace.sweep.grid import Grid
from tokenrace.sweep.journal import NEVER, Heading

SCHEMA = 1


def write_sweep(
    path: Path, grid: Grid, found: Found, heading: Heading, command: str, table: Path
) -> None:
    """Write the summary of a sweep.

    ``levels`` holds, of each point and strategy, the shown figure over the seeds. ``whole_grid`` is
    how many runs every cell would have been, ``runs`` how many there are.

    Raises:
        ResultsError: it cannot be written.
    """
    values = _heading(grid, found, heading, command, table)
    try:
        with (
            whole_file(path) as partial,
            partial.open("w", encoding="utf-8", newline="\n") as stream,
        ):
            text = json.dumps(values, indent=2, ensure_ascii=False, allow_nan=False)
            stream.write(text.removesuffix("\n}") + ',\n  "levels": [')
            for place, level in enumerate(_levels(grid, found)):
                stream.write(",\n    " if place else "\n    ")
                stream.write(json.dumps(level, ensure_ascii=False, allow_nan=False))
            stream.write("\n  ]\n}\n")
    except OSError as error:
        raise ResultsError(f"{path}: cannot be written: {error.strerror}") from None


def _heading(
    grid: Grid, found: Found, heading: Heading, command: str, table: Path
) -> Mapping[str, object]:
    """Return all of the summary but its levels, of which there may be many."""
    shown = grid.shown
    return {
        "schema": SCHEMA,
        "scenario": grid.scenario,
        "scenario_sha256": heading.sha256,
        "version": heading.version,
        "command": command,
        "over": {each.path: list(each.values) for each in grid.dimensions},
        "strategies": list(grid.strategies),
        "seeds": list(grid.seeds),
        "figure": {"name": shown.name, "boundary": shown.boundary},
        "table": table.name,
        "runs": found.done(),
        "whole_grid": grid.size,
        "failed": [_failure(grid, number, error) for number, error in sorted(found.failed.items())],
        "doubted": found.doubted,
    }


def _failure(grid: Grid, number: int, error: str) -> Mapping[str, object]:
    cell = grid.cell(number)
    return {
        "at": list(cell.values),
        "strategy": cell.strategy,
        "seed": cell.seed,
        "error": error,
    }


def _levels(grid: Grid, found: Found) -> Iterator[Mapping[str, object]]:
    for strategy, name in enumerate(grid.strategies):
        for point in range(grid.points):
            level = found.level(strategy, point)
            if level is not None:
                yield {
                    "at": list(grid.values_at(point)),
                    "strategy": name,
                    "mean": _number(level.mean),
                    "low": _number(level.low),
                    "high": _number(level.high),
                    "runs": level.runs,
                    "highest": _number(level.highest),
                }


def _number(value: float) -> float | str:
    return NEVER if value == float("inf") else rounded(value)
