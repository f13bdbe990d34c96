"""The command ``blame`` and its options."""

from pathlib import Path
from typing import Annotated

import typer

from tokenrace.cli.exits import told_to_the_user
from tokenrace.trace.events import Cause


def blame(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="A scenario, to repeat a run of; or a run's trace (.jsonl)."
        ),
    ],
    *,
    strategy: Annotated[
        str | None, typer.Option("--strategy", "-s", help="The strategy to repeat.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, max=2**32, help="The seed to repeat. Default: 1.")
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(metavar="SPAN", help="Look from there on, by the scenario's clock: 1h 2m."),
    ] = None,
    cause: Annotated[
        Cause | None,
        typer.Option(help="Look for this one. Default: the most frequent that was avoidable."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw the chain of events there, as SVG.")
    ] = None,
) -> None:
    """Tell why a call got 401: who was issued which token when, which one it ended, who held that.

    Of one run: repeated on virtual time, or from the trace that a run on either engine left. The
    first 401 that is looked for is told of.
    """
    with told_to_the_user():
        from tokenrace.cli.blame import Sought, tell_blame

        tell_blame(file, Sought(strategy=strategy, seed=seed, at=at, cause=cause), out)
