"""The command ``incident`` and its options."""

from pathlib import Path
from typing import Annotated

import typer

from tokenrace.cli.commands.options import Jobs, OutFolder
from tokenrace.cli.exits import told_to_the_user

Folder = Annotated[
    Path, typer.Argument(metavar="DIR", help="Where the scenarios of the five explanations are.")
]
Seeds = Annotated[int, typer.Option(min=2, max=10_000, help="Runs of each explanation.")]


def incident(
    folder: Folder = Path("scenarios/incident"),
    *,
    seeds: Seeds = 20,
    jobs: Jobs = None,
    out: OutFolder = Path("results"),
) -> None:
    """401 on every call after a week of calm: run the five explanations, and say what each one
    reproduces.

    A storm, a role that was lost, a block, a second minter, or the cap alone: each through a week
    of calm, its trouble, a trial from a single process, the ownership transfer, a new secret, and
    the fix. Writes one report of them all and one of each. With twenty seeds, under three minutes
    on two processors.
    """
    with told_to_the_user():
        from tokenrace.cli.incident import run_incident

        run_incident(folder, seeds=seeds, jobs=jobs, out=out)
