"""The arguments and options that several commands share."""

from pathlib import Path
from typing import Annotated, Literal

import typer

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
OutFolder = Annotated[Path, typer.Option(help="Where the folder of results goes.", metavar="DIR")]
Jobs = Annotated[
    int | None, typer.Option(min=1, max=1_000, help="Processes. Default: one a processor.")
]
