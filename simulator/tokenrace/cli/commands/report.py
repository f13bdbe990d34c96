"""The command ``report``."""

from pathlib import Path
from typing import Annotated

import typer

from tokenrace.cli.exits import told_to_the_user


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
        from tokenrace.cli.report import write_report

        write_report(folders, out)
