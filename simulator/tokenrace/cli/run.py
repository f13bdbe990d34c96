"""``tokenrace run``."""

from collections.abc import Sequence
from pathlib import Path

import typer
from rich.console import Console

from tokenrace.analysis.report.page import REPORT
from tokenrace.analysis.summary import Summary
from tokenrace.analysis.verdicts import Word
from tokenrace.cli.asked import Asked
from tokenrace.cli.plain_console import console_of_output, console_of_progress
from tokenrace.cli.progress import ShownProgress
from tokenrace.cli.scale_note import made_at_true_scale, print_scale_note, warn_of_scale
from tokenrace.cli.table import print_table
from tokenrace.cli.verdicts import print_verdicts
from tokenrace.errors import RunError, RunFailed, error_of_all
from tokenrace.files.results_folder import whole_or_not_at_all
from tokenrace.replay_command import again_command, replay_command
from tokenrace.run_results import SUMMARY, Made, write_results
from tokenrace.simulation.experiment import outcomes_of
from tokenrace.simulation.wire.leftovers import remove_what_runs_left
from tokenrace.trace.files import RecordedRun


def run_scenario(asked: Asked) -> Word:
    """Make the runs, write their results to a folder in ``out`` and print the table.

    Returns the verdict on what the scenario expects; pass where it expects nothing.

    A strategy of which a run fails is left out of the results; the others' are kept.

    Raises:
        SimulatorError: a run failed, or the results cannot be written.
    """
    console = console_of_output()
    told = _remove_leftovers(asked)
    folder = asked.out / asked.experiment.scenario.name
    warn_of_scale(console, asked.experiment)

    def again(strategy: str, seed: int) -> str:
        return again_command(asked.file, asked.engine.name, strategy, seed)

    with whole_or_not_at_all(folder) as partial:
        runs, failures = _make_runs(asked, partial / "trace")
        _remove_leftovers(asked, told)
        if not runs:
            raise _all_of(failures, asked)
        made = Made(
            experiment=asked.experiment,
            engine=asked.engine.name,
            command=asked.command,
            runs=runs,
            true_scale=made_at_true_scale(console, asked.experiment, of=runs),
            again=again,
        )
        written = write_results(partial, made)
    summary = written.summary
    print_table(console, summary)
    print_scale_note(console, summary.scale, summary.strategies)
    print_verdicts(console, summary)
    _print_paths(console, folder, [folder / plot for plot in written.plots], summary)
    if failures:
        error = _all_of(failures, asked)
        # What the machine lost hides no promise that was broken.
        raise RunError(str(error)) if summary.verdict == "fail" else error
    return summary.verdict


def _remove_leftovers(asked: Asked, told: Sequence[str] = ()) -> list[str]:
    """Remove what runs left on servers; tell what is left, if it was not ``told``, and return
    it."""
    left = remove_what_runs_left(asked.experiment.scenario.store.url)
    for each in left:
        if each not in told:
            typer.echo(each, err=True)
    return left


def _all_of(failures: Sequence[RunFailed], asked: Asked) -> RunError:
    """Return one error for all ``failures``, with the command that repeats each."""
    return error_of_all(failures, [_with_way_back(failed, asked) for failed in failures])


def _with_way_back(failed: RunFailed, asked: Asked) -> str:
    """Return what failed and, on virtual time, the command that repeats it."""
    if asked.engine.name == "wire":
        return str(failed)
    return f"{failed}\nreplay: {replay_command(asked.file, failed.strategy, failed.seed)}"


def _make_runs(asked: Asked, traces: Path) -> tuple[dict[str, list[RecordedRun]], list[RunFailed]]:
    """Return the runs of every strategy that went well with all seeds, and what the others failed
    of."""
    traces.mkdir()
    experiment = asked.experiment
    runs: dict[str, list[RecordedRun]] = {choice.name: [] for choice in experiment.choices}
    failures: list[RunFailed] = []
    with ShownProgress(
        console_of_progress(), len(experiment.seeds) * len(experiment.choices)
    ) as progress:
        for outcome in outcomes_of(experiment, asked.engine, traces, progress):
            if isinstance(outcome, RunFailed):
                failures.append(outcome)
                del runs[outcome.strategy]
            else:
                runs[outcome.header.strategy].append(outcome)
    return runs, failures


def _print_paths(console: Console, folder: Path, plots: Sequence[Path], summary: Summary) -> None:
    for path in plots:
        if path.suffix == ".png":
            console.print(f"plot     {path}", highlight=False, soft_wrap=True)
    console.print(f"report   {folder / REPORT}", highlight=False, soft_wrap=True)
    console.print(f"summary  {folder / SUMMARY}", highlight=False, soft_wrap=True)
    console.print(f"again    {summary.command}", highlight=False, soft_wrap=True)
