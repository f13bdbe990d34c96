"""``tokenrace agree``."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import get_args

from rich.table import Table

from tokenrace.analysis.agreement import (
    Compared,
    Spread,
    Verdict,
    compare,
    worst,
)
from tokenrace.analysis.figures import figures_of
from tokenrace.analysis.wording import tied
from tokenrace.cli.engines import engine_named
from tokenrace.cli.plain_console import console_of_output, console_of_progress
from tokenrace.cli.progress import ShownProgress
from tokenrace.cli.scale_note import made_at_true_scale, print_scale_note, warn_of_scale
from tokenrace.errors import SimulatorError
from tokenrace.fields.flaws import dotted
from tokenrace.fields.values import EngineName
from tokenrace.figures import Figure
from tokenrace.files.temporary_folder import temporary_folder
from tokenrace.scenario import Scenario, load
from tokenrace.simulation.experiment import Experiment, run_all
from tokenrace.strategies.catalogue import CATALOGUE
from tokenrace.trace.files import RecordedRun

SEEDS_MIN = 2
"""Fewer show no spread, and without it nobody can say what is chance."""

SENTENCE: dict[Verdict, str] = {
    "agree": "agree",
    "can't tell": "may agree: the intervals are too wide to tell; use more --seeds",
    "disagree": "disagree",
}


def agree_on(file: Path, seeds: int | None) -> Verdict:
    """Run the scenario on both engines, print the figures side by side; return the worst verdict.

    Raises:
        SimulatorError: the file is wrong, or a run cannot go on.
    """
    scenario = load(file, CATALOGUE)
    _check_both(file, scenario)
    count = max(SEEDS_MIN, seeds or scenario.run.seeds)
    experiment = Experiment(
        scenario=scenario,
        choices=scenario.strategies,
        seeds=tuple(range(1, count + 1)),
        time_scale=scenario.run.time_scale,
    )
    console = console_of_output()
    warn_of_scale(console, experiment)
    virtual, wire = _runs(experiment, "virtual"), _runs(experiment, "wire")
    rows = {name: compare(wire[name], virtual[name]) for name in wire}
    console.print(_table(scenario.name, count, rows))
    true = made_at_true_scale(console, experiment)
    figures = {name: figures_of(runs) for name, runs in wire.items()}
    print_scale_note(console, None if true is None else true.note, figures)
    verdict = worst(row.verdict for compared in rows.values() for row in compared)
    dead = [run for runs in (*wire.values(), *virtual.values()) for run in runs if run.deaths]
    for run in dead:
        header = run.header
        console.print(
            f"WARNING  {header.strategy}, seed {header.seed}: processes died on the "
            f"{header.engine} engine, so less was run than was asked for",
            style="yellow",
        )
    verdict = "disagree" if dead else verdict
    console.print(f"the engines {SENTENCE[verdict]}")
    return verdict


def _check_both(file: Path, scenario: Scenario) -> None:
    """Refuse what only one of the engines can run."""
    for engine in get_args(EngineName):
        for flaw in scenario.impossible_on(engine):
            raise SimulatorError(
                f"{file}: {dotted(flaw.loc)}: {flaw.message}; agree needs both engines"
            )


def _runs(experiment: Experiment, engine: EngineName) -> dict[str, list[RecordedRun]]:
    runs: dict[str, list[RecordedRun]] = {choice.name: [] for choice in experiment.choices}
    total = len(experiment.seeds) * len(experiment.choices)
    with (
        temporary_folder() as folder,
        ShownProgress(console_of_progress(), total) as progress,
    ):
        for run in run_all(experiment, engine_named(engine), folder, progress):
            runs[run.header.strategy].append(run)
    return runs


def _table(scenario: str, seeds: int, rows: Mapping[str, Sequence[Compared]]) -> Table:
    table = Table(
        title=f"{scenario}: both engines, {seeds} seeds each",
        title_justify="left",
        title_style="bold",
    )
    for heading in ("strategy", "figure"):
        table.add_column(heading, overflow="fold")
    for heading in ("wire", "virtual", "difference", "verdict"):
        table.add_column(heading, justify="right")
    for strategy, compared in rows.items():
        for row in compared:
            name = strategy if row is compared[0] else ""
            spreads = (row.wire, row.virtual, row.difference)
            shown = (_shown(row.figure, spread) for spread in spreads)
            table.add_row(name, row.figure.name, *shown, tied(row.verdict))
        table.add_section()
    return table


def _shown(figure: Figure, spread: Spread | None) -> str:
    if spread is None:
        return "-"
    if figure.unit == "share":
        return f"{100 * spread.mean:.2f} ± {100 * spread.reach:.2f} %"
    unit = " ms" if figure.unit == "span" else ""
    return f"{spread.mean:,.1f} ± {spread.reach:,.1f}{unit}"
