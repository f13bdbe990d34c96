"""``tokenrace incident``."""

import shlex
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from simulator.cli.exits import told_to_the_user

DEFAULT_FOLDER = Path("scenarios/incident")
DEFAULT_SEEDS = 20


def incident(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Where the five scenarios are.")
    ] = DEFAULT_FOLDER,
    *,
    seeds: Annotated[
        int, typer.Option(min=2, max=10_000, help="Runs per explanation.")
    ] = DEFAULT_SEEDS,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Processes at once. Default: one a processor.")
    ] = None,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where the results go.")] = Path(
        "results"
    ),
) -> None:
    """Run the five explanations of the incident, a week each, and say what each one reproduces.

    401 on every call after a week of calm: a storm, a lost role, a block, a second minter, or the
    cap alone? Writes one report with the table, the three questions and what would tell the
    explanations apart, and one report for each explanation.
    """
    with told_to_the_user():
        _run(folder, seeds, jobs, out)


def _run(folder: Path, seeds: int, jobs: int | None, out: Path) -> None:
    from simulator.analysis.report.page import REPORT
    from simulator.cli.plain_console import console_of_output
    from simulator.cli.sweep_progress import SweepProgress
    from simulator.incident.report import write_report
    from simulator.incident.running import make_columns, read_cases
    from simulator.results_folder import whole_or_not_at_all
    from simulator.simulation.runners import Processes, processors

    cases, console = read_cases(folder), console_of_output()
    final = out / "incident"
    numbers = range(1, seeds + 1)
    command = _command(folder, seeds, out)
    with whole_or_not_at_all(final) as partial:
        with Processes(jobs or processors()) as runners, SweepProgress(console) as progress:
            columns = make_columns(cases, numbers, runners, progress)
        findings = _findings(columns, numbers, command)
        write_report(partial, findings)
        for case, column in zip(cases, columns, strict=True):
            _write_one(partial, case, column, numbers)
    _print(console, findings)
    console.print(f"report   {final / REPORT}", highlight=False, soft_wrap=True)
    console.print(f"again    {command}", highlight=False, soft_wrap=True)
