"""Stores that are servers: what happens when one is not there, stands still, or has no room."""

import asyncio
import os
import signal
import sys
from contextlib import asynccontextmanager, contextmanager

import pytest

from tests.stores.store_kinds import own_name
from tests.stores.store_servers import Redis, free_port, postgres_url, redis_url
from tests.stores.store_world import TTL, A, B, HandClock
from tokenrace.clock import MILLISECOND, SECOND
from tokenrace.errors import NotInstalledError
from tokenrace.stores.contract import Record, RowLocks, StoreUnavailable
from tokenrace.stores.places import (
    PostgresServer,
    RedisServer,
    open_store,
    prepare_store,
    remove_store,
)

SOON = 250 * MILLISECOND


@asynccontextmanager
async def opened(place, answer_within=SOON):
    await prepare_store(place)
    async with open_store(place, HandClock(), answer_within) as store:
        yield store


@pytest.fixture
def postgres_place(tmp_path):
    """A schema of the test's own, dropped afterwards."""
    place = PostgresServer(postgres_url(), own_name(tmp_path))
    yield place
    asyncio.run(remove_store(place))


@contextmanager
def standing_still(pid):
    """Stop a process for the block: it holds its connections and answers nobody."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@pytest.mark.parametrize(
    ("place", "said"),
    [
        (RedisServer(f"redis://127.0.0.1:{free_port()}/0", "p"), "Redis: Error .*127.0.0.1"),
        (PostgresServer(f"postgresql://127.0.0.1:{free_port()}/d", "p"), "PostgreSQL: .*refused"),
    ],
    ids=["redis", "postgres"],
)
def test_a_server_that_is_not_there_is_an_unavailable_store(place, said):
    """Nobody listens on that port."""

    async def story():
        with pytest.raises(StoreUnavailable, match=said):
            await prepare_store(place)

    asyncio.run(story())


def test_a_redis_that_stands_still_is_unavailable_until_it_goes_on():
    """Each call ends when its time is over, and the connections are made anew afterwards."""
    server = Redis()

    async def story():
        async with opened(RedisServer(server.url, "p")) as store:
            await store.write(A)
            with standing_still(server.process.pid):
                for call in (store.read(), store.write(B), store.acquire("p", TTL)):
                    with pytest.raises(StoreUnavailable, match="Redis: no answer"):
                        await call
            assert await store.read() in (Record(A, 1), Record(B, 2))

    asyncio.run(story())


def test_a_redis_that_dies_is_unavailable_at_once():
    """The connection is refused; nothing else comes of it."""
    server = Redis()

    async def story():
        async with opened(RedisServer(server.url, "p"), 10 * SECOND) as store:
            server.process.kill()
            server.process.wait()
            with pytest.raises(StoreUnavailable):
                await store.read()
            with pytest.raises(StoreUnavailable):
                await store.delete_lease()

    asyncio.run(story())


def test_a_postgres_connection_that_stands_still_is_given_up(postgres_place):
    """One of the server's processes is stopped: its caller fails, and the next has a new one."""

    async def story():
        async with opened(postgres_place) as store:
            await store.write(A)
            async with store.pool.borrow() as connection:
                ((pid,),) = await connection.rows("SELECT pg_backend_pid()")
            with standing_still(pid):
                with pytest.raises(StoreUnavailable, match="PostgreSQL: no answer"):
                    await store.read()
                assert await store.read() == Record(A, version=1)

    asyncio.run(story())


def test_a_pool_without_a_free_connection_is_an_unavailable_store(postgres_place):
    """Failure mode 15: who holds the lock has the one connection there is, and nobody reads."""
    one_connection = PostgresServer(postgres_place.url, postgres_place.schema, pool=1)

    async def story():
        async with opened(one_connection) as store:
            async with store.hold(0):
                for call in (store.read(), store.write(B), store.acquire("p", TTL)):
                    with pytest.raises(StoreUnavailable, match="all 1 connections are in use"):
                        await call
                with pytest.raises(StoreUnavailable, match="all 1 connections are in use"):
                    async with store.hold(TTL):
                        pass
            assert await store.read() is None

    asyncio.run(story())


def test_others_writes_wait_for_the_lock_of_a_row(postgres_place):
    """They fail when their time is over, and what the holder wrote is what remains."""

    async def story():
        async with opened(postgres_place) as store:
            async with store.hold(0) as held:
                with pytest.raises(StoreUnavailable, match="no answer"):
                    await store.write(B)
                await held.write(A)
            assert await store.read() == Record(A, version=1)

    asyncio.run(story())


def test_others_writes_go_past_an_advisory_lock(postgres_place):
    """It binds only those who ask for it."""
    place = PostgresServer(postgres_place.url, postgres_place.schema, lock="advisory")

    async def story():
        async with opened(place) as store:
            async with store.hold(0):
                assert await store.write(B)
            assert await store.read() == Record(B, version=1)

    asyncio.run(story())


def test_a_redis_locks_no_record():
    """A lock that dies with its holder is what it does not have."""

    async def story():
        async with opened(RedisServer(redis_url(), "p")) as store:
            assert not isinstance(store, RowLocks)

    asyncio.run(story())


def test_a_redis_is_left_as_it_was_found(tmp_path):
    """No key remains of a store that was removed."""
    place = RedisServer(redis_url(), own_name(tmp_path))

    async def story():
        async with opened(place) as store:
            await store.write(A)
            await store.acquire("p", TTL)
            assert len(await store.call("KEYS", f"{place.prefix}*")) == 3
            await remove_store(place)
            assert await store.call("KEYS", f"{place.prefix}*") == []

    asyncio.run(story())


def test_a_postgres_is_left_as_it_was_found(tmp_path):
    """No schema remains of a store that was removed; removing it twice is no error."""
    place = PostgresServer(postgres_url(), own_name(tmp_path))
    schemas = "SELECT count(*) FROM information_schema.schemata WHERE schema_name = %s"

    async def story():
        async with opened(place) as store, store.pool.borrow() as connection:
            assert await connection.rows(schemas, (place.schema,)) == [(1,)]
            await remove_store(place)
            await remove_store(place)
            assert await connection.rows(schemas, (place.schema,)) == [(0,)]

    asyncio.run(story())


@pytest.mark.parametrize(
    ("place", "library", "ours"),
    [
        (RedisServer("redis://127.0.0.1", "p"), "redis", "tokenrace.stores.redis"),
        (PostgresServer("postgresql://", "p"), "psycopg", "tokenrace.stores.postgres"),
    ],
    ids=["redis", "postgres"],
)
def test_a_missing_library_is_named_with_the_extra_that_brings_it(
    monkeypatch, place, library, ours
):
    """An import of what ``sys.modules`` has as None fails as if it were not installed."""
    for name in [name for name in sys.modules if name.partition(".")[0] == library]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, library, None)
    for name in (ours, "tokenrace.stores.postgres_pool"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    extra = ours.rpartition(".")[2]

    async def story():
        with pytest.raises(NotInstalledError, match=rf"pip install 'tokenrace\[{extra}\]'"):
            await prepare_store(place)
        with pytest.raises(NotInstalledError, match=rf"pip install 'tokenrace\[{extra}\]'"):
            async with open_store(place, HandClock()):
                pass

    asyncio.run(story())


def test_workers_cancelled_in_the_middle_of_a_redis_call_end():
    """redis-py loses some cancellations, and a worker who goes on then outlives its run.

    Left to itself it lost 7 of 60 in a trial like this one.
    """

    async def reading(store):
        while True:
            await store.read()

    async def story():
        for calls in range(40):
            async with opened(RedisServer(redis_url(), "p"), 5 * SECOND) as store:
                workers = [asyncio.create_task(reading(store)) for _ in range(4)]
                for _ in range(calls):
                    await store.read()
                for worker in workers:
                    worker.cancel()
                async with asyncio.timeout(30):
                    await asyncio.gather(*workers, return_exceptions=True)
                assert all(worker.cancelled() for worker in workers)

    asyncio.run(story())
