"""Ends whatever a run has started, when the run is over or ``tokenrace`` itself was killed.

A program of the user's may start others, which may leave its process group and outlive it. All of
them have inherited one environment variable, and on Linux that can be looked up. This file is also
a program, ``python marked_processes.py MARK``: it waits until its standard input is closed, which
the kernel does when its parent ends, however that ends. So it imports nothing of ours.
"""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

VARIABLE = "TOKENRACE_RUN"
"""Its value begins with the run's mark; the rest tells which process of the fleet it is."""
_ROUNDS = 50
"""Who starts others faster than they are ended is given up after so many."""


def end_marked(mark: str) -> None:
    """Kill every process whose mark begins with ``mark``, until there is none; on Linux only."""
    for _ in range(_ROUNDS):
        found = [_killed(pid) for pid in _pids() if _is_marked(pid, mark)]
        if not any(found):
            return


def _pids() -> Iterator[int]:
    with suppress(OSError):
        for name in os.listdir("/proc"):  # noqa: PTH208 - names are all that is wanted
            if name.isdecimal() and int(name) != os.getpid():
                yield int(name)


def _is_marked(pid: int, mark: str) -> bool:
    try:
        environment = Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:  # it has ended, or is another user's
        return False
    begins = f"{VARIABLE}={mark}".encode()
    return any(each.startswith(begins) for each in environment.split(b"\0"))


def _killed(pid: int) -> bool:
    try:
        os.kill(pid, signal.SIGKILL)
    except OSError:
        return False
    return True


def _main(mark: str) -> None:
    sys.stdin.buffer.read()
    end_marked(mark)


if __name__ == "__main__":
    _main(sys.argv[1])
