"""The ``tokenrace`` command: parses, calls, prints. Decides nothing.

Exit codes: 0 done; 1 a run failed; 2 wrong input, said on standard error in one message; 3
inconclusive; 130 interrupted; 143 terminated.
"""

from simulator.cli.app import main

__all__ = ["main"]
