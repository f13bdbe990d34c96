"""From what a sweep has found to what a picture shows."""

from collections.abc import Iterator, Mapping
from itertools import product

from tokenrace.analysis.surface import Level, Panel, Scale, Surface
from tokenrace.scenario import Scenario
from tokenrace.scenario.changes import changed
from tokenrace.scenario.sweep_values import Value
from tokenrace.simulation.planning import plan_run
from tokenrace.strategies.catalogue import CATALOGUE
from tokenrace.sweep.found import Found
from tokenrace.sweep.grid import Grid
from tokenrace.sweep.laws import Question, curves

PANELS_MAX = 12
"""More would be too small to read; the table has them all."""


def surface_of(grid: Grid, found: Found, *, is_whole: bool) -> Surface:
    """Return the first two fields of ``grid``, a panel for each strategy and value of the rest."""
    x, *more = [Scale(each.path, each.values) for each in grid.dimensions]
    panels = [
        panel
        for rest in product(*[range(len(each.values)) for each in grid.dimensions[2:]])
        for panel in _panels(grid, found, x, more[0] if more else None, rest)
    ]
    return Surface(
        scenario=grid.scenario,
        figure=grid.shown.name,
        name=grid.shown.figure,
        seeds=len(grid.seeds),
        x=x,
        y=more[0] if more else None,
        boundary=grid.shown.boundary,
        is_whole=is_whole,
        panels=panels[:PANELS_MAX],
    )


def _panels(
    grid: Grid, found: Found, x: Scale, y: Scale | None, rest: tuple[int, ...]
) -> Iterator[Panel]:
    values = [each.values[place] for each, place in zip(grid.dimensions[2:], rest, strict=True)]
    named = [
        f"{each.path} {value}" for each, value in zip(grid.dimensions[2:], values, strict=True)
    ]
    first = (*(each.values[0] for each in grid.dimensions[:2]), *values)
    scenario = _scenario_at(grid, first)
    for strategy, name in enumerate(grid.strategies):
        yield Panel(
            title=", ".join([name, *named]),
            levels=_levels(grid, found, strategy, rest),
            curves=curves(_question(grid, scenario, name, x, y)),
        )


def _scenario_at(grid: Grid, values: tuple[Value, ...]) -> Scenario:
    locs = [each.loc for each in grid.dimensions]
    return changed(grid.data, list(zip(locs, values, strict=True)), CATALOGUE)


def _question(grid: Grid, scenario: Scenario, name: str, x: Scale, y: Scale | None) -> Question:
    choice = next(each for each in scenario.strategies if each.name == name)
    plan = plan_run(scenario, choice, grid.seeds[0], 1)
    return Question(x, y, grid.shown.figure, plan)


def _levels(
    grid: Grid, found: Found, strategy: int, rest: tuple[int, ...]
) -> Mapping[tuple[int, int], Level]:
    levels = {}
    shape = grid.shape
    for at in product(*map(range, shape[:2])):
        point = 0
        for count, place in zip(shape, (*at, *rest), strict=True):
            point = point * count + place
        level = found.level(strategy, point)
        if level is not None:
            levels[at[0], at[1] if len(at) > 1 else 0] = level
    return levels
