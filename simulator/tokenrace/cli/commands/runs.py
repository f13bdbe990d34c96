"""The commands that run one scenario: ``run``, ``replay``, ``agree`` and ``compare``."""

from pathlib import Path
from typing import Annotated

import typer

from tokenrace.cli.commands.options import (
    EngineChoice,
    FirstSeed,
    OutFolder,
    ScenarioFile,
    SeedCount,
    StrategyNames,
)
from tokenrace.cli.exits import EXIT_CODES, FAILED, INCONCLUSIVE, told_to_the_user

NoSkip = Annotated[
    bool,
    typer.Option(
        "--no-skip", help="Virtual engine: step through calm time too; slower, same history."
    ),
]
Port = Annotated[
    int | None,
    typer.Option(
        min=1, max=65_535, help="Wire engine: the provider's port, or the next free. Default: any."
    ),
]


def run(
    file: ScenarioFile,
    *,
    strategy: StrategyNames = None,
    seeds: SeedCount = None,
    seed: FirstSeed = None,
    engine: EngineChoice = None,
    no_skip: NoSkip = False,
    port: Port = None,
    out: OutFolder = Path("results"),
) -> None:
    """Run a scenario and show which strategy gets how many 401s, and why.

    Every strategy of the file meets the same arrivals and latencies, once per seed. The results,
    OUT/NAME/, hold summary.json, a trace per run and plots as PNG and SVG. What the file expects
    is judged: exit code 1 when it fails, 3 when the runs cannot tell.
    """
    with told_to_the_user():
        from tokenrace.cli.asked import Options, read_request
        from tokenrace.cli.run import run_scenario

        options = Options(
            strategies=strategy or (),
            seeds=seeds,
            seed=seed,
            engine=engine,
            no_skip=no_skip,
            port=port,
            out=out,
        )
        verdict = run_scenario(read_request(file, options))
        raise typer.Exit(EXIT_CODES[verdict])


def replay(
    file: ScenarioFile,
    strategy: Annotated[
        str, typer.Option("--strategy", "-s", help="The strategy to repeat.", show_default=False)
    ],
    seed: Annotated[int, typer.Option(min=0, max=2**32, help="The seed to repeat.")] = 1,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="PATH=VALUE", help="Change a field first: fleet.processes=4; repeat."
        ),
    ] = None,
) -> None:
    """Repeat one run on virtual time and print what happened, event by event.

    The same file, strategy and seed give the same history every time.
    """
    with told_to_the_user():
        from tokenrace.cli.replay import replay_run

        replay_run(file, strategy, seed, settings or ())


def agree(
    file: ScenarioFile,
    seeds: Annotated[
        int | None, typer.Option(min=2, max=1_000, help="Runs per strategy and engine.")
    ] = None,
) -> None:
    """Run a scenario on both engines and show each figure side by side.

    Both go as fast as the file's time_scale says, so that they are asked the same. Exit code 1
    when they disagree: then the simulation is wrong, or the scenario is; 3 when the seeds are too
    few to tell.
    """
    with told_to_the_user():
        from tokenrace.cli.agree import agree_on

        exit_codes = {"agree": 0, "disagree": FAILED, "can't tell": INCONCLUSIVE}
        raise typer.Exit(exit_codes[agree_on(file, seeds)])


def compare(
    file: ScenarioFile,
    *,
    strategy: StrategyNames = None,
    seeds: SeedCount = None,
    engine: EngineChoice = None,
) -> None:
    """Run a scenario and show its strategies in order, best first: better, worse, can't tell.

    All meet the same arrivals and latencies, and are compared seed by seed. On the virtual engine
    an oracle that knows what the provider knows runs beside them: what a strategy has more 401s
    than that could be avoided.
    """
    with told_to_the_user():
        from tokenrace.cli.asked import Options
        from tokenrace.cli.compare import compare_strategies

        options = Options(strategies=strategy or (), seeds=seeds, engine=engine)
        compare_strategies(file, options)
