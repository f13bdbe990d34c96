"""``tokenrace run``."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

from rich.console import Console

from simulator.analysis.doubts import doubts_about
from simulator.analysis.plots import FaultMark, draw_plots
from simulator.analysis.report.page import REPORT, read_results, report_on, write_page
from simulator.analysis.run_figures import fault_span
from simulator.analysis.sentences import pictures_of
from simulator.analysis.summary import (
    Death,
    PlannedFault,
    Setting,
    Summary,
    summarize,
    write_summary,
)
from simulator.analysis.verdicts import Word, judge
from simulator.cli.asked import Asked
from simulator.cli.plain_console import console_of_output
from simulator.cli.progress import ShownProgress
from simulator.cli.table import print_table
from simulator.cli.verdicts import print_verdicts
from simulator.clock import seconds, ticks
from simulator.errors import RunError, RunFailed
from simulator.results_folder import whole_or_not_at_all
from simulator.scenario import scenario_hash
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
        summary = _summary(asked, runs)
        write_summary(partial / "summary.json", summary)
        marks = [_mark(death, summary) for death in summary.deaths]
        marks += [
            FaultMark(at=fault.at, label=fault.label())
            for fault in asked.experiment.scenario.faults
        ]
        plots = draw_plots(summary, runs, partial, marks)
        write_page(partial / REPORT, report_on(read_results(partial)))
    print_table(console, summary)
    print_verdicts(console, summary)
    _print_paths(console, folder, [folder / plot.name for plot in plots], summary)
    return summary.verdict


def _summary(asked: Asked, runs: Mapping[str, Sequence[RecordedRun]]) -> Summary:
    scenario = asked.experiment.scenario
    traced = {
        number: fault.label()
        for number, fault in enumerate(scenario.faults)
        if fault.partition is None
    }
    summary = summarize(
        _setting(asked),
        runs,
        faults=tuple(
            PlannedFault(at_s=seconds(fault.at), label=fault.label()) for fault in scenario.faults
        ),
        verdicts=judge(scenario.expect, runs, fault_span(scenario.faults)),
        doubts=tuple(doubts_about(runs, traced)),
    )
    return replace(summary, pictures=pictures_of(summary.strategies, runs))


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


def _mark(death: Death, summary: Summary) -> FaultMark:
    at = ticks(death.at_s * summary.time_scale)
    return FaultMark(at=at, label=f"{death.strategy}: process {death.process} died")


def _make_runs(asked: Asked, traces: Path, console: Console) -> dict[str, list[RecordedRun]]:
    traces.mkdir()
    experiment = asked.experiment
    runs: dict[str, list[RecordedRun]] = {choice.name: [] for choice in experiment.choices}
    with ShownProgress(console, len(experiment.seeds) * len(experiment.choices)) as progress:
        for run in run_all(experiment, asked.engine, traces, progress):
            runs[run.header.strategy].append(run)
    return runs


def _setting(asked: Asked) -> Setting:
    scenario = asked.experiment.scenario
    policy = scenario.provider.policy()
    return Setting(
        scenario=scenario.name,
        description=scenario.description.strip(),
        scenario_sha256=scenario_hash(scenario),
        version=version("tokenrace"),
        engine=asked.engine.name,
        seeds=asked.experiment.seeds,
        duration_s=seconds(scenario.run.duration),
        time_scale=asked.experiment.time_scale,
        provider={
            "profile": scenario.provider.profile,
            "live_tokens": policy.live_tokens or "none",
            "lifetime_s": seconds(policy.lifetime),
        },
        fleet={"processes": scenario.fleet.processes, "workers": scenario.fleet.workers},
        command=asked.command,
    )


def _print_paths(console: Console, folder: Path, plots: Sequence[Path], summary: Summary) -> None:
    for path in plots:
        if path.suffix == ".png":
            console.print(f"plot     {path}", highlight=False, soft_wrap=True)
    console.print(f"report   {folder / REPORT}", highlight=False, soft_wrap=True)
    console.print(f"summary  {folder / 'summary.json'}", highlight=False, soft_wrap=True)
    console.print(f"again    {summary.command}", highlight=False, soft_wrap=True)
