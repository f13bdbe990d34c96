"""What can happen to a store in a PostgreSQL database."""

from dataclasses import dataclass

from tokenrace.clock import Clock, Ticks
from tokenrace.stores.contract import Record
from tokenrace.stores.postgres import PostgresStore

_LOSE_LEASE = (
    "UPDATE lease SET lapses_at = '-infinity' WHERE lapses_at > clock_timestamp() RETURNING 1"
)
_END_HOLDERS = """
SELECT pg_terminate_backend(pid) FROM pg_locks AS own
WHERE granted AND pid <> pg_backend_pid() AND (
    (locktype = 'advisory' AND classid::bigint << 32 | objid::bigint
        = hashtext(current_schema())::bigint)
    OR (relation = 'record'::regclass AND mode = 'RowShareLock' AND EXISTS (
        SELECT FROM pg_locks AS row WHERE row.pid = own.pid AND row.locktype = 'transactionid'
            AND row.mode = 'ExclusiveLock' AND row.granted)))
"""
"""Who has locked a row has a lock on its table, as who waits, but also a transaction's number."""
_PUT_BACK = (
    "UPDATE record SET value = %s, obtained_at = %s, expires_at = %s, version = %s"
    " WHERE version = %s RETURNING 1"
)


@dataclass(frozen=True, slots=True)
class PostgresMishaps:
    """``store`` is a way of our own to it."""

    store: PostgresStore
    clock: Clock

    async def answer_nobody(self, span: Ticks) -> None:
        """Hold a lock on the tables that even readers wait for.

        It comes when the transaction ends that has the record locked, if there is one; from when we
        ask for it, all others wait behind us.
        """
        over_at = self.clock.now() + span
        async with self.store.pool.borrow() as connection, connection.transaction():
            await connection.rows("LOCK TABLE record, lease IN ACCESS EXCLUSIVE MODE", more=span)
            await self.clock.sleep(over_at - self.clock.now())

    async def lose_lock(self) -> bool:
        """End the lease, unless it has lapsed or was given back; and the connection, with its
        transaction, of who holds the lock on the record."""
        async with self.store.pool.borrow() as connection:
            leases = await connection.rows(_LOSE_LEASE)
            return bool([*leases, *await connection.rows(_END_HOLDERS)])

    async def read(self) -> Record | None:
        """Return the record."""
        return await self.store.read()

    async def put_back(self, before: Record | None, after: Record) -> bool:
        """Write the old record, if the new one is still there."""
        old: tuple[str | int | None, ...] = (None, 0, 0, after.version - 1)
        if before is not None:
            token = before.token
            old = (token.value, token.obtained_at, token.expires_at, before.version)
        async with self.store.pool.borrow() as connection:
            return bool(await connection.rows(_PUT_BACK, (*old, after.version)))
