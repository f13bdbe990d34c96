"""Which cells a sweep makes that follows the boundary, instead of all.

It begins with a coarse grid: about four values of each dimension, the first and the last among
them. A box of it whose corners are on both sides of the boundary is cut in half along every
dimension, and so on down to neighbouring values. Every seed of a point is made, because it is the
mean that is on one side or the other. A boundary that enters and leaves a coarse box between two
corners of one side is not seen.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise, product

from tokenrace.sweep.found import Found
from tokenrace.sweep.grid import Grid

_COARSE = 3
"""Boxes along each dimension to begin with, at least."""

Box = tuple[tuple[int, int], ...]
"""From which place to which, for each dimension."""


def refining(grid: Grid, found: Found, boundary: float) -> Iterator[list[int]]:
    """Yield the cells to make, round by round; those of a round must be in ``found`` before the
    next is asked for."""
    boxes: dict[int, list[Box]] = {
        strategy: _coarse(grid.shape) for strategy in range(len(grid.strategies))
    }
    while any(boxes.values()):
        yield sorted(
            {
                grid.number(strategy, seed, _point(grid.shape, corner))
                for strategy, of_strategy in boxes.items()
                for box in of_strategy
                for corner in product(*box)
                for seed in range(len(grid.seeds))
            }
        )
        boxes = {
            strategy: [
                part
                for box in of_strategy
                if _is_crossed(grid, found, strategy, box, boundary)
                for part in _halves(box)
            ]
            for strategy, of_strategy in boxes.items()
        }


def _coarse(shape: Sequence[int]) -> list[Box]:
    return list(product(*[_intervals(count) for count in shape]))


def _intervals(count: int) -> list[tuple[int, int]]:
    if count == 1:
        return [(0, 0)]
    step = 1
    while step * 2 * _COARSE <= count - 1:
        step *= 2
    edges = [*range(0, count - 1, step), count - 1]
    return list(pairwise(edges))


def _halves(box: Box) -> list[Box]:
    """Return the parts of ``box``; none where it is as small as can be."""
    if all(high - low <= 1 for low, high in box):
        return []
    return list(product(*[_cut(low, high) for low, high in box]))


def _cut(low: int, high: int) -> list[tuple[int, int]]:
    middle = (low + high) // 2
    return [(low, high)] if high - low <= 1 else [(low, middle), (middle, high)]


def _is_crossed(grid: Grid, found: Found, strategy: int, box: Box, boundary: float) -> bool:
    levels = [found.level(strategy, _point(grid.shape, corner)) for corner in product(*box)]
    return len({level.mean > boundary for level in levels if level is not None}) > 1


def _point(shape: Sequence[int], places: Sequence[int]) -> int:
    point = 0
    for count, place in zip(shape, places, strict=True):
        point = point * count + place
    return point
