"""How a command ends when it cannot do what it was asked."""

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from simulator.errors import SimulatorError

WRONG_INPUT = 2
INTERRUPTED = 130


@contextmanager
def told_to_the_user() -> Iterator[None]:
    """Turn a ``SimulatorError`` into its text and exit code 2, and Ctrl-C into exit code 130."""
    try:
        yield
    except SimulatorError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(WRONG_INPUT) from None
    except KeyboardInterrupt:
        typer.echo("Interrupted: all processes were ended and nothing was written.", err=True)
        raise typer.Exit(INTERRUPTED) from None
