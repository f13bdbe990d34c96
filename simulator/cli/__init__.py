"""The ``tokenrace`` command: parses, calls, prints. Decides nothing.

Exit codes: 0 done; 1 a run failed; 2 wrong input, said on standard error in one message; 3
inconclusive; 70 tokenrace crashed; 130 interrupted; 143 terminated.
"""

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line.

    Its commands are loaded here: each process of a run on the wire imports this file too.
    """
    from simulator.cli.plain_letters import print_what_can_be_printed

    print_what_can_be_printed()
    try:
        from simulator.cli.app import app

        app()
    except Exception:  # noqa: BLE001 - a bug outside of any command
        from simulator.cli.exits import CRASHED, tell_crash

        tell_crash()
        sys.exit(CRASHED)
