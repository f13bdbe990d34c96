"""``tokenrace run``."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from rich.console import Console

from simulator.analysis.plots import FaultMark, draw_plots
from simulator.analysis.summary import Death, Setting, Summary, summarize, write_summary
from simulator.cli.engines import engine_named
from simulator.cli.plain_console import console_of_output
from simulator.cli.progress import ShownProgress
from simulator.cli.table import print_table
from simulator.clock import seconds, ticks
from simulator.errors import RunError, RunFailed, SimulatorError
from simulator.results_folder import whole_or_not_at_all
from simulator.scenario import Scenario, StrategyChoice, load, scenario_hash
from simulator.simulation.experiment import Engine, Experiment, run_all
from simulator.strategies.catalogue import CATALOGUE
from simulator.trace.files import RecordedRun

DEFAULT_OUT = Path("results")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a command line asks for: the runs, on which engine, and the command itself."""

    file: Path
    experiment: Experiment
    engine: Engine
    out: Path
    command: str


def select(
    file: Path,
    strategies: Sequence[str] | None,
    seeds: int | None,
    seed: int | None,
    engine: Engine | None,
    out: Path,
) -> Asked:
    """Return the runs that the command line asks for; ``engine`` None means the file's.

    Raises:
        SimulatorError: the file is wrong, or has no such strategy.
    """
    scenario = load(file, CATALOGUE)
    first = 1 if seed is None else seed
    count = seeds or (scenario.run.seeds if seed is None else 1)
    chosen = engine or engine_named(scenario.run.engine)
    command = ["tokenrace", "run", str(file)]
    command += [f"--strategy {name}" for name in strategies or ()]
    command += [f"--seeds {count}"] + ([] if first == 1 else [f"--seed {first}"])
    command += [] if chosen.name == scenario.run.engine else [f"--engine {chosen.name}"]
    command += [] if out == DEFAULT_OUT else [f"--out {out}"]
    return Asked(
        file=file,
        experiment=Experiment(
            scenario=scenario,
            choices=_chosen(file, scenario, strategies),
            seeds=tuple(range(first, first + count)),
            time_scale=scenario.run.time_scale if chosen.name == "wire" else 1,
        ),
        engine=chosen,
        out=out,
        command=" ".join(command),
    )


def run_scenario(asked: Asked) -> None:
    """Make the runs, write their results to a folder in ``out`` and print the table.

    Raises:
        SimulatorError: a run cannot go on, or the results cannot be written.
    """
    console = console_of_output()
    folder = asked.out / asked.experiment.scenario.name
    with whole_or_not_at_all(folder) as partial:
        with _way_back(asked):
            runs, deaths = _make_runs(asked, partial / "trace", console)
        summary = summarize(_setting(asked), runs, deaths)
        write_summary(partial / "summary.json", summary)
        plots = draw_plots(summary, runs, partial, [_mark(death, summary) for death in deaths])
    print_table(console, summary)
    _print_paths(console, folder, [folder / plot.name for plot in plots], summary)


@contextmanager
def _way_back(asked: Asked) -> Iterator[None]:
    """Add to a failure on virtual time the command that repeats it."""
    try:
        yield
    except RunFailed as failed:
        if asked.engine.name == "wire":
            raise
        replay = f"tokenrace replay {asked.file} --strategy {failed.strategy} --seed {failed.seed}"
        raise RunError(f"{failed}\nreplay: {replay}") from None


def _chosen(
    file: Path, scenario: Scenario, names: Sequence[str] | None
) -> tuple[StrategyChoice, ...]:
    if not names:
        return scenario.strategies
    known = {choice.name: choice for choice in scenario.strategies}
    for name in names:
        if name not in known:
            raise SimulatorError(
                f"{file}: has no strategy {name!r} to run; it has {', '.join(known)}"
            )
    return tuple(known[name] for name in dict.fromkeys(names))


def _mark(death: Death, summary: Summary) -> FaultMark:
    at = ticks(death.at_s * summary.time_scale)
    return FaultMark(at=at, label=f"{death.strategy}: process {death.process} died")


def _make_runs(
    asked: Asked, traces: Path, console: Console
) -> tuple[dict[str, list[RecordedRun]], list[Death]]:
    traces.mkdir()
    experiment = asked.experiment
    runs: dict[str, list[RecordedRun]] = {choice.name: [] for choice in experiment.choices}
    with ShownProgress(console, len(experiment.seeds) * len(experiment.choices)) as progress:
        for run in run_all(experiment, asked.engine, traces, progress):
            runs[run.header.strategy].append(run)
    return runs, progress.deaths


def _setting(asked: Asked) -> Setting:
    scenario = asked.experiment.scenario
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
            "live_tokens": scenario.provider.live_tokens,
            "lifetime_s": seconds(scenario.provider.lifetime),
        },
        fleet={"processes": scenario.fleet.processes, "workers": scenario.fleet.workers},
        command=asked.command,
    )


def _print_paths(console: Console, folder: Path, plots: Sequence[Path], summary: Summary) -> None:
    for path in plots:
        if path.suffix == ".png":
            console.print(f"plot     {path}", highlight=False, soft_wrap=True)
    console.print(f"summary  {folder / 'summary.json'}", highlight=False, soft_wrap=True)
    console.print(f"again    {summary.command}", highlight=False, soft_wrap=True)
