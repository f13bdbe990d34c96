"""What ties a child process to the one that started it."""

import ctypes
import os
import signal
import sys
from multiprocessing import parent_process

LEFT_TO_THE_PARENT = (signal.SIGINT, signal.SIGHUP)
"""What a terminal sends to every process that it has started."""
_PR_SET_PDEATHSIG = 1
"""Linux: which signal a process gets when the thread that started it ends (prctl(2))."""


def die_with_parent() -> None:
    """Have this process killed when the one that started it ends; on Linux only."""
    if sys.platform != "linux":
        return
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")


def belong_to_parent() -> None:
    """Leave Ctrl-C and a closed terminal to the parent, and die when it does, even of SIGKILL.

    A child that runs would notice by itself that its parent is gone. One that stands still under
    SIGSTOP cannot; on Linux the kernel kills it. Elsewhere POSIX has stopped processes continued
    when their group is orphaned, as it is where a shell had started the parent.
    """
    for number in LEFT_TO_THE_PARENT:
        signal.signal(number, signal.SIG_IGN)
    if sys.platform != "linux":
        return
    die_with_parent()
    parent = parent_process()
    if parent is not None and os.getppid() != parent.pid:
        os._exit(1)  # it died before the kernel was asked
