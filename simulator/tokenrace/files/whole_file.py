"""A file that is there whole or not at all.

Everything is written beside its final place, under a hidden name, and renamed when it is complete.
An older file of the same name stays until that instant, also where the disk is full. What a writer
that was killed has left is removed by the next one of the same file.

A link stays a link: the file it points at is replaced. What is no file, such as a pipe or a device,
is written as it stands, and so is a file in a folder that nothing new can be put into.
"""

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tokenrace.files.owned_folder import lock_abandoned, lock_new

_SUFFIX = ".part"


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield where to write what becomes ``path`` when the block ends without an exception.

    Raises:
        OSError: it cannot be written; nothing of it stays.
    """
    final = path.resolve()
    if not _can_be_replaced(path, final):
        yield final
        return
    _remove_leftovers(final)
    partial, lock = _locked(final)
    try:
        yield partial
        partial.chmod(_mode(final))
        _put(partial, final)
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        os.close(lock)


def write_whole(path: Path, content: str | bytes) -> None:
    """Write ``content`` to ``path``; text in UTF-8, its lines as they are.

    Raises:
        OSError: it cannot be written; an older file is untouched.
    """
    data = content.encode() if isinstance(content, str) else content
    with whole_file(path) as partial, partial.open("wb") as stream:
        stream.write(data)


def _put(partial: Path, final: Path) -> None:
    try:
        partial.replace(final)
    except OSError as error:
        if error.errno != errno.EBUSY:
            raise
        final.write_bytes(partial.read_bytes())  # a file that is mounted by itself


def _can_be_replaced(path: Path, final: Path) -> bool:
    """Return whether ``final``, which ``path`` leads to, is a file or nothing yet."""
    if final.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if path.is_relative_to("/dev") or path.is_relative_to("/proc"):
        return False  # /dev/stdout leads to a file that somebody else goes on writing
    if not final.exists():
        return True
    return final.is_file() and os.access(final.parent, os.W_OK)


def _locked(final: Path) -> tuple[Path, int]:
    """Make a new file beside ``final`` and lock it, so that nobody takes it for a leftover."""
    while True:
        partial = final.with_name(f".{final.name}.{secrets.token_hex(4)}{_SUFFIX}")
        lock = lock_new(partial)
        if lock is not None:
            return partial, lock


def _remove_leftovers(final: Path) -> None:
    for left in final.parent.glob(f".{_escaped(final.name)}.*{_SUFFIX}"):
        lock = lock_abandoned(left)
        if lock is not None:
            left.unlink(missing_ok=True)
            os.close(lock)


def _escaped(name: str) -> str:
    return "".join(f"[{each}]" if each in "*?[" else each for each in name)


def _mode(final: Path) -> int:
    """Return the mode of the older file, or that of any new one."""
    try:
        return final.stat().st_mode & 0o7777
    except OSError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask
