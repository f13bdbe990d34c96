"""Every kind of store for the contract suite: two ends of one, and how time passes at it."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.stores.store_servers import postgres_url, redis_url
from tests.stores.store_world import HandClock
from tokenrace.clock import MILLISECOND, SECOND, Ticks
from tokenrace.distributions import Constant
from tokenrace.engine.clocks import LoopClock
from tokenrace.engine.loop import VirtualLoop
from tokenrace.machine_clock import MachineClock
from tokenrace.network.links import Link, LinkStream
from tokenrace.rng import Streams
from tokenrace.stores.contract import SharedStore
from tokenrace.stores.host_file import open_host_file
from tokenrace.stores.memory import MemoryStore
from tokenrace.stores.places import (
    HostFile,
    Place,
    PostgresServer,
    RedisServer,
    SqliteFile,
    open_store,
    prepare_store,
    remove_store,
)
from tokenrace.stores.postgres import PostgresStore
from tokenrace.stores.redis import RedisStore
from tokenrace.stores.simulated import SharedState, SimulatedStore
from tokenrace.stores.sqlite import open_sqlite


@dataclass
class Ends:
    """Two handles on one store, as two clients have.

    ``pass_time`` makes the clock that leases lapse by go on, with no real wait.
    """

    one: SharedStore
    other: SharedStore
    pass_time: Callable[[Ticks], Awaitable[None]]


Story = Callable[[Ends], Awaitable[None]]


@dataclass(frozen=True)
class Kind:
    """A kind of store. ``where`` is what separate processes open, None where they cannot share it.

    ``grain`` is the shortest span a test can rely on: a server's own clock goes on by itself.
    ``undoes`` says that what a holder of the lock on the record has written goes when it dies.
    """

    name: str
    open: Callable[[Path], AbstractAsyncContextManager[Ends]]
    run: Callable[[Coroutine[Any, Any, None]], None] = asyncio.run
    where: Callable[[Path], Place] | None = None
    grain: Ticks = 1
    undoes: bool = False


def on_virtual_time(story: Coroutine[Any, Any, None]) -> None:
    """Run ``story`` on a loop of its own."""
    VirtualLoop().run_until_complete(story)


def _loop_clock() -> LoopClock:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    return LoopClock(loop)


def _machine_time() -> HandClock:
    """Return a clock that other processes may have in common with the test, until it moves."""
    return HandClock(MachineClock(0).now())


@asynccontextmanager
async def memory(_: Path) -> AsyncIterator[Ends]:
    """Memory is shared by having the same object."""
    clock = _loop_clock()
    store = MemoryStore(clock)
    yield Ends(store, store, clock.sleep)


@asynccontextmanager
async def sqlite_one_connection(folder: Path) -> AsyncIterator[Ends]:
    """Workers of one process share a connection."""
    clock = _machine_time()
    async with open_sqlite(folder / "store.db", clock) as store:
        yield Ends(store, store, clock.sleep)


@asynccontextmanager
async def sqlite_two_connections(folder: Path) -> AsyncIterator[Ends]:
    """Each process has a connection of its own."""
    clock = _machine_time()
    path = folder / "store.db"
    async with open_sqlite(path, clock) as one, open_sqlite(path, clock) as other:
        yield Ends(one, other, clock.sleep)


@asynccontextmanager
async def host_file(folder: Path) -> AsyncIterator[Ends]:
    """Each process opens the file by its name."""
    clock, path = _machine_time(), folder / "store.json"
    async with open_host_file(path, clock) as one, open_host_file(path, clock) as other:
        yield Ends(one, other, clock.sleep)


@asynccontextmanager
async def simulated(_: Path) -> AsyncIterator[Ends]:
    """No distance: what takes a way is seen in ``test_simulated_store.py``."""
    clock = _loop_clock()
    state = SharedState(clock)
    one, other = (simulated_end(state, clock, name, 0) for name in ("p0", "p1"))
    yield Ends(one, other, clock.sleep)


def simulated_end(state: SharedState, clock: LoopClock, owner: str, trip: Ticks) -> SimulatedStore:
    """Return ``owner``'s way to ``state``; each round trip takes ``trip``."""
    law = Constant(trip)
    return SimulatedStore(
        state=state,
        clock=clock,
        trips=LinkStream(Link(round_trip=law), Streams(0).spans(owner, law)),
        timeout=100 * MILLISECOND,
    )


def sqlite_place(folder: Path) -> Place:
    """Return where ``sqlite_two_connections`` opens it."""
    return SqliteFile(folder / "store.db")


def host_file_place(folder: Path) -> Place:
    """Return where ``host_file`` opens it."""
    return HostFile(folder / "store.json")


def own_name(folder: Path) -> str:
    """Return a name that no other test's store on the same server has."""
    return "test_" + hashlib.sha256(str(folder).encode()).hexdigest()[:16]


def redis_place(folder: Path) -> Place:
    """Return where ``redis`` opens it."""
    return RedisServer(redis_url(), own_name(folder))


def postgres_place(folder: Path) -> Place:
    """Return where ``postgres`` opens it."""
    return PostgresServer(postgres_url(), own_name(folder))


def advisory_place(folder: Path) -> Place:
    """Return where ``postgres_advisory`` opens it."""
    return PostgresServer(postgres_url(), own_name(folder), lock="advisory")


@asynccontextmanager
async def _two_clients(place: Place) -> AsyncIterator[Ends]:
    """Two clients of a server. Its clock cannot be moved, so the lease is aged instead."""
    await prepare_store(place)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(remove_store, place)
        one, other = [
            await stack.enter_async_context(open_store(place, HandClock())) for _ in range(2)
        ]

        async def pass_time(span: Ticks) -> None:
            await age(one, span)

        yield Ends(one, other, pass_time)


async def age(store: SharedStore, span: Ticks) -> None:
    """Make the lease of a store on a server ``span`` older."""
    if isinstance(store, RedisStore):
        left = await store.call("PTTL", store.keys.lease) - span // MILLISECOND
        await store.call("PEXPIRE", store.keys.lease, left)
        return
    assert isinstance(store, PostgresStore)
    async with store.pool.borrow() as connection:
        await connection.rows(
            "UPDATE lease SET lapses_at = lapses_at - %s * interval '1 microsecond'", (span,)
        )


@asynccontextmanager
async def redis(folder: Path) -> AsyncIterator[Ends]:
    """A Redis server."""
    async with _two_clients(redis_place(folder)) as ends:
        yield ends


@asynccontextmanager
async def postgres(folder: Path) -> AsyncIterator[Ends]:
    """A PostgreSQL server, with the lock of the row."""
    async with _two_clients(postgres_place(folder)) as ends:
        yield ends


@asynccontextmanager
async def postgres_advisory(folder: Path) -> AsyncIterator[Ends]:
    """A PostgreSQL server, with an advisory lock."""
    async with _two_clients(advisory_place(folder)) as ends:
        yield ends


KINDS = [
    Kind("memory", memory, on_virtual_time),
    Kind("sqlite, one connection", sqlite_one_connection, undoes=True),
    Kind("sqlite", sqlite_two_connections, where=sqlite_place, undoes=True),
    Kind("host file", host_file, where=host_file_place),
    Kind("redis", redis, where=redis_place, grain=SECOND),
    Kind("postgres", postgres, where=postgres_place, grain=SECOND, undoes=True),
    Kind(
        "postgres, advisory lock",
        postgres_advisory,
        where=advisory_place,
        grain=SECOND,
        undoes=True,
    ),
    Kind("simulated", simulated, on_virtual_time, undoes=True),
]
