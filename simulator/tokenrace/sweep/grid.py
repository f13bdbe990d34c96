"""What a sweep goes over. A *point* is one value for each dimension, a *cell* one run at a point.

Cells have numbers: seed by seed, in each strategy by strategy, in each point by point, the last
dimension fastest. So the first seed covers the whole grid before the second begins.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any, NamedTuple

from tokenrace.fields.flaws import Loc
from tokenrace.scenario.sweep_section import Shown
from tokenrace.scenario.sweep_values import Value

CELLS_MAX = 100_000_000


class Cell(NamedTuple):
    """One run: the values at its point, its strategy's name in the results, its seed."""

    values: tuple[Value, ...]
    strategy: str
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Dimension:
    """A field, by its path and its place in the scenario, and the values it is given."""

    path: str
    loc: Loc
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Every cell of a sweep. ``data`` is the scenario as it was read, on virtual time."""

    scenario: str
    data: Mapping[str, Any]
    dimensions: tuple[Dimension, ...]
    strategies: tuple[str, ...]
    seeds: tuple[int, ...]
    shown: Shown

    @property
    def shape(self) -> tuple[int, ...]:
        """How many values each dimension has."""
        return tuple(len(dimension.values) for dimension in self.dimensions)

    @property
    def points(self) -> int:
        """How many points there are."""
        return prod(self.shape)

    @property
    def size(self) -> int:
        """How many cells there are."""
        return self.points * len(self.strategies) * len(self.seeds)

    def values_at(self, point: int) -> tuple[Value, ...]:
        """Return the values at a point."""
        values: list[Value] = []
        for dimension in reversed(self.dimensions):
            point, place = divmod(point, len(dimension.values))
            values.append(dimension.values[place])
        return tuple(reversed(values))

    def cell(self, number: int) -> Cell:
        """Return the cell of that number."""
        rest, point = divmod(number, self.points)
        seed, strategy = divmod(rest, len(self.strategies))
        return Cell(self.values_at(point), self.strategies[strategy], self.seeds[seed])

    def number(self, strategy: int, seed: int, point: int) -> int:
        """Return the number of a cell, from its places among strategies, seeds and points."""
        return (seed * len(self.strategies) + strategy) * self.points + point

    def number_of(self) -> "Numbers":
        """Return a way to find the numbers of cells."""
        return Numbers(self)

    def words(self, values: tuple[Value, ...]) -> list[str]:
        """Return what a command line says for ``values``: ``fleet.processes=4``, ..."""
        pairs = zip(self.dimensions, values, strict=True)
        return [f"{dimension.path}={value}" for dimension, value in pairs]


class Numbers:
    """The number of each cell of a grid."""

    def __init__(self, grid: Grid) -> None:
        self._grid = grid
        self._places = [_places(dimension.values) for dimension in grid.dimensions]
        self._strategies = {name: place for place, name in enumerate(grid.strategies)}
        self._seeds = {seed: place for place, seed in enumerate(grid.seeds)}

    def get(self, cell: Cell) -> int | None:
        """Return the number of ``cell``; None where the grid has no such cell."""
        strategy, seed = self._strategies.get(cell.strategy), self._seeds.get(cell.seed)
        if strategy is None or seed is None or len(cell.values) != len(self._places):
            return None
        point = 0
        for places, value in zip(self._places, cell.values, strict=True):
            place = places.get((type(value), value))
            if place is None:
                return None
            point = point * len(places) + place
        return self._grid.number(strategy, seed, point)


def _places(values: tuple[Value, ...]) -> dict[tuple[type, Value], int]:
    return {(type(value), value): place for place, value in enumerate(values)}
