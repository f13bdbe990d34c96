"""How a command ends when it cannot do what it was asked."""

import signal
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import typer

from tokenrace.cli.surroundings import told
from tokenrace.errors import RunError, RunLost, SimulatorError
from tokenrace.passwords import with_passwords_hidden

FAILED = 1
WRONG_INPUT = 2
INCONCLUSIVE = 3
CRASHED = 70
"""tokenrace itself is wrong, whatever it was asked: EX_SOFTWARE of sysexits.h."""
INTERRUPTED = 130
TERMINATED = 143
HUNG_UP = 129

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

EXIT_CODES = {"pass": 0, "fail": FAILED, "inconclusive": INCONCLUSIVE}
"""By the verdict on what the scenarios expect."""


@contextmanager
def told_to_the_user() -> Iterator[None]:
    """Turn a ``SimulatorError`` into its text and an exit code, and so for Ctrl-C, SIGTERM and
    SIGHUP, and for what the machine refuses."""
    signal.signal(signal.SIGTERM, _terminate)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup: go on without a terminal
        signal.signal(signal.SIGHUP, _terminate)
    try:
        yield
    except RunLost as error:
        _tell(error)
        raise typer.Exit(INCONCLUSIVE) from None
    except RunError as error:
        _tell(error)
        raise typer.Exit(FAILED) from None
    except SimulatorError as error:
        _tell(error)
        raise typer.Exit(WRONG_INPUT) from None
    except BrokenPipeError:
        raise  # who reads our output is gone
    except (OSError, EOFError) as trouble:
        sys.unraisablehook = _pass_over  # what was half made and is collected has no more to say
        typer.echo(with_passwords_hidden(told(trouble)), err=True)
        raise typer.Exit(WRONG_INPUT) from None
    except KeyboardInterrupt:
        typer.echo("Interrupted: all processes were ended and nothing was written.", err=True)
        raise typer.Exit(INTERRUPTED) from None
    except (typer.Exit, typer.Abort, typer.BadParameter):
        raise
    except Exception:  # noqa: BLE001 - our own bug: a gate must not take it for a verdict
        tell_crash()
        raise typer.Exit(CRASHED) from None


@contextmanager
def signals_ignored() -> Iterator[None]:
    """Ignore what would end this process: it is ending, and writes what it has found."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in _ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            if handler is not None:  # it was not set from Python, and cannot be
                signal.signal(number, handler)


def tell_crash() -> None:
    """Print the error under way, which is a bug of ours."""
    typer.echo(traceback.format_exc(), err=True, nl=False)
    typer.echo(
        "tokenrace crashed, which is a bug of tokenrace: please report it with the lines above.",
        err=True,
    )


def _pass_over(_: object) -> None:
    """Say nothing of an error in a clean-up: why the program ends has been told."""


def _tell(error: SimulatorError) -> None:
    typer.echo(with_passwords_hidden(str(error)), err=True)


def _terminate(number: int, _: object) -> NoReturn:
    """Clean up as for Ctrl-C: SIGTERM is how a CI job is cancelled, and a terminal that is closed
    sends SIGHUP."""
    raise SystemExit(TERMINATED if number == signal.SIGTERM else HUNG_UP)
