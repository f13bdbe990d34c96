"""The options of the commands that put a class of the user's on trial."""

from typing import Annotated, Literal

import typer

PythonName = Annotated[
    str | None,
    typer.Option(
        "--python",
        metavar="MODULE:CLASS",
        help="The class of yours to try: docs/bring-your-own.md.",
    ),
]
SuiteName = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="The suite to try. Default: known-modes."),
]
With = Annotated[
    list[str] | None,
    typer.Option(
        "--with", metavar="NAME=VALUE", help="An option the class is called with; may be repeated."
    ),
]
ScopeChoice = Annotated[
    Literal["auto", "shared", "process"],
    typer.Option(
        help="Whether its processes share one token. auto: they do if a trial run calls the store."
    ),
]
