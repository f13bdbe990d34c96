"""What can happen to a real store on purpose, for who conducts a run's faults.

Each is done to the store itself, from outside the processes that share it, so that what they meet
is real: a call that hangs until its time is over, a lease that is gone, a record that is old again.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol, assert_never

from tokenrace.clock import Clock, Ticks
from tokenrace.stores.contract import Record
from tokenrace.stores.host_file import open_host_file
from tokenrace.stores.host_file_mishaps import HostFileMishaps
from tokenrace.stores.places import (
    HostFile,
    OwnMemory,
    Place,
    PostgresServer,
    RedisServer,
    SqliteFile,
)
from tokenrace.stores.sqlite import open_sqlite
from tokenrace.stores.sqlite_mishaps import SqliteMishaps


class Mishaps(Protocol):
    """What can happen to one store."""

    async def answer_nobody(self, span: Ticks) -> None:
        """Let every call made in the next ``span`` hang or fail; returns when that is over.

        Raises:
            StoreUnavailable: it did not answer us either.
        """
        ...

    async def lose_lock(self) -> bool:
        """End the lease, and the lock on the record where its holder can be parted from it; returns
        whether somebody had either.

        Raises:
            StoreUnavailable: no answer.
        """
        ...

    async def read(self) -> Record | None:
        """Return the record.

        Raises:
            StoreUnavailable: no answer.
        """
        ...

    async def put_back(self, before: Record | None, after: Record) -> bool:
        """Replace ``after`` by the record ``before`` it, version and all; returns whether it was
        still there.

        Raises:
            StoreUnavailable: no answer; it may or may not have been replaced.
        """
        ...


@asynccontextmanager
async def open_mishaps(place: Place, clock: Clock, answer_within: Ticks) -> AsyncIterator[Mishaps]:
    """Open the way to what can happen at ``place``; the rest as ``open_store``.

    ``clock`` is what leases in a file lapse by. Nothing can happen to a process's own memory.
    """
    match place:
        case OwnMemory():
            raise AssertionError("the scenario's reader refuses such faults")
        case SqliteFile(path):
            async with open_sqlite(path, clock, busy_timeout=answer_within) as sqlite:
                yield SqliteMishaps(sqlite, path)
        case HostFile(path):
            async with open_host_file(path, clock, busy_timeout=answer_within) as host_file:
                yield HostFileMishaps(host_file)
        case RedisServer(url, prefix):
            from tokenrace.stores.redis import open_redis
            from tokenrace.stores.redis_mishaps import RedisMishaps

            async with open_redis(url, prefix, answer_within) as redis:
                yield RedisMishaps(redis, clock)
        case PostgresServer(url, schema):
            from tokenrace.stores.postgres import open_postgres
            from tokenrace.stores.postgres_mishaps import PostgresMishaps

            async with open_postgres(url, schema, answer_within) as postgres:
                yield PostgresMishaps(postgres, clock)
        case _:
            assert_never(place)
