"""A store in one schema of a PostgreSQL database, shared by every process that reaches it.

* Compare-and-set is the ``WHERE`` of an ``UPDATE``. Every change is one statement, committed by
  itself.
* A lease lapses by the server's clock.
* The lock on the record is the row's (``SELECT ... FOR UPDATE``): the writes of others wait for it.
  Or an advisory lock (``pg_advisory_xact_lock``), which binds only those who ask for it. Either is
  held by an open transaction, and a connection of the pool with it.

So a process whose workers all wait for the lock has no connection left to read with: what they ask
for then fails. That is no fault of the store, and the pool's size is part of what is studied.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Literal, LiteralString

from psycopg.errors import LockNotAvailable
from psycopg.sql import SQL, Identifier

from tokenrace.clock import MILLISECOND, Ticks
from tokenrace.stores.contract import Lease, Record, StoreUnavailable, TokenStore
from tokenrace.stores.postgres_pool import Borrowed, PostgresPool, answered
from tokenrace.token import Token

LockKind = Literal["row", "advisory"]

_CREATE = """
SELECT pg_advisory_xact_lock(hashtext('tokenrace'));
CREATE SCHEMA IF NOT EXISTS {schema};
CREATE TABLE IF NOT EXISTS {schema}.record (
    one integer PRIMARY KEY CHECK (one = 1), version bigint NOT NULL, value text,
    obtained_at bigint NOT NULL, expires_at bigint NOT NULL);
INSERT INTO {schema}.record VALUES (1, 0, NULL, 0, 0) ON CONFLICT DO NOTHING;
CREATE TABLE IF NOT EXISTS {schema}.lease (
    one integer PRIMARY KEY CHECK (one = 1), fencing_token bigint NOT NULL, holder text NOT NULL,
    lapses_at timestamptz NOT NULL);
INSERT INTO {schema}.lease VALUES (1, 0, '', '-infinity') ON CONFLICT DO NOTHING;
"""
"""Under a lock: processes that make one schema at once would collide. A value of NULL: there is no
record."""
_READ = "SELECT value, obtained_at, expires_at, version FROM record WHERE value IS NOT NULL"
_WRITE = (
    "UPDATE record SET value = %s, obtained_at = %s, expires_at = %s, version = version + 1"
    " WHERE CASE WHEN value IS NULL THEN 0 ELSE version END"
    " = coalesce(%s::bigint, CASE WHEN value IS NULL THEN 0 ELSE version END) RETURNING version"
)
_ACQUIRE = (
    "UPDATE lease SET fencing_token = fencing_token + 1, holder = %s,"
    " lapses_at = clock_timestamp() + %s * interval '1 microsecond'"
    " WHERE lapses_at <= clock_timestamp()"
    " RETURNING fencing_token, (extract(epoch FROM lapses_at) * 1000000)::bigint"
)
_DELETE_LEASE = "UPDATE lease SET lapses_at = '-infinity'"
_RELEASE = (
    "UPDATE lease SET lapses_at = '-infinity'"
    " WHERE fencing_token = %s AND holder = %s AND lapses_at > clock_timestamp() RETURNING 1"
)
_LOCK_TIMEOUT = "SELECT set_config('lock_timeout', %s, true)"
_LOCK: Mapping[LockKind, LiteralString] = {
    "row": "SELECT true FROM record FOR UPDATE",
    "advisory": "SELECT true FROM pg_advisory_xact_lock(hashtext(current_schema()))",
}
_TRY_LOCK: Mapping[LockKind, LiteralString] = {
    "row": "SELECT true FROM record FOR UPDATE SKIP LOCKED",
    "advisory": "SELECT true WHERE pg_try_advisory_xact_lock(hashtext(current_schema()))",
}


@dataclass(frozen=True, slots=True)
class PostgresStore:
    """One process's pool of connections; ``open_postgres`` makes it.

    A call not answered within the pool's ``answer_within`` fails.
    """

    pool: PostgresPool
    lock: LockKind

    async def read(self) -> Record | None:
        """Return the record, or None before the first write."""
        async with self.pool.borrow() as connection:
            return await _read(connection)

    async def write(self, token: Token | None, *, expected_version: int | None = None) -> bool:
        """Replace the record; with ``expected_version``, only if that is still its version."""
        async with self.pool.borrow() as connection:
            return await _write(connection, token, expected_version)

    async def acquire(self, holder: str, ttl: Ticks) -> Lease | None:
        """Take the lease if nobody has it."""
        assert ttl > 0, ttl
        async with self.pool.borrow() as connection:
            for fencing_token, lapses_at in await connection.rows(_ACQUIRE, (holder, ttl)):
                return Lease(holder, fencing_token, lapses_at)
            return None

    async def release(self, lease: Lease) -> bool:
        """Give ``lease`` back if it is still the current one."""
        async with self.pool.borrow() as connection:
            values = (lease.fencing_token, lease.holder)
            return bool(await connection.rows(_RELEASE, values))

    async def delete_lease(self) -> None:
        """End the lease, whoever has it."""
        async with self.pool.borrow() as connection:
            await connection.rows(_DELETE_LEASE)

    @asynccontextmanager
    async def hold(self, wait: Ticks) -> AsyncIterator[TokenStore | None]:
        """Hold the lock for the block, which is one transaction. The wait for a connection comes
        before the wait for the lock."""
        async with self.pool.borrow() as connection, connection.transaction():
            is_held = await self._locks(connection, wait)
            yield _HeldRecord(connection) if is_held else None

    async def _locks(self, connection: Borrowed, wait: Ticks) -> bool:
        if wait <= 0:
            return bool(await connection.rows(_TRY_LOCK[self.lock]))
        try:
            await connection.rows(_LOCK_TIMEOUT, (f"{-(-wait // MILLISECOND)}ms",))
            await connection.rows(_LOCK[self.lock], more=wait)
        except StoreUnavailable as error:
            if isinstance(error.__cause__, LockNotAvailable):
                return False
            raise
        return True


@dataclass(frozen=True, slots=True)
class _HeldRecord:
    """The record as the holder of the lock reads and writes it, in its transaction."""

    connection: Borrowed

    async def read(self) -> Record | None:
        return await _read(self.connection)

    async def write(self, token: Token | None, *, expected_version: int | None = None) -> bool:
        return await _write(self.connection, token, expected_version)


async def _read(connection: Borrowed) -> Record | None:
    for value, obtained_at, expires_at, version in await connection.rows(_READ):
        return Record(Token(value, obtained_at, expires_at), version)
    return None


async def _write(connection: Borrowed, token: Token | None, expected_version: int | None) -> bool:
    values = (None, 0, 0) if token is None else (token.value, token.obtained_at, token.expires_at)
    return bool(await connection.rows(_WRITE, (*values, expected_version)))


@asynccontextmanager
async def open_postgres(
    url: str, schema: str, answer_within: Ticks, *, lock: LockKind = "row", pool_size: int = 10
) -> AsyncIterator[PostgresStore]:
    """Open the store in ``schema`` of the database at ``url``.

    Connects when it is first called: a process may start while its store is down.
    """
    async with _pool(url, schema, pool_size, answer_within) as pool:
        yield PostgresStore(pool, lock)


async def prepare_postgres(url: str, schema: str, answer_within: Ticks) -> None:
    """Make ``schema`` and what is in it, if it is not there.

    Raises:
        StoreUnavailable: the server does not answer, or does not let us.
    """
    await _run_once(_CREATE, url, schema, answer_within)


async def remove_postgres(url: str, schema: str, answer_within: Ticks) -> None:
    """Drop ``schema`` and all that is in it.

    Raises:
        StoreUnavailable: the server does not answer, or somebody still uses it.
    """
    await _run_once("DROP SCHEMA IF EXISTS {schema} CASCADE", url, schema, answer_within)


async def _run_once(statement: LiteralString, url: str, schema: str, answer_within: Ticks) -> None:
    async with _pool(url, schema, 1, answer_within) as pool, pool.borrow() as borrowed:
        of_schema = SQL(statement).format(schema=Identifier(schema))
        await answered(borrowed.connection.execute(of_schema), answer_within)


@asynccontextmanager
async def _pool(
    url: str, schema: str, size: int, answer_within: Ticks
) -> AsyncIterator[PostgresPool]:
    pool = PostgresPool(url, schema, size, answer_within)
    try:
        yield pool
    finally:
        await pool.close()
