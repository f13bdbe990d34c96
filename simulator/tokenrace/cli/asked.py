"""From the words of a command line to the runs it asks for."""

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tokenrace.cli.engines import engine_named
from tokenrace.errors import SimulatorError, UserCodeError
from tokenrace.fields.flaws import dotted
from tokenrace.fields.values import EngineName
from tokenrace.scenario import Scenario, StrategyChoice, load, load_changed
from tokenrace.simulation.experiment import Engine, Experiment
from tokenrace.simulation.own_code import check_own_code
from tokenrace.strategies.catalogue import CATALOGUE

DEFAULT_OUT = Path("results")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options of ``tokenrace run``. None, or no strategies, where the user left it open.

    ``settings`` change fields of the scenario for one run on virtual time: ``fleet.processes=4``.
    """

    strategies: Sequence[str] = ()
    seeds: int | None = None
    seed: int | None = None
    engine: EngineName | None = None
    no_skip: bool = False
    port: int | None = None
    out: Path = DEFAULT_OUT
    settings: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a command line asks for: the runs, on which engine, and the command itself."""

    file: Path
    experiment: Experiment
    engine: Engine
    out: Path
    command: str


def read_request(file: Path, options: Options) -> Asked:
    """Return the runs of the scenario in ``file`` that ``options`` ask for.

    Raises:
        SimulatorError: the file is wrong, has no such strategy, or the options are for the other
            engine.
    """
    if options.settings:
        scenario = load_changed(file, CATALOGUE, options.settings)
    else:
        scenario = load(file, CATALOGUE)
    name = options.engine or scenario.run.engine
    engine = engine_named(name, no_skip=options.no_skip, port=options.port)
    for flaw in scenario.impossible_on(name):
        raise SimulatorError(f"{file}: {dotted(flaw.loc)}: {flaw.message}")
    chosen = _chosen(file, scenario, options.strategies)
    check_code(file, chosen)
    seeds = _seeds(scenario, options)
    return Asked(
        file=file,
        experiment=Experiment(
            scenario=scenario,
            choices=chosen,
            seeds=tuple(seeds),
            time_scale=scenario.run.time_scale if name == "wire" else 1,
            repeats=True,
        ),
        engine=engine,
        out=options.out,
        command=shlex.join(_command(file, options, seeds)),
    )


def check_code(file: Path, choices: Iterable[StrategyChoice]) -> None:
    """Load the user's code before the first run: a typo must not cost its time.

    Raises:
        SimulatorError: it cannot be loaded, or is no strategy.
    """
    for choice in choices:
        if choice.own is not None:
            try:
                check_own_code(choice.own)
            except UserCodeError as error:
                raise SimulatorError(f"{file}: strategy {choice.name}: {error}") from None


def _seeds(scenario: Scenario, options: Options) -> range:
    """Return the seeds: as many as asked for, from ``--seed``; that one alone if no number is."""
    first = 1 if options.seed is None else options.seed
    count = options.seeds or (scenario.run.seeds if options.seed is None else 1)
    return range(first, first + count)


def _chosen(file: Path, scenario: Scenario, names: Sequence[str]) -> tuple[StrategyChoice, ...]:
    if not names:
        return scenario.strategies
    known = {choice.name: choice for choice in scenario.strategies}
    for name in names:
        if name not in known:
            raise SimulatorError(
                f"{file}: has no strategy {name!r} to run; it has {', '.join(known)}"
            )
    return tuple(known[name] for name in dict.fromkeys(names))


def _command(file: Path, options: Options, seeds: range) -> list[str]:
    """Return the words that ask for the same again, the number of seeds always among them."""
    words = ["tokenrace", "run", str(file)]
    for name in options.strategies:
        words += ["--strategy", name]
    words += ["--seeds", str(len(seeds))]
    words += ["--seed", str(seeds[0])] if seeds[0] != 1 else []
    words += ["--engine", options.engine] if options.engine else []
    words += ["--no-skip"] if options.no_skip else []
    words += ["--port", str(options.port)] if options.port is not None else []
    words += ["--out", str(options.out)] if options.out != DEFAULT_OUT else []
    return words
