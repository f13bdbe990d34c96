"""From the words of ``tokenrace sweep`` to the grid they ask for."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tokenrace.cli.asked import DEFAULT_OUT, check_code
from tokenrace.errors import SimulatorError
from tokenrace.scenario import Scenario, load, scenario_hash
from tokenrace.scenario.changes import Unchangeable, changed, on_virtual_time
from tokenrace.scenario.loader import read_data
from tokenrace.scenario.paths import located, paths_of
from tokenrace.scenario.sweep_section import DIMENSIONS_MAX, Shown, read_shown
from tokenrace.scenario.sweep_values import Value, read_values
from tokenrace.strategies.catalogue import CATALOGUE
from tokenrace.sweep.cells import columns
from tokenrace.sweep.grid import CELLS_MAX, Dimension, Grid
from tokenrace.sweep.journal import Heading

_PROBLEMS_MAX = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepOptions:
    """The options of ``tokenrace sweep``. None, or nothing, where the user left it open."""

    over: Sequence[str] = ()
    strategies: Sequence[str] = ()
    seeds: int | None = None
    seed: int | None = None
    figure: str | None = None
    refine: str | None = None
    jobs: int | None = None
    scheduler: str | None = None
    resume: bool = False
    anew: bool = False
    out: Path = DEFAULT_OUT


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepAsked:
    """What a command line asks for. ``folder`` is where the results go."""

    file: Path
    description: str
    grid: Grid
    heading: Heading
    refines: bool
    folder: Path
    command: str


def read_sweep(file: Path, options: SweepOptions) -> SweepAsked:
    """Return the sweep of the scenario in ``file`` that ``options`` ask for.

    Every point of the grid has been checked as if the file said so.

    Raises:
        SimulatorError: the file, an option or a value is wrong.
    """
    scenario = load(file, CATALOGUE)
    data = read_data(file)
    dimensions = _dimensions(file, scenario, data, options.over)
    grid = Grid(
        scenario=scenario.name,
        data=on_virtual_time(data),
        dimensions=dimensions,
        strategies=_strategies(file, scenario, dimensions, options.strategies),
        seeds=_seeds(scenario, options),
        shown=_shown(scenario, options),
    )
    check_code(file, [each for each in scenario.strategies if each.name in grid.strategies])
    _check(file, grid)
    return SweepAsked(
        file=file,
        description=scenario.description.strip(),
        grid=grid,
        heading=Heading(
            version=version("tokenrace"),
            scenario=scenario.name,
            sha256=scenario_hash(scenario),
            over=tuple(each.path for each in dimensions),
            figures=tuple(name for name, _, _ in columns(grid.shown)),
        ),
        refines=options.refine is not None,
        folder=options.out / f"{scenario.name}.sweep",
        command=shlex.join(_command(file, options)),
    )


def _dimensions(
    file: Path, scenario: Scenario, data: Mapping[str, Any], over: Sequence[str]
) -> tuple[Dimension, ...]:
    written: dict[str, tuple[Value, ...]] = {}
    for text in over:
        path, equals, values = text.partition("=")
        if not equals:
            raise SimulatorError(f"--over {text}: must be PATH=VALUES, as fleet.processes=1..10")
        try:
            written[path.strip()] = read_values(values.strip())
        except ValueError as wrong:
            raise SimulatorError(f"--over {text}: {wrong}") from None
    if not written and scenario.sweep is not None:
        written = dict(scenario.sweep.over)
    if not written:
        raise SimulatorError(
            f"{file}: nothing to sweep over: give it a sweep section, or add "
            "--over fleet.processes=1..10"
        )
    if len(written) > DIMENSIONS_MAX:
        raise SimulatorError(f"at most {DIMENSIONS_MAX} fields can be swept over")
    paths = paths_of(data, scenario, CATALOGUE)
    found = []
    for path, of_path in written.items():
        try:
            found.append(Dimension(path=path, loc=located(path, paths), values=of_path))
        except ValueError as wrong:
            raise SimulatorError(f"--over {path}: {wrong}") from None
    return tuple(found)


def _strategies(
    file: Path, scenario: Scenario, dimensions: Sequence[Dimension], names: Sequence[str]
) -> tuple[str, ...]:
    """Return the strategies to run: those named, else those whose settings are swept over, which
    leave the others as they are, else all."""
    known = [choice.name for choice in scenario.strategies]
    for name in names:
        if name not in known:
            raise SimulatorError(
                f"{file}: has no strategy {name!r} to run; it has {', '.join(known)}"
            )
    if names:
        return tuple(dict.fromkeys(names))
    concerned = {known[int(each.loc[1])] for each in dimensions if each.loc[0] == "strategies"}
    return tuple(name for name in known if not concerned or name in concerned)


def _seeds(scenario: Scenario, options: SweepOptions) -> tuple[int, ...]:
    first = 1 if options.seed is None else options.seed
    count = options.seeds or (scenario.run.seeds if options.seed is None else 1)
    return tuple(range(first, first + count))


def _shown(scenario: Scenario, options: SweepOptions) -> Shown:
    option, text = "--refine", options.refine
    if text is None:
        option, text = "--figure", options.figure
    if text is None:
        return scenario.sweep.figure if scenario.sweep is not None else read_shown("rate_401 = 1%")
    try:
        shown = read_shown(text)
    except ValueError as wrong:
        raise SimulatorError(f"{option} {text}: {wrong}") from None
    if options.refine is not None and shown.boundary is None:
        raise SimulatorError(f"--refine {text}: needs the value to follow, as rate_401=1%")
    return shown


def _check(file: Path, grid: Grid) -> None:
    """Check every value alone, and if they are right every point."""
    if grid.size > CELLS_MAX:
        raise SimulatorError(f"{file}: {grid.size:,} runs are more than the {CELLS_MAX:,} allowed")
    alone = [[(dimension, value)] for dimension in grid.dimensions for value in dimension.values]
    _refuse(file, list(_problems(grid, alone)))
    if len(grid.dimensions) > 1:
        together = (
            list(zip(grid.dimensions, grid.values_at(point), strict=True))
            for point in range(grid.points)
        )
        _refuse(file, list(_problems(grid, together)))


def _problems(grid: Grid, points: Any) -> Iterator[str]:
    for point in points:
        try:
            changed(grid.data, [(each.loc, value) for each, value in point], CATALOGUE)
        except Unchangeable as wrong:
            words = ", ".join(f"{each.path}={value}" for each, value in point)
            yield from (f"at {words}: {problem}" for problem in wrong.problems)


def _refuse(file: Path, problems: Sequence[str]) -> None:
    if not problems:
        return
    lines = [f"{file}: {problem}" for problem in problems[:_PROBLEMS_MAX]]
    if len(problems) > _PROBLEMS_MAX:
        lines.append(f"{file}: and {len(problems) - _PROBLEMS_MAX} more like these")
    raise SimulatorError("\n".join(lines))


def _command(file: Path, options: SweepOptions) -> list[str]:
    """Return the words that ask for the same again, wherever it is made."""
    words = ["tokenrace", "sweep", str(file)]
    for text in options.over:
        words += ["--over", text]
    for name in options.strategies:
        words += ["--strategy", name]
    words += ["--seeds", str(options.seeds)] if options.seeds is not None else []
    words += ["--seed", str(options.seed)] if options.seed is not None else []
    words += ["--figure", options.figure] if options.figure is not None else []
    words += ["--refine", options.refine] if options.refine is not None else []
    words += ["--out", str(options.out)] if options.out != DEFAULT_OUT else []
    return words
