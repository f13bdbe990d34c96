"""A folder that belongs to one process, and is found by others when that process was killed.

Beside ``NAME`` lies ``NAME.owner``, which its process keeps locked. The kernel lets go of the lock
when the process ends, however it ends: who can lock the file knows that its owner is gone. The lock
is there before the folder is, so nobody ever takes a folder in use for a leftover.
"""

import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

OWNER = ".owner"
_WORD = b"tokenrace"
"""What an owner's file begins with; it is empty at first."""


@dataclass(frozen=True, slots=True)
class Leftover:
    """A ``folder``, perhaps gone already, of a process that was killed. ``note`` is what that had
    noted beside it."""

    folder: Path
    note: str

    def remove(self) -> None:
        """Remove it and its mark."""
        shutil.rmtree(self.folder, ignore_errors=True)
        _mark_of(self.folder).unlink(missing_ok=True)


@contextmanager
def owned_folder(parent: Path, prefix: str, note: str = "") -> Iterator[Path]:
    """Yield a new folder in ``parent``, which is removed when the block ends.

    Raises:
        OSError: it cannot be made.
    """
    folder, lock = _made(parent, prefix, note)
    try:
        yield folder
    finally:
        Leftover(folder, note).remove()
        os.close(lock)


def write_note(folder: Path, note: str) -> None:
    """Note, for whoever finds ``folder`` when we have been killed, what else there is of us."""
    _mark_of(folder).write_bytes(_word(note))


def leave_note(folder: Path) -> None:
    """Leave what was noted of ``folder`` behind when that is removed, for whoever comes next."""
    mark = _mark_of(folder)
    mark.with_name(f"{folder.name}-left{OWNER}").hardlink_to(mark)  # as locked as the mark is


@contextmanager
def leftover_folders(parent: Path, prefix: str) -> Iterator[list[Leftover]]:
    """Yield the folders in ``parent`` of processes that are gone; nobody else gets them meanwhile.

    Those are passed over that cannot be looked into: another user's.
    """
    locks: list[int] = []
    try:
        yield [
            left
            for path in sorted(parent.glob(f"{prefix}*{OWNER}"))
            if (left := _left(path, locks)) is not None
        ]
    finally:
        for lock in locks:
            os.close(lock)


def lock_new(path: Path) -> int | None:
    """Make a new file at ``path`` and lock it; return its descriptor, None if it was removed before
    it was locked: try another."""
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    with suppress(OSError):  # a disk without locks: there nobody can lock it and remove it either
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    if path.exists():
        return lock
    os.close(lock)
    return None


def lock_abandoned(path: Path) -> int | None:
    """Lock the file at ``path``; return its descriptor, None where its owner lives, or it is gone
    or not ours to touch."""
    try:
        lock = os.open(path, os.O_RDWR | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        return None
    return lock


def _made(parent: Path, prefix: str, note: str) -> tuple[Path, int]:
    while True:
        folder = parent / f"{prefix}{secrets.token_hex(4)}"
        lock = lock_new(_mark_of(folder))
        if lock is not None:
            break
    try:
        os.write(lock, _word(note))
        folder.mkdir(mode=0o700)
    except BaseException:
        _mark_of(folder).unlink(missing_ok=True)
        os.close(lock)
        raise
    return folder, lock


def _left(path: Path, locks: list[int]) -> Leftover | None:
    lock = lock_abandoned(path)
    if lock is None:
        return None
    locks.append(lock)
    words = os.read(lock, 65_536)
    if words and not words.startswith(_WORD):
        return None  # somebody else's file of that name
    _, _, note = words.decode(errors="replace").partition("\n")
    return Leftover(path.with_name(path.name.removesuffix(OWNER)), note)


def _word(note: str) -> bytes:
    return _WORD + b" %d\n" % os.getpid() + note.encode()


def _mark_of(folder: Path) -> Path:
    return folder.with_name(folder.name + OWNER)
