"""A store in a file: what it outlives, when it is unavailable, and what processes rely on."""

import asyncio
import sqlite3

import pytest

from tests.stores.store_world import TTL, A, B, HandClock
from tokenrace.clock import MILLISECOND
from tokenrace.stores.contract import Record, StoreUnavailable
from tokenrace.stores.sqlite import open_sqlite


def test_a_sqlite_store_outlives_its_connections(tmp_path):
    """A process that restarts finds the record and the lease where it left them."""

    async def story():
        clock = HandClock()
        async with open_sqlite(tmp_path / "s.db", clock) as store:
            await store.write(A)
            await store.acquire("p0", TTL)
        async with open_sqlite(tmp_path / "s.db", clock) as store:
            assert await store.read() == Record(A, version=1)
            assert await store.acquire("p1", TTL) is None

    asyncio.run(story())


def test_a_file_that_is_no_database_is_an_unavailable_store(tmp_path):
    """The error is the contract's, and says what SQLite said."""
    path = tmp_path / "notes.txt"
    path.write_text("not a database, but long enough to be looked at as one " * 20)

    async def story():
        with pytest.raises(StoreUnavailable, match="SQLite: file is not a database"):
            async with open_sqlite(path, HandClock()):
                pass

    asyncio.run(story())


def test_a_folder_that_is_not_there_is_an_unavailable_store(tmp_path):
    """A store is made in a folder that exists, or not at all."""

    async def story():
        with pytest.raises(StoreUnavailable, match="unable to open"):
            async with open_sqlite(tmp_path / "nowhere" / "s.db", HandClock()):
                pass

    asyncio.run(story())


def test_a_store_somebody_else_has_locked_is_unavailable_to_writers_only(tmp_path):
    """A writer gives up after its busy timeout; with write-ahead logging readers go on."""

    async def story():
        path = tmp_path / "s.db"
        async with open_sqlite(path, HandClock(), busy_timeout=MILLISECOND) as store:
            await store.write(A)
            elsewhere = sqlite3.connect(path, isolation_level=None)
            elsewhere.execute("BEGIN IMMEDIATE")
            for change in (store.write(B), store.acquire("p", TTL)):
                with pytest.raises(StoreUnavailable, match="locked"):
                    await change
            assert await store.read() == Record(A, version=1)
            elsewhere.execute("ROLLBACK")
            assert await store.write(B)
            elsewhere.close()

    asyncio.run(story())


def test_opening_a_file_in_exclusive_use_gives_up_after_the_busy_timeout(tmp_path):
    """A try every 5 ms of the clock: at 0, 5 and 10 ms."""

    async def story():
        path, clock = tmp_path / "s.db", HandClock()
        elsewhere = sqlite3.connect(path, isolation_level=None)
        elsewhere.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreUnavailable, match="locked"):
            async with open_sqlite(path, clock, busy_timeout=10 * MILLISECOND):
                pass
        assert clock.at == 10 * MILLISECOND
        elsewhere.close()

    asyncio.run(story())


def test_opening_a_file_in_exclusive_use_waits_until_it_is_free(tmp_path):
    """Processes that open a new file at once collide; all but one wait, and none fails."""

    async def story():
        path = tmp_path / "s.db"
        elsewhere = sqlite3.connect(path, isolation_level=None)
        elsewhere.execute("BEGIN EXCLUSIVE")

        class UntilItIsFree(HandClock):
            async def sleep(self, span):
                self.at += span
                elsewhere.close()

        clock = UntilItIsFree()
        async with open_sqlite(path, clock, busy_timeout=10 * MILLISECOND) as store:
            assert await store.write(A)
        assert clock.at == 5 * MILLISECOND

    asyncio.run(story())
