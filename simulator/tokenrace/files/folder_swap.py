"""Two folders change places at one instant, where the system can do that.

Linux has ``renameat2`` and macOS ``renamex_np``; Python has neither.
"""

import ctypes
import errno
import os
import sys
from pathlib import Path

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2
"""Both of Linux (``linux/fcntl.h``, ``linux/fs.h``)."""
_RENAME_SWAP = 2
"""Of macOS (``sys/stdio.h``)."""


def swap(one: Path, other: Path) -> None:
    """Have ``one`` and ``other``, which are both there, change places.

    Raises:
        OSError: they cannot; ``is_unable`` tells whether the system or the disk never can.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    ours, theirs = os.fsencode(one), os.fsencode(other)
    if sys.platform == "linux" and hasattr(libc, "renameat2"):
        failed = libc.renameat2(_AT_FDCWD, ours, _AT_FDCWD, theirs, _RENAME_EXCHANGE)
    elif sys.platform == "darwin" and hasattr(libc, "renamex_np"):
        failed = libc.renamex_np(ours, theirs, _RENAME_SWAP)
    else:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    if failed:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), str(other))


def is_unable(error: OSError) -> bool:
    """Return whether ``error`` says that this system or this disk swaps nothing."""
    return error.errno in {errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP}
