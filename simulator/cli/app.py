"""The commands and their options. What a command needs is imported when it runs: help is quick."""

from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Literal

import typer

from simulator.cli.blame_command import blame
from simulator.cli.check_commands import baseline, check
from simulator.cli.exits import FAILED, INCONCLUSIVE, told_to_the_user

app = typer.Typer(
    name="tokenrace",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    help="Which way of refreshing access tokens survives a provider that keeps only a few of them "
    "live? Write the fleet down as a scenario file and race the strategies.\n\n"
    "Start with: `tokenrace run scenarios/expiry-stampede.yaml`",
)

EngineName = Literal["wire", "virtual"]

ScenarioFile = Annotated[
    Path, typer.Argument(metavar="FILE", help="A scenario file.", show_default=False)
]
StrategyNames = Annotated[
    list[str] | None,
    typer.Option("--strategy", "-s", help="Run only this strategy of the file; may be repeated."),
]
SeedCount = Annotated[
    int | None, typer.Option(min=1, max=10_000, help="Runs per strategy, each with a new seed.")
]
FirstSeed = Annotated[
    int | None, typer.Option(min=0, max=2**32, help="The first seed; alone, the only one.")
]
EngineChoice = Annotated[
    EngineName | None,
    typer.Option(help="wire: real HTTP and processes; virtual: simulated. Default: the file's."),
]
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
OutFolder = Annotated[Path, typer.Option(help="Where the folder of results goes.", metavar="DIR")]


def main() -> None:
    """Run the command line."""
    app()


def _show_version(*, asked: bool) -> None:
    if asked:
        typer.echo(f"tokenrace {version('tokenrace')}")
        raise typer.Exit


@app.callback()
def _options(
    *,
    asked: Annotated[
        bool,
        typer.Option(
            "--version", help="Show the version and exit.", is_eager=True, callback=_show_version
        ),
    ] = False,
) -> None:
    """Options of ``tokenrace`` itself."""


@app.command()
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
        from simulator.cli.asked import Options, read_request
        from simulator.cli.run import run_scenario

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
        raise typer.Exit({"pass": 0, "fail": FAILED, "inconclusive": INCONCLUSIVE}[verdict])


@app.command()
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
        from simulator.cli.replay import replay_run

        replay_run(file, strategy, seed, settings or ())


@app.command()
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
        from simulator.cli.agree import agree_on

        exit_codes = {"agree": 0, "disagree": FAILED, "can't tell": INCONCLUSIVE}
        raise typer.Exit(exit_codes[agree_on(file, seeds)])


@app.command()
def serve(
    *,
    profile: Annotated[
        str | None,
        typer.Option(help="Whose rules, as tokenrace profiles lists them. Default: zoom-2022."),
    ] = None,
    live_tokens: Annotated[
        str | None,
        typer.Option(metavar="N", help="How many tokens may be live at once; none for no cap."),
    ] = None,
    scenario: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Take the rules of a scenario's provider.")
    ] = None,
    plan: Annotated[
        Literal["none", "free", "pro", "business"] | None,
        typer.Option(help="Limit API calls as Zoom does for accounts of this plan."),
    ] = None,
    port: Annotated[
        int, typer.Option(min=0, max=65_535, help="The port, or the next free one; 0: any.")
    ] = 8787,
    host: Annotated[
        str | None,
        typer.Option(
            metavar="ADDR", help="Listen there, not on loopback; /_control/ then needs a token."
        ),
    ] = None,
    journal: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write every request there, as JSON lines.")
    ] = None,
) -> None:
    """Serve the provider to any client, until Ctrl-C or SIGTERM (exit code 0).

    Prints the lines that point a client at it. Under /_control/ it can be made to misbehave, and
    tells what happened and why; /_control/openapi.json says how.
    """
    with told_to_the_user():
        from simulator.cli.serve import Options, serve_until_stopped

        options = Options(
            profile=profile,
            live_tokens=live_tokens,
            scenario=scenario,
            plan=plan,
            port=port,
            host=host,
            journal=journal,
        )
        raise typer.Exit(serve_until_stopped(options))


@app.command()
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
        from simulator.cli.asked import Options
        from simulator.cli.compare import compare_strategies

        options = Options(strategies=strategy or (), seeds=seeds, engine=engine)
        compare_strategies(file, options)


@app.command()
def sweep(
    file: ScenarioFile,
    *,
    over: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATH=VALUES",
            help="A field and its values: fleet.processes=1,2,4 or 1..10 or 1s..9s step 2s or "
            "1..1000 log 7; repeat. Default: the file's sweep section.",
        ),
    ] = None,
    strategy: StrategyNames = None,
    seeds: SeedCount = None,
    seed: FirstSeed = None,
    figure: Annotated[
        str | None,
        typer.Option(help="What to show, and where it turns bad: 'rate_401 after 2h = 1%'."),
    ] = None,
    refine: Annotated[
        str | None,
        typer.Option(
            metavar="FIGURE=VALUE", help="Make only the runs along this boundary: rate_401=1%."
        ),
    ] = None,
    jobs: Annotated[
        int | None, typer.Option(min=1, max=1_000, help="Processes. Default: one a processor.")
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(metavar="ADDR", help="Use a Dask cluster instead: tcp://host:8786."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with a sweep that was interrupted.")
    ] = False,
    anew: Annotated[
        bool, typer.Option("--anew", help="Throw away what an interrupted sweep has left.")
    ] = False,
    out: OutFolder = Path("results"),
) -> None:
    """Run a scenario over a grid of values and show where which strategy falls over.

    On the virtual engine. Every finished run is kept at once, in OUT/NAME.sweep/cells.jsonl; at
    the end come a table with one row a run, sweep.json and a picture. Exit code 1 when a run
    failed.
    """
    with told_to_the_user():
        from simulator.cli.sweep import sweep_scenario
        from simulator.cli.sweep_asked import SweepOptions

        options = SweepOptions(
            over=over or (),
            strategies=strategy or (),
            seeds=seeds,
            seed=seed,
            figure=figure,
            refine=refine,
            jobs=jobs,
            scheduler=scheduler,
            resume=resume,
            anew=anew,
            out=out,
        )
        if not sweep_scenario(file, options):
            raise typer.Exit(FAILED)


app.command()(check)
app.command()(baseline)
app.command()(blame)


@app.command()
def report(
    folders: Annotated[list[Path], typer.Argument(metavar="DIR [DIR]", help="Folders of results.")],
    *,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Where to write it. Default: DIR/report.html, or comparison.html for two folders.",
        ),
    ] = None,
) -> None:
    """Make the report of a run anew, or one on what changed from one run to another.

    It is one HTML file with everything in it. `tokenrace run` writes one beside its results.
    """
    with told_to_the_user():
        from simulator.cli.report import write_report

        write_report(folders, out)


@app.command()
def validate(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="Scenario files.", show_default=False)
    ],
) -> None:
    """Check scenario files and report every problem with its line and column."""
    from simulator.cli.validate import validate_files

    if not validate_files(files):
        raise typer.Exit(2)


@app.command()
def profiles(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="Show this one in full.", show_default=False),
    ] = None,
) -> None:
    """List the real providers whose rules the simulated one can follow, or show one in full.

    Each says how many tokens live at once, what a new one does to the others, where that is
    known from and how well.
    """
    with told_to_the_user():
        from simulator.cli.plain_console import console_of_output
        from simulator.cli.profiles import show_profile, show_profiles

        if name is None:
            show_profiles(console_of_output())
        else:
            show_profile(console_of_output(), name)


@app.command()
def strategies(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="Show this one in full.", show_default=False),
    ] = None,
) -> None:
    """List the ways of refreshing tokens that a scenario can race, or show one in full.

    Each says what it is made of, what it promises, what it does not do, and whose default each
    number is.
    """
    with told_to_the_user():
        from simulator.cli.plain_console import console_of_output
        from simulator.cli.strategies import show_strategies, show_strategy

        if name is None:
            show_strategies(console_of_output())
        else:
            show_strategy(console_of_output(), name)


@app.command()
def schema(
    out: Annotated[
        Path, typer.Option(metavar="FILE", help="Where to write it; - for standard output.")
    ] = Path("scenarios/schema.json"),
) -> None:
    """Write the JSON Schema of scenario files, which editors check and complete them with."""
    with told_to_the_user():
        from simulator.cli.schema import write_schema

        write_schema(out)
