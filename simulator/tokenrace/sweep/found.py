"""What a sweep has found so far: for each cell whether it is done, and its shown figure."""

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from tokenrace.analysis.intervals import mean_and_reach
from tokenrace.analysis.surface import Level
from tokenrace.sweep.cells import Row, columns
from tokenrace.sweep.grid import Grid

_OPEN = -1


class Found:
    """Grows by 16 bytes for each cell of the grid, whatever a row holds: the rows are on disk."""

    def __init__(self, grid: Grid) -> None:
        self._grid = grid
        names = [name for name, _, _ in columns(grid.shown)]
        self._column = names.index(grid.shown.name)
        self._values = np.full(grid.size, np.nan)
        self._lines: NDArray[np.int64] = np.full(grid.size, _OPEN, dtype=np.int64)
        self.failed: dict[int, str] = {}
        self.doubted = 0

    def add(self, number: int, row: Row, line: int) -> None:
        """Take the row of a cell, whose line in the journal begins at ``line``."""
        self._lines[number] = line
        if row.error:
            self.failed[number] = row.error
            return
        self.failed.pop(number, None)
        self.doubted += bool(row.doubt)
        value = row.figures[self._column]
        self._values[number] = np.nan if value is None else value

    def is_done(self, number: int) -> bool:
        """Return whether the cell has ended well."""
        return self._lines[number] != _OPEN and number not in self.failed

    def done(self) -> int:
        """Return how many cells have ended, well or not."""
        return int(np.count_nonzero(self._lines != _OPEN))

    def lines(self) -> Iterator[tuple[int, int]]:
        """Yield the number of each cell that ended, in order, and where its line begins."""
        for number in np.flatnonzero(self._lines != _OPEN).tolist():
            yield number, int(self._lines[number])

    def values(self, strategy: int, point: int) -> list[float]:
        """Return the shown figure of each seed at a point, of those that have one."""
        numbers = [
            self._grid.number(strategy, seed, point) for seed in range(len(self._grid.seeds))
        ]
        values: list[float] = self._values[numbers].tolist()
        return [value for value in values if not math.isnan(value)]

    def level(self, strategy: int, point: int) -> Level | None:
        """Return the shown figure at a point; None where no seed has one."""
        values = self.values(strategy, point)
        if not values:
            return None
        if len(values) == 1 or math.inf in values or min(values) == max(values):
            mean = sum(values) / len(values)
            return Level(mean, mean, mean, len(values), max(values))
        mean, reach = mean_and_reach(values)
        low, high = max(0.0, mean - reach), mean + reach
        return Level(mean, low, high, len(values), max(values))
