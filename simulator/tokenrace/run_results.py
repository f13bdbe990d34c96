"""What the runs of one scenario leave in a folder: summary, plots and report."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

from tokenrace.analysis.blames import blames_of
from tokenrace.analysis.doubts import doubts_about
from tokenrace.analysis.failure_blame import failures_blamed
from tokenrace.analysis.figures import fault_span
from tokenrace.analysis.plots import FaultMark, draw_plots
from tokenrace.analysis.report.page import REPORT, read_results, report_on, write_page
from tokenrace.analysis.sentences import pictures_of
from tokenrace.analysis.summary import (
    Death,
    PlannedFault,
    Setting,
    Summary,
    summarize,
    write_summary,
)
from tokenrace.analysis.verdicts import Again, judge
from tokenrace.clock import seconds, ticks
from tokenrace.faults.kinds import labels_of_traced
from tokenrace.scenario import scenario_hash
from tokenrace.simulation.experiment import Experiment
from tokenrace.trace.files import RecordedRun
from tokenrace.true_scale import TrueScale, not_by_scale

SUMMARY = "summary.json"
Runs = Mapping[str, Sequence[RecordedRun]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """The ``runs`` of ``experiment`` on the engine called ``engine``, by strategy and in order of
    the seeds; ``command`` makes them again, and what ``again`` returns one of them. ``true_scale``
    is there where they were scaled."""

    experiment: Experiment
    engine: str
    command: str
    runs: Runs
    true_scale: TrueScale | None = None
    again: Again = lambda _strategy, _seed: ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The summary that was written, and the names of the plots beside it."""

    summary: Summary
    plots: tuple[str, ...]


def write_results(folder: Path, made: Made) -> Written:
    """Write what ``made`` comes to into ``folder``, which must exist.

    Raises:
        ResultsError: it cannot be written.
    """
    summary = summary_of(made)
    write_summary(folder / SUMMARY, summary)
    plots = draw_plots(summary, made.runs, folder, _marks(made, summary))
    write_page(folder / REPORT, report_on(read_results(folder)))
    return Written(summary=summary, plots=tuple(plot.name for plot in plots))


def summary_of(made: Made) -> Summary:
    """Return what ``made`` comes to.

    Raises:
        ResultsError: a trace cannot be read.
    """
    scenario, runs = made.experiment.scenario, made.runs
    traced = labels_of_traced(scenario.faults)
    verdicts = judge(scenario.expect, runs, fault_span(scenario.faults), made.again)
    summary = summarize(
        _setting(made),
        runs,
        faults=tuple(
            PlannedFault(at_s=seconds(fault.at), label=fault.label()) for fault in scenario.faults
        ),
        verdicts=not_by_scale(verdicts, made.experiment, made.true_scale),
        doubts=tuple(doubts_about(runs, traced)),
    )
    return replace(
        summary,
        pictures=pictures_of(summary.strategies, runs),
        blames=(*failures_blamed(runs), *blames_of(runs)),
        scale=None if made.true_scale is None else made.true_scale.note,
    )


def _marks(made: Made, summary: Summary) -> list[FaultMark]:
    faults = made.experiment.scenario.faults
    marks = [_mark(death, summary) for death in summary.deaths]
    return marks + [FaultMark(at=fault.at, label=fault.label()) for fault in faults]


def _mark(death: Death, summary: Summary) -> FaultMark:
    at = ticks(death.at_s * summary.time_scale)
    return FaultMark(at=at, label=f"{death.strategy}: {death.who} died")


def _setting(made: Made) -> Setting:
    scenario = made.experiment.scenario
    policy = scenario.provider.policy()
    return Setting(
        scenario=scenario.name,
        description=scenario.description.strip(),
        scenario_sha256=scenario_hash(scenario),
        version=version("tokenrace"),
        engine=made.engine,
        seeds=made.experiment.seeds,
        duration_s=seconds(scenario.run.duration),
        time_scale=made.experiment.time_scale,
        provider={
            "profile": scenario.provider.profile,
            "live_tokens": policy.live_tokens or "none",
            "lifetime_s": seconds(policy.lifetime),
        },
        fleet={"processes": scenario.fleet.processes, "workers": scenario.fleet.workers},
        command=made.command,
    )
