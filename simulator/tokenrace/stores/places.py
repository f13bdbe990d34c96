"""Where a shared store is, and how a process opens it."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, assert_never

from tokenrace.clock import SECOND, Clock, Ticks
from tokenrace.errors import NotInstalledError
from tokenrace.stores.contract import SharedStore
from tokenrace.stores.host_file import open_host_file
from tokenrace.stores.memory import MemoryStore
from tokenrace.stores.sqlite import open_sqlite

ANSWER_WITHIN: Ticks = 5 * SECOND
"""How long a call waits for its answer, unless told otherwise."""


@dataclass(frozen=True, slots=True)
class OwnMemory:
    """In each process's own memory."""


@dataclass(frozen=True, slots=True)
class SqliteFile:
    """In the SQLite file at ``path``."""

    path: Path


@dataclass(frozen=True, slots=True)
class HostFile:
    """In the JSON file at ``path``."""

    path: Path


@dataclass(frozen=True, slots=True)
class RedisServer:
    """On the Redis server at ``url``, in keys that begin with ``prefix``."""

    url: str = field(repr=False)
    prefix: str


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """In ``schema`` of the PostgreSQL database at ``url``.

    ``lock`` is how a process locks its record; ``pool`` how many connections it has at most.
    """

    url: str = field(repr=False)
    schema: str
    lock: Literal["row", "advisory"] = "row"
    pool: int = 10


Place = OwnMemory | SqliteFile | HostFile | RedisServer | PostgresServer


@asynccontextmanager
async def open_store(
    place: Place, clock: Clock, answer_within: Ticks = ANSWER_WITHIN
) -> AsyncIterator[SharedStore]:
    """Open the store at ``place``; what it does not answer within ``answer_within`` fails.

    ``clock`` tells when a lease in a file or in memory lapses: any will do that all processes have
    in common. A server has its own.

    A store on a server must have been prepared, and is not connected to before its first call.

    Raises:
        StoreUnavailable: the file is not there, or is something else.
        NotInstalledError: the library that talks to the server is not there.
    """
    match place:
        case OwnMemory():
            yield MemoryStore(clock)
        case SqliteFile(path):
            async with open_sqlite(path, clock, busy_timeout=answer_within) as sqlite:
                yield sqlite
        case HostFile(path):
            async with open_host_file(path, clock, busy_timeout=answer_within) as host_file:
                yield host_file
        case RedisServer(url, prefix):
            with _needs("redis"):
                from tokenrace.stores.redis import open_redis
            async with open_redis(url, prefix, answer_within) as redis:
                yield redis
        case PostgresServer(url, schema, lock, pool):
            with _needs("postgres"):
                from tokenrace.stores.postgres import open_postgres
            async with open_postgres(
                url, schema, answer_within, lock=lock, pool_size=pool
            ) as postgres:
                yield postgres
        case _:
            assert_never(place)


async def prepare_store(place: Place, answer_within: Ticks = ANSWER_WITHIN) -> None:
    """Have all there that processes need to open the store at ``place``; more than one may try.

    Raises:
        StoreUnavailable: it cannot be, or the server does not answer.
        NotInstalledError: the library that talks to it is not.
    """
    match place:
        case OwnMemory() | SqliteFile() | HostFile():
            pass  # made when it is opened
        case RedisServer(url, prefix):
            with _needs("redis"):
                from tokenrace.stores.redis import prepare_redis
            await prepare_redis(url, prefix, answer_within)
        case PostgresServer(url, schema):
            with _needs("postgres"):
                from tokenrace.stores.postgres import prepare_postgres
            await prepare_postgres(url, schema, answer_within)
        case _:
            assert_never(place)


async def remove_store(place: Place, answer_within: Ticks = ANSWER_WITHIN) -> None:
    """Remove what a store at ``place`` left on a server. A file goes with its folder.

    Raises:
        StoreUnavailable: the server does not answer.
    """
    match place:
        case OwnMemory() | SqliteFile() | HostFile():
            pass
        case RedisServer(url, prefix):
            from tokenrace.stores.redis import remove_redis

            await remove_redis(url, prefix, answer_within)
        case PostgresServer(url, schema):
            from tokenrace.stores.postgres import remove_postgres

            await remove_postgres(url, schema, answer_within)
        case _:
            assert_never(place)


@contextmanager
def _needs(extra: str) -> Iterator[None]:
    """Say which of our extras brings the library that is missing."""
    try:
        yield
    except ImportError as error:  # psycopg says so too where there is no libpq
        raise NotInstalledError(f"the store {extra}", f"'tokenrace[{extra}]'") from error
