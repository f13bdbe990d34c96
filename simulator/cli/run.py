"""``tokenrace run``."""

import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from simulator.analysis.report.page import REPORT
from simulator.analysis.summary import Summary
from simulator.analysis.verdicts import Word
from simulator.cli.asked import Asked
from simulator.cli.plain_console import console_of_output
from simulator.cli.progress import ShownProgress
from simulator.cli.table import print_table
from simulator.cli.verdicts import print_verdicts
from simulator.errors import RunError, RunFailed
from simulator.results_folder import whole_or_not_at_all
from simulator.run_results import SUMMARY, Made, write_results
from simulator.simulation.experiment import run_all
from simulator.trace.files import RecordedRun


def run_scenario(asked: Asked) -> Word:
    """Make the runs, write their results to a folder in ``out`` and print the table.

    Returns the verdict on what the scenario expects; pass where it expects nothing.

    Raises:
        SimulatorError: a run cannot go on, or the results cannot be written.
    """
    console = console_of_output()
    folder = asked.out / asked.experiment.scenario.name
    with whole_or_not_at_all(folder) as partial:
        with _way_back(asked):
            runs = _make_runs(asked, partial / "trace", console)
        made = Made(
            experiment=asked.experiment,
            engine=asked.engine.name,
            command=asked.command,
            runs=runs,
        )
        written = write_results(partial, made)
    summary = written.summary
    print_table(console, summary)
    print_verdicts(console, summary)
    _print_paths(console, folder, [folder / plot for plot in written.plots], summary)
    return summary.verdict


@contextmanager
def _way_back(asked: Asked) -> Iterator[None]:
    """Add to a failure on virtual time the command that repeats it."""
    try:
        yield
    except RunFailed as failed:
        if asked.engine.name == "wire":
            raise
        words = ["tokenrace", "replay", str(asked.file), "--strategy", failed.strategy]
        replay = shlex.join([*words, "--seed", str(failed.seed)])
        raise RunError(f"{failed}\nreplay: {replay}") from None


def _make_runs(asked: Asked, traces: Path, console: Console) -> dict[str, list[RecordedRun]]:
    traces.mkdir()
    experiment = asked.experiment
    runs: dict[str, list[RecordedRun]] = {choice.name: [] for choice in experiment.choices}
    with ShownProgress(console, len(experiment.seeds) * len(experiment.choices)) as progress:
        for run in run_all(experiment, asked.engine, traces, progress):
            runs[run.header.strategy].append(run)
    return runs


def _print_paths(console: Console, folder: Path, plots: Sequence[Path], summary: Summary) -> None:
    for path in plots:
        if path.suffix == ".png":
            console.print(f"plot     {path}", highlight=False, soft_wrap=True)
    console.print(f"report   {folder / REPORT}", highlight=False, soft_wrap=True)
    console.print(f"summary  {folder / SUMMARY}", highlight=False, soft_wrap=True)
    console.print(f"again    {summary.command}", highlight=False, soft_wrap=True)
