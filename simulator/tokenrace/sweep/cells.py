"""One cell, made where a runner is: from its values to a row of figures."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tokenrace.analysis.doubts import doubts_about
from tokenrace.analysis.figures import counted_in, fault_span
from tokenrace.errors import RunFailed
from tokenrace.faults.kinds import labels_of_traced
from tokenrace.fields.flaws import Loc
from tokenrace.figures import FIGURES
from tokenrace.scenario import Scenario
from tokenrace.scenario.changes import changed
from tokenrace.scenario.parts import WHOLE, Part
from tokenrace.scenario.sweep_section import Shown
from tokenrace.simulation.planning import plan_run
from tokenrace.simulation.recording import FAULTS, InMemory
from tokenrace.strategies.catalogue import CATALOGUE
from tokenrace.sweep.grid import Cell, Grid
from tokenrace.trace.files import RecordedRun

_RECORD = InMemory(FAULTS)


@dataclass(frozen=True, slots=True)
class Row:
    """What became of a cell: its figures, or why it failed.

    Figures are in the order of ``columns``, as ``value_of`` gives them: None where nothing was
    counted. ``doubt`` says why they are not what was asked for; it is empty where they are.
    """

    figures: tuple[float | None, ...] = ()
    doubt: str = ""
    error: str = ""


Column = tuple[str, str, Part]
"""A figure as it is called in the table, its own name, and the part of the run it is of."""


def columns(shown: Shown) -> tuple[Column, ...]:
    """Return every figure of a whole run, and the one that is shown if it is of a part."""
    whole = [(name, name, WHOLE) for name in FIGURES]
    extra = [] if shown.part == WHOLE else [(shown.name, shown.figure, shown.part)]
    return (*whole, *extra)


@dataclass(frozen=True, slots=True)
class MakeCell:
    """Makes the run of a cell. Can be pickled, and is about as large as the scenario's file."""

    data: Mapping[str, Any]
    locs: tuple[Loc, ...]
    shown: Shown

    @classmethod
    def of(cls, grid: Grid) -> "MakeCell":
        """Return what makes the cells of ``grid``."""
        return cls(grid.data, tuple(each.loc for each in grid.dimensions), grid.shown)

    def __call__(self, cell: Cell) -> Row:
        """Return the row of ``cell``."""
        changes = list(zip(self.locs, cell.values, strict=True))
        scenario = changed(self.data, changes, CATALOGUE)
        choice = next(each for each in scenario.strategies if each.name == cell.strategy)
        run = _RECORD(plan_run(scenario, choice, cell.seed, 1))
        if isinstance(run, RunFailed):
            return Row(error=run.reason)
        return _row(run, scenario, columns(self.shown))


def _row(run: RecordedRun, scenario: Scenario, wanted: tuple[Column, ...]) -> Row:
    span = fault_span(scenario.faults)
    traced = labels_of_traced(scenario.faults)
    counts = {part: counted_in(run, part, span) for part in {part for _, _, part in wanted}}
    return Row(
        figures=tuple(FIGURES[figure].of(counts[part]) for _, figure, part in wanted),
        doubt="; ".join(doubts_about({run.header.strategy: [run]}, traced)),
    )
