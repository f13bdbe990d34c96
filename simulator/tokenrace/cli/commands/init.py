"""The command ``init``, and its options."""

from typing import Annotated, Literal

import typer

from tokenrace.cli.commands.trial_options import PythonName, ScopeChoice, With
from tokenrace.cli.exits import told_to_the_user


def init(
    *,
    python: PythonName = None,
    with_: With = None,
    scope: ScopeChoice = "auto",
    ci: Annotated[
        Literal["github", "gitlab", "none"] | None,
        typer.Option(help="The CI system to write a workflow for. Default: asked, or github."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite existing files.")] = False,
) -> None:
    """Write what a repository needs to have its tokens checked in CI.

    A scenario of a fleet in scenarios/tokens.yaml, its baseline in results/baseline.json, and the
    workflow of a job that checks both, and your class on every known failure mode. What the options
    leave open is asked on a terminal. Files that are there are not touched.
    """
    with told_to_the_user():
        from tokenrace.cli.init import asked, write_all

        write_all(asked(python, tuple(with_ or ()), scope, ci, force=force))
