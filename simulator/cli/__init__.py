"""The ``tokenrace`` command: parses, calls, prints. Decides nothing.

Exit codes: 0 done; 1 a run failed; 2 wrong input, said on standard error in one message; 3
inconclusive; 70 tokenrace crashed; 130 interrupted; 143 terminated.
"""

import sys
from io import TextIOWrapper

__all__ = ["main"]


def main() -> None:
    """Run the command line.

    Its commands are loaded here: each process of a run on the wire imports this file too.
    """
    _print_anything()
    from simulator.cli.app import app
    from simulator.cli.exits import CRASHED, tell_crash

    try:
        app()
    except Exception:  # noqa: BLE001 - a bug outside of any command
        tell_crash()
        sys.exit(CRASHED)


def _print_anything() -> None:
    """Print what the encoding of the output does not have as ``\\u2026``: no letter of a name, an
    error or a table may end a command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
