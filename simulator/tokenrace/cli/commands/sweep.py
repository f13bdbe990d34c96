"""The command ``sweep`` and its options."""

from pathlib import Path
from typing import Annotated

import typer

from tokenrace.cli.commands.options import (
    FirstSeed,
    Jobs,
    OutFolder,
    ScenarioFile,
    SeedCount,
    StrategyNames,
)
from tokenrace.cli.exits import FAILED, told_to_the_user

Over = Annotated[
    list[str] | None,
    typer.Option(
        metavar="PATH=VALUES",
        help="A field and its values: fleet.processes=1,2,4 or 1..10 or 1s..9s step 2s or "
        "1..1000 log 7; repeat. Default: the file's sweep section.",
    ),
]
Figure = Annotated[
    str | None,
    typer.Option(help="What to show, and where it turns bad: 'rate_401 after 2h = 1%'."),
]
Refine = Annotated[
    str | None,
    typer.Option(
        metavar="FIGURE=VALUE", help="Make only the runs along this boundary: rate_401=1%."
    ),
]
Scheduler = Annotated[
    str | None,
    typer.Option(metavar="ADDR", help="Use a Dask cluster instead: tcp://host:8786."),
]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with a sweep that was interrupted.")]
Anew = Annotated[
    bool, typer.Option("--anew", help="Throw away what an interrupted sweep has left.")
]


def sweep(
    file: ScenarioFile,
    *,
    over: Over = None,
    strategy: StrategyNames = None,
    seeds: SeedCount = None,
    seed: FirstSeed = None,
    figure: Figure = None,
    refine: Refine = None,
    jobs: Jobs = None,
    scheduler: Scheduler = None,
    resume: Resume = False,
    anew: Anew = False,
    out: OutFolder = Path("results"),
) -> None:
    """Run a scenario over a grid of values and show where which strategy falls over.

    On the virtual engine. Every finished run is kept at once, in OUT/NAME.sweep/cells.jsonl; at
    the end come a table with one row a run, sweep.json and a picture. Exit code 1 when a run
    failed.
    """
    with told_to_the_user():
        from tokenrace.cli.sweep import sweep_scenario
        from tokenrace.cli.sweep_asked import SweepOptions

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
