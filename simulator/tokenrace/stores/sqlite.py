"""A store in one SQLite file, shared by every process of one machine.

* Write-ahead logging: readers never wait for a writer.
* Every change is one statement, committed by itself. A caller cancelled half-way leaves either all
  of its change or none, and never an open transaction.
* Compare-and-set is the ``WHERE`` of an ``UPDATE``: the row that was read is still there, or the
  statement changes nothing.
* A lease lapses by the clock the store was opened with. Every process must bring the same time.
* SQLite has no row locks: ``hold`` takes the one write lock of the file, on a second connection. So
  while a holder has a token issued, nobody writes, not even a lease.
* SQLite does not bound every wait, so we do. A statement given up goes on in the thread of its
  connection, and the next one waits behind it.

Does not survive on a network file system: write-ahead logging needs shared memory.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import aiosqlite

from tokenrace.clock import MILLISECOND, SECOND, Clock, Ticks, seconds
from tokenrace.stores.contract import Lease, Record, StoreUnavailable, TokenStore
from tokenrace.stores.row_queue import RowQueue, Turn, comes_within
from tokenrace.token import Token

BUSY_TIMEOUT: Ticks = 5 * SECOND  # the default of Python's sqlite3
"""How long a statement waits for another process's write before it gives up."""
_BUSY_POLL: Ticks = 5 * MILLISECOND
_LONGER_THAN_BUSY: Ticks = 100 * MILLISECOND
"""How much later than SQLite itself we give up."""

_WAL = "PRAGMA journal_mode = WAL"
_RECORD_TABLE = (
    "CREATE TABLE IF NOT EXISTS record (only INTEGER PRIMARY KEY CHECK (only = 1),"
    " version INTEGER NOT NULL, value TEXT,"  # NULL: there is no record
    " obtained_at INTEGER NOT NULL, expires_at INTEGER NOT NULL)"
)
_LEASE_TABLE = (
    "CREATE TABLE IF NOT EXISTS lease (only INTEGER PRIMARY KEY CHECK (only = 1),"
    " fencing_token INTEGER NOT NULL, holder TEXT NOT NULL, lapses_at INTEGER)"
)
_OPENING = (
    "PRAGMA synchronous = NORMAL",  # a crashed process loses nothing; a power cut may
    _RECORD_TABLE,
    "INSERT OR IGNORE INTO record VALUES (1, 0, NULL, 0, 0)",
    _LEASE_TABLE,
    "INSERT OR IGNORE INTO lease VALUES (1, 0, '', NULL)",  # NULL: given back
)
_READ = "SELECT value, obtained_at, expires_at, version FROM record WHERE value IS NOT NULL"
_WRITE = (
    "UPDATE record SET value = :value, obtained_at = :obtained_at, expires_at = :expires_at,"
    " version = version + 1"
    " WHERE :expected IS NULL OR :expected = CASE WHEN value IS NULL THEN 0 ELSE version END"
)
_LOOK = "SELECT fencing_token, lapses_at FROM lease"
_ACQUIRE = (
    "UPDATE lease SET fencing_token = fencing_token + 1, holder = :holder, lapses_at = :lapses_at"
    " WHERE fencing_token = :seen"
)
_DELETE_LEASE = "UPDATE lease SET lapses_at = NULL"
_RELEASE = (
    "UPDATE lease SET lapses_at = NULL"
    " WHERE fencing_token = :fencing_token AND holder = :holder AND lapses_at > :now"
)


@dataclass(frozen=True, slots=True)
class SqliteStore:
    """One process's connections to the shared file; ``open_sqlite`` makes it.

    ``locking`` is for ``hold``, one worker at a time. A statement not answered within
    ``answer_within`` fails.
    """

    connection: aiosqlite.Connection
    clock: Clock
    locking: aiosqlite.Connection
    answer_within: Ticks
    _queue: RowQueue = field(default_factory=RowQueue)
    _endings: set["asyncio.Task[None]"] = field(default_factory=set)

    async def read(self) -> Record | None:
        """Return the record, or None before the first write."""
        for value, obtained_at, expires_at, version in await self.rows(_READ):
            return Record(Token(value, obtained_at, expires_at), version)
        return None

    async def write(self, token: Token | None, *, expected_version: int | None = None) -> bool:
        """Replace the record; with ``expected_version``, only if that is still its version."""
        return await self.change(
            _WRITE,
            {
                "value": None if token is None else token.value,
                "obtained_at": 0 if token is None else token.obtained_at,
                "expires_at": 0 if token is None else token.expires_at,
                "expected": expected_version,
            },
        )

    async def acquire(self, holder: str, ttl: Ticks) -> Lease | None:
        """Take the lease if nobody has it. Looks first: those who wait do not block a writer."""
        assert ttl > 0, ttl
        now = self.clock.now()
        ((seen, lapses_at),) = await self.rows(_LOOK)
        if lapses_at is not None and now < lapses_at:
            return None
        lease = Lease(holder, seen + 1, now + ttl)
        changes = {"holder": holder, "lapses_at": lease.lapses_at, "seen": seen}
        return lease if await self.change(_ACQUIRE, changes) else None

    async def release(self, lease: Lease) -> bool:
        """Give ``lease`` back if it is still the current one."""
        return await self.change(
            _RELEASE,
            {
                "fencing_token": lease.fencing_token,
                "holder": lease.holder,
                "now": self.clock.now(),
            },
        )

    async def delete_lease(self) -> None:
        """End the lease, whoever has it."""
        await self.change(_DELETE_LEASE, {})

    @asynccontextmanager
    async def hold(self, wait: Ticks) -> AsyncIterator[TokenStore | None]:
        """Hold the write lock of the file for the block, which is one transaction."""
        give_up_at = self.clock.now() + wait
        turn = self._queue.join()
        comes = False
        try:
            comes = await comes_within(turn, wait)
        finally:
            if not comes:
                self._queue.leave(turn)
        if not comes:
            yield None
            return
        async with self._transaction(turn, give_up_at) as has_begun:
            yield replace(self, connection=self.locking) if has_begun else None

    @asynccontextmanager
    async def _transaction(self, turn: Turn, give_up_at: Ticks) -> AsyncIterator[bool]:
        try:
            has_begun = await self._has_begun(give_up_at)
            yield has_begun
            if has_begun:
                await self._locking("COMMIT")
        except BaseException:
            ending = asyncio.ensure_future(self._roll_back(turn))
            self._endings.add(ending)
            ending.add_done_callback(self._endings.discard)
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds(self.answer_within)):
                    await asyncio.shield(ending)
            raise
        self._queue.leave(turn)

    async def _roll_back(self, turn: Turn) -> None:
        """End the turn only after what the connection still does for a caller that has gone."""
        with suppress(sqlite3.Error):
            await self.locking.execute_fetchall("ROLLBACK")
        self._queue.leave(turn)

    async def _has_begun(self, give_up_at: Ticks) -> bool:
        """Try until ``give_up_at``. SQLite's own wait would go on for a caller that has gone."""
        while True:
            try:
                await self._locking("BEGIN IMMEDIATE")
            except StoreUnavailable as error:
                cause = error.__cause__
                is_busy = getattr(cause, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY
                if not is_busy:
                    raise
            else:
                return True
            left = give_up_at - self.clock.now()
            if left <= 0:
                return False
            await self.clock.sleep(min(_BUSY_POLL, left))

    async def _locking(self, statement: str) -> None:
        with _unavailable():
            async with asyncio.timeout(seconds(self.answer_within)):
                await self.locking.execute_fetchall(statement)

    async def rows(self, query: str) -> list[sqlite3.Row]:
        """Return what ``query`` finds.

        Raises:
            StoreUnavailable: it failed, or there was no answer.
        """
        with _unavailable():
            async with asyncio.timeout(seconds(self.answer_within)):
                return list(await self.connection.execute_fetchall(query))

    async def change(self, statement: str, values: Mapping[str, str | int | None]) -> bool:
        """Run ``statement`` and say whether it changed the row; raises as ``rows``."""
        with _unavailable():
            async with (
                asyncio.timeout(seconds(self.answer_within)),
                self.connection.execute(statement, dict(values)) as cursor,
            ):
                return cursor.rowcount == 1


@asynccontextmanager
async def open_sqlite(
    path: Path, clock: Clock, *, busy_timeout: Ticks = BUSY_TIMEOUT
) -> AsyncIterator[SqliteStore]:
    """Open the store in the file at ``path``, which is made if it is not there.

    Raises:
        StoreUnavailable: the file cannot be opened, or is something else.
    """
    with _unavailable():
        # Tried first: aiosqlite's thread outlives a failure to connect, and the event loop with it.
        sqlite3.connect(path).close()
    async with _connected(path, busy_timeout) as connection, _connected(path, 0) as locking:
        with _unavailable():
            await _log_ahead(connection, clock, clock.now() + busy_timeout)
            for statement in _OPENING:
                await connection.execute_fetchall(statement)
        yield SqliteStore(connection, clock, locking, busy_timeout + _LONGER_THAN_BUSY)


@asynccontextmanager
async def _connected(path: Path, busy_timeout: Ticks) -> AsyncIterator[aiosqlite.Connection]:
    """Connect in autocommit mode; ``sqlite3`` itself would begin transactions by guesswork."""
    with _unavailable():
        connection = await aiosqlite.connect(
            path, isolation_level=None, timeout=seconds(busy_timeout)
        )
    try:
        yield connection
    finally:
        await connection.close()


async def _log_ahead(connection: aiosqlite.Connection, clock: Clock, give_up_at: Ticks) -> None:
    """Switch the file to write-ahead logging, where processes that open it at once collide.

    SQLite does not always wait its busy timeout for this one statement, so we do.
    """
    while True:
        try:
            await connection.execute_fetchall(_WAL)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or clock.now() >= give_up_at:
                raise
        else:
            return
        await clock.sleep(_BUSY_POLL)


@contextmanager
def _unavailable() -> Iterator[None]:
    """Tell SQLite's errors as the store contract tells them."""
    try:
        yield
    except TimeoutError as error:
        raise StoreUnavailable("SQLite: no answer") from error
    except sqlite3.Error as error:
        raise StoreUnavailable(f"SQLite: {error}") from error
