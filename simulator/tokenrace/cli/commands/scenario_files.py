"""The commands about scenario files themselves, which run none: ``validate`` and ``schema``."""

from pathlib import Path
from typing import Annotated

import typer

from tokenrace.cli.exits import WRONG_INPUT, told_to_the_user


def validate(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="Scenario files.", show_default=False)
    ],
) -> None:
    """Check scenario files and report every problem with its line and column."""
    from tokenrace.cli.validate import validate_files

    if not validate_files(files):
        raise typer.Exit(WRONG_INPUT)


def schema(
    out: Annotated[
        Path, typer.Option(metavar="FILE", help="Where to write it; - for standard output.")
    ] = Path("scenarios/schema.json"),
) -> None:
    """Write the JSON Schema of scenario files, which editors check and complete them with."""
    with told_to_the_user():
        from tokenrace.cli.schema import write_schema

        write_schema(out)
