"""Making the cells of a sweep that are not there yet."""

from collections.abc import Iterable, Iterator

from tokenrace.simulation.many_runs import Lost, ManyRunsWatcher, as_they_end
from tokenrace.simulation.runners import Runners
from tokenrace.sweep.cells import MakeCell, Row
from tokenrace.sweep.found import Found
from tokenrace.sweep.grid import Cell, Grid
from tokenrace.sweep.journal import Journal
from tokenrace.sweep.refine import refining


def make_all(
    grid: Grid, found: Found, runners: Runners, journal: Journal, watcher: ManyRunsWatcher
) -> None:
    """Make every cell that ``found`` has not.

    Raises:
        SimulatorError: the journal cannot be written, or the runners die.
    """
    watcher.planned(grid.size - sum(map(found.is_done, range(grid.size))))
    _make(range(grid.size), grid, found, runners, journal, watcher)


def make_along_boundary(
    grid: Grid,
    found: Found,
    runners: Runners,
    journal: Journal,
    watcher: ManyRunsWatcher,
    boundary: float,
) -> None:
    """Make the cells along the boundary that ``found`` has not; as ``make_all``."""
    for numbers in refining(grid, found, boundary):
        missing = [number for number in numbers if not found.is_done(number)]
        watcher.planned(len(missing))
        _make(missing, grid, found, runners, journal, watcher)


def _make(
    numbers: Iterable[int],
    grid: Grid,
    found: Found,
    runners: Runners,
    journal: Journal,
    watcher: ManyRunsWatcher,
) -> None:
    handed_out: dict[int, int] = {}

    def missing() -> Iterator[Cell]:
        for place, number in enumerate(n for n in numbers if not found.is_done(n)):
            handed_out[place] = number
            yield grid.cell(number)

    for place, outcome in as_they_end(missing(), MakeCell.of(grid), runners):
        number = handed_out.pop(place)
        row = Row(error=outcome.reason) if isinstance(outcome, Lost) else outcome
        found.add(number, row, journal.add(grid.cell(number), row))
        watcher.ended()
