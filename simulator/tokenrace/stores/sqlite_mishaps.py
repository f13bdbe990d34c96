"""What can happen to a store in a SQLite file."""

import fcntl
import os
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tokenrace.clock import MILLISECOND, Ticks
from tokenrace.stores.contract import Record
from tokenrace.stores.sqlite import SqliteStore

_LOCKS_AT, _LOCKS = 120, 8
"""Where the locks of the write-ahead log are in its shared memory, a byte each: of the writer, two
for upkeep, five of readers (sqlite.org/walformat.html). Only Linux can take them so."""
_FLOCK = "hhqqi4x"  # struct flock: type, whence, start, length, process
_POLL: Ticks = 2 * MILLISECOND


@dataclass(frozen=True, slots=True)
class SqliteMishaps:
    """``store`` is a way of our own to the file at ``path``."""

    store: SqliteStore
    path: Path

    async def answer_nobody(self, span: Ticks) -> None:
        """Hold every lock of the write-ahead log, as a process does that is stuck in the file.

        An exclusive transaction would not do: readers never wait for a writer. Readers that find
        no lock free wait some ten seconds in SQLite, whatever their busy timeout is.
        """
        clock = self.store.clock
        over_at = clock.now() + span
        async with self._all_locks():
            await clock.sleep(over_at - clock.now())

    async def lose_lock(self) -> bool:
        """End the lease, unless it has lapsed or was given back. The lock on the record is the
        kernel's, which takes it from nobody."""
        ((_, lapses_at),) = await self.store.rows("SELECT fencing_token, lapses_at FROM lease")
        now = self.store.clock.now()
        if lapses_at is None or lapses_at <= now:
            return False
        lost = "UPDATE lease SET lapses_at = NULL WHERE lapses_at > :now"
        return await self.store.change(lost, {"now": now})

    async def read(self) -> Record | None:
        """Return the record."""
        return await self.store.read()

    async def put_back(self, before: Record | None, after: Record) -> bool:
        """Write the old record, if the new one is still there."""
        token = None if before is None else before.token
        return await self.store.change(
            "UPDATE record SET value = :value, obtained_at = :obtained_at,"
            " expires_at = :expires_at, version = :version WHERE version = :after",
            {
                "value": None if token is None else token.value,
                "obtained_at": 0 if token is None else token.obtained_at,
                "expires_at": 0 if token is None else token.expires_at,
                "version": after.version - 1 if before is None else before.version,
                "after": after.version,
            },
        )

    @asynccontextmanager
    async def _all_locks(self) -> AsyncIterator[None]:
        """Take one after the other, each when it is free. They end with the descriptor."""
        descriptor = os.open(f"{self.path}-shm", os.O_RDWR)
        try:
            for number in range(_LOCKS):
                while not _takes_lock(descriptor, _LOCKS_AT + number):
                    await self.store.clock.sleep(_POLL)
            yield
        finally:
            os.close(descriptor)


def _takes_lock(descriptor: int, at: int) -> bool:
    """Take the lock of one byte, for the descriptor: one for the process would end with any other
    descriptor of the file, and SQLite has one."""
    lock = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, at, 1, 0)
    try:
        fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, lock)
    except (BlockingIOError, PermissionError):
        return False
    return True
