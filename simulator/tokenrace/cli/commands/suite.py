"""The command ``suite``, and its options."""

from pathlib import Path
from typing import Annotated

import typer

from tokenrace.cli.commands.trial_options import PythonName, ScopeChoice, With
from tokenrace.cli.exits import told_to_the_user


def suite(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The suite.")] = "known-modes",
    *,
    python: PythonName = None,
    with_: With = None,
    scope: ScopeChoice = "auto",
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write the scenarios there.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite existing files.")] = False,
) -> None:
    """Show what a suite tries, or write it as scenarios for a class of yours.

    tokenrace suite lists the known failure modes, what is tried of each and what a right class
    promises. With --python and --out it writes them fitted to that class, to run, replay, change
    and keep: tokenrace suite --python shop.tokens:Source --out known-modes.
    """
    with told_to_the_user():
        from tokenrace.cli.suite import list_suite, write_suite

        if out is None:
            list_suite(name)
        else:
            write_suite(name, python, tuple(with_ or ()), scope, out, is_forced=force)
