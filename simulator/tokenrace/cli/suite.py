"""``tokenrace suite``."""

from pathlib import Path

import typer

from tokenrace.cli.on_trial import AskedScope, OnTrial, notes_on
from tokenrace.cli.written_files import write_files
from tokenrace.errors import SimulatorError
from tokenrace.fields.quoting import hint
from tokenrace.simulation.runners import Processes
from tokenrace.suites.cases import Fitted
from tokenrace.suites.modes import SUITES, read_suite


def list_suite(name: str) -> None:
    """Print the modes of a suite.

    Raises:
        SimulatorError: there is no such suite.
    """
    if name not in SUITES:
        raise SimulatorError(f"unknown suite {name!r}; {hint(name, SUITES)}")
    for mode in read_suite(name):
        numbers = ", ".join(map(str, mode.numbers))
        typer.echo(f"{mode.name} (mode {numbers})")
        typer.echo(f"  {mode.tried}")
        for scope, bar in mode.bars.items():
            typer.echo(f"  {scope}: {bar.promised}")
        typer.echo(f"  {mode.matters}")


def write_suite(
    name: str,
    python: str | None,
    with_: tuple[str, ...],
    scope: AskedScope,
    out: Path,
    *,
    is_forced: bool,
) -> None:
    """Write the scenarios of a suite, fitted to a class, into the folder ``out``.

    Raises:
        SimulatorError: something asked for is wrong, or a file is there already.
    """
    if python is None:
        raise SimulatorError("--out needs a class: add --python module:Class")
    asked = OnTrial(python=python, with_=with_, scope=scope, suite=name)
    fitted = fitted_to(asked)
    files = {out / f"{mode.name}.yaml": text for mode, text in fitted.texts()}
    write_files(files, is_forced=is_forced)
    for note in notes_on(asked, fitted, str(out))[:-1]:
        typer.echo(f"note  {note}")
    typer.echo(f"{out}: {len(files)} scenarios; run them with: tokenrace check {out}")


def fitted_to(asked: OnTrial) -> Fitted:
    """Return the suite, fitted to the class."""
    subject = asked.subject()
    with Processes(1) as runners:
        return asked.fitted(subject, runners)
