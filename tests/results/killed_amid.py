"""Replaces ``results/NAME`` and is killed before the step that it is told: run as a program.

    python -m tests.results.killed_amid NAME STEP [plainly]

A step is whatever Python tells its audit hooks of that touches the disk. ``plainly`` swaps nothing,
as a disk that cannot.
"""

import errno
import os
import signal
import sys
from pathlib import Path

from tokenrace.files.folder_swap import swap
from tokenrace.files.results_folder import whole_or_not_at_all

DISK = {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "shutil.rmtree", "swap"}


def unable(one, other):
    """Swap nothing."""
    raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))


def told(one, other):
    """Swap, and tell before."""
    sys.audit("swap")
    swap(one, other)


def main() -> None:
    """Write new results until it is killed."""
    final, left = Path(sys.argv[1]), int(sys.argv[2])

    def count(event, _):
        nonlocal left
        if event in DISK:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    swapped = unable if sys.argv[3:] == ["plainly"] else told
    sys.addaudithook(count)
    with whole_or_not_at_all(final, swapped) as partial:
        for name in ("summary.json", "report.html"):
            (partial / name).write_text("new", encoding="utf-8")


if __name__ == "__main__":
    main()
