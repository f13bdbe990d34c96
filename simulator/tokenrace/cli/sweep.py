"""``tokenrace sweep``."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer
from rich.console import Console

from tokenrace.analysis.plots import draw_surface
from tokenrace.analysis.report.page import REPORT, write_page
from tokenrace.analysis.report.sweep import Told, sweep_page
from tokenrace.cli.exits import INTERRUPTED
from tokenrace.cli.many_runs_progress import ManyRunsProgress
from tokenrace.cli.plain_console import console_of_output, console_of_progress
from tokenrace.cli.sweep_asked import SweepAsked, SweepOptions, read_sweep
from tokenrace.cli.sweep_boundary import show_boundary
from tokenrace.errors import RunError, SimulatorError
from tokenrace.replay_command import replay_command
from tokenrace.simulation.cluster import Cluster
from tokenrace.simulation.runners import Processes, Runners, processors
from tokenrace.sweep.folder import CELLS, SUMMARY, begin, begin_where_nothing_waits, go_on
from tokenrace.sweep.found import Found
from tokenrace.sweep.journal import Journal
from tokenrace.sweep.running import make_all, make_along_boundary
from tokenrace.sweep.summary import write_sweep
from tokenrace.sweep.surfaces import surface_of
from tokenrace.sweep.table import write_table

_FAILURES_SHOWN = 20


def sweep_scenario(file: Path, options: SweepOptions) -> bool:
    """Make the runs of a sweep that are not there yet, and write what they amount to.

    Returns whether every run went well.

    Raises:
        SimulatorError: something asked for is wrong, or the sweep cannot go on.
    """
    if options.anew and options.resume:
        raise SimulatorError("--resume goes on and --anew begins again: choose one")
    asked = read_sweep(file, options)
    found = Found(asked.grid)
    console = console_of_output()
    with _runners(options, console) as runners, _journal(asked, options, found) as journal:
        _announce(console, asked, found, runners)
        with _interruption_told(asked, found), ManyRunsProgress(console_of_progress()) as progress:
            boundary = asked.grid.shown.boundary
            if asked.refines and boundary is not None:
                make_along_boundary(asked.grid, found, runners, journal, progress, boundary)
            else:
                make_all(asked.grid, found, runners, journal, progress)
    _write(asked, found, console)
    _tell_failures(asked, found)
    return not found.failed


@contextmanager
def _runners(options: SweepOptions, console: Console) -> Iterator[Runners]:
    if options.scheduler is None:
        with Processes(options.jobs or processors()) as processes:
            yield processes
        return
    if options.jobs is not None:
        raise SimulatorError("--jobs is for this machine: a cluster has as many as it has workers")
    with Cluster(options.scheduler) as cluster:
        if cluster.dashboard is not None:
            console.print(f"dashboard {cluster.dashboard}", highlight=False, soft_wrap=True)
        yield cluster


def _journal(asked: SweepAsked, options: SweepOptions, found: Found) -> Journal:
    if options.resume:
        return go_on(asked.folder, asked.grid, asked.heading, found)
    if options.anew:
        return begin(asked.folder, asked.heading)
    return begin_where_nothing_waits(asked.folder, asked.heading)


def _announce(console: Console, asked: SweepAsked, found: Found, runners: Runners) -> None:
    grid = asked.grid
    points = " x ".join(map(str, grid.shape))
    parts = [
        f"{points} points" if len(grid.shape) > 1 else _count(grid.points, "point"),
        _count(len(grid.strategies), "strategy", "strategies"),
        _count(len(grid.seeds), "seed"),
    ]
    console.print(
        f"{grid.scenario}: {', '.join(parts)}: {grid.size:,} runs"
        f"{', of which those along the boundary' if asked.refines else ''}, "
        f"{_count(runners.count, 'process', 'processes')}",
        highlight=False,
        soft_wrap=True,
    )
    if found.done():
        console.print(f"{found.done():,} of them are there already", highlight=False)


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


@contextmanager
def _interruption_told(asked: SweepAsked, found: Found) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        typer.echo(
            f"Interrupted: {found.done():,} of {asked.grid.size:,} runs are in "
            f"{asked.folder / CELLS}. The same command with --resume goes on.",
            err=True,
        )
        raise typer.Exit(INTERRUPTED) from None
    except RunError as error:
        raise RunError(f"{error}\nWhat has ended is kept: --resume goes on") from None


def _write(asked: SweepAsked, found: Found, console: Console) -> None:
    grid, folder = asked.grid, asked.folder
    surface = surface_of(grid, found, is_whole=not asked.refines)
    pictures = draw_surface(surface, folder, "sweep")
    table = write_table(folder, grid, found, folder / CELLS)
    summary = folder / SUMMARY
    write_sweep(summary, grid, found, asked.heading, asked.command, table)
    if asked.refines:
        share = found.done() / grid.size
        console.print(
            f"{found.done():,} runs along the boundary; the full grid would have cost "
            f"{grid.size:,} ({share:.0%} of it were made)",
            highlight=False,
            soft_wrap=True,
        )
    if found.doubted:
        console.print(
            f"WARNING  {_count(found.doubted, 'run')} did not do what was asked for: see the "
            "column 'doubt' of the table",
            style="yellow",
            highlight=False,
        )
    show_boundary(surface, console)
    report = folder / REPORT
    write_page(report, sweep_page(surface, pictures[1], _told(asked, found, table)))
    paths = {"report": report, "picture": pictures[0], "table": table, "summary": summary}
    for what, path in paths.items():
        console.print(f"{what:<9}{path}", highlight=False, soft_wrap=True)
    console.print(f"again    {asked.command}", highlight=False, soft_wrap=True)


def _told(asked: SweepAsked, found: Found, table: Path) -> Told:
    return Told(
        description=asked.description,
        runs=found.done(),
        whole_grid=asked.grid.size,
        command=asked.command,
        table=table.name,
        failed=[what for what, _ in _failures(asked, found)],
    )


def _tell_failures(asked: SweepAsked, found: Found) -> None:
    """Print every run that failed with the command that repeats it."""
    if not found.failed:
        return
    typer.echo(f"{_count(len(found.failed), 'run')} failed:", err=True)
    for what, replay in _failures(asked, found):
        typer.echo(f"{what}\n  replay: {replay}", err=True)
    if len(found.failed) > _FAILURES_SHOWN:
        typer.echo(
            f"and {len(found.failed) - _FAILURES_SHOWN} more: {asked.folder / SUMMARY} has them "
            "all",
            err=True,
        )


def _failures(asked: SweepAsked, found: Found) -> Iterator[tuple[str, str]]:
    """Yield the first runs that failed in words, each with the command that repeats it."""
    for number, error in sorted(found.failed.items())[:_FAILURES_SHOWN]:
        cell = asked.grid.cell(number)
        words = asked.grid.words(cell.values)
        what = f"{cell.strategy}, seed {cell.seed}, at {', '.join(words)}: {_last_line(error)}"
        yield what, replay_command(asked.file, cell.strategy, cell.seed, words)


def _last_line(error: str) -> str:
    return error.strip().splitlines()[-1]
