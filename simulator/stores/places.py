"""Where a shared store is, and how a process opens it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import assert_never

from simulator.clock import Clock
from simulator.stores.contract import SharedStore
from simulator.stores.host_file import open_host_file
from simulator.stores.memory import MemoryStore
from simulator.stores.sqlite import open_sqlite


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


Place = OwnMemory | SqliteFile | HostFile


@asynccontextmanager
async def open_store(place: Place, clock: Clock) -> AsyncIterator[SharedStore]:
    """Open the store at ``place``. ``clock`` tells when a lease lapses: any will do that all
    processes have in common.

    Raises:
        StoreUnavailable: it is not there.
    """
    match place:
        case OwnMemory():
            yield MemoryStore(clock)
        case SqliteFile(path):
            async with open_sqlite(path, clock) as sqlite:
                yield sqlite
        case HostFile(path):
            async with open_host_file(path, clock) as host_file:
                yield host_file
        case _:
            assert_never(place)
