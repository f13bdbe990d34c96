"""One behaviour suite over every store, then what separate processes may rely on."""

import asyncio
import json
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from simulator.clock import MILLISECOND, SECOND
from simulator.stores.contract import Lease, Record, StoreUnavailable
from simulator.stores.memory import MemoryStore
from simulator.stores.sqlite import SqliteStore, open_sqlite
from simulator.token import Token

A = Token("a", 1, 100)
B = Token("b", 2, 200)
TTL = 10 * SECOND
CONTENDER = Path(__file__).with_name("store_contender.py")


@dataclass
class HandClock:
    """Stands still until somebody sets it or sleeps."""

    at: int = 0

    def now(self):
        return self.at

    async def sleep(self, span):
        self.at += span


@dataclass
class Ends:
    """Two handles on one store, as two clients have, and the clock its leases lapse by."""

    one: MemoryStore | SqliteStore
    other: MemoryStore | SqliteStore
    clock: HandClock


Opening = Callable[[Path], AbstractAsyncContextManager[Ends]]
Story = Callable[[Ends], Awaitable[None]]


@asynccontextmanager
async def memory(_: Path) -> AsyncIterator[Ends]:
    """Memory is shared by having the same object."""
    clock = HandClock()
    store = MemoryStore(clock)
    yield Ends(store, store, clock)


@asynccontextmanager
async def sqlite_one_connection(folder: Path) -> AsyncIterator[Ends]:
    """Workers of one process share a connection."""
    clock = HandClock()
    async with open_sqlite(folder / "store.db", clock) as store:
        yield Ends(store, store, clock)


@asynccontextmanager
async def sqlite_two_connections(folder: Path) -> AsyncIterator[Ends]:
    """Each process has a connection of its own."""
    clock = HandClock()
    path = folder / "store.db"
    async with open_sqlite(path, clock) as one, open_sqlite(path, clock) as other:
        yield Ends(one, other, clock)


@pytest.fixture(params=[memory, sqlite_one_connection, sqlite_two_connections])
def tell(request, tmp_path) -> Callable[[Story], None]:
    """Return what runs a story on a new store of each kind."""

    async def told(story: Story):
        async with request.param(tmp_path) as ends:
            await story(ends)

    return lambda story: asyncio.run(told(story))


def test_a_new_store_holds_no_record(tell):
    """There is no token before the first write."""

    async def story(store: Ends):
        assert await store.one.read() is None

    tell(story)


def test_what_one_writes_the_other_reads(tell):
    """The record is shared, and its version counts the writes."""

    async def story(store: Ends):
        assert await store.one.write(A)
        assert await store.other.read() == Record(A, version=1)
        assert await store.other.write(B)
        assert await store.one.read() == Record(B, version=2)

    tell(story)


def test_a_write_that_expects_another_version_changes_nothing(tell):
    """Compare-and-set: one version too old and one too new are both refused."""

    async def story(store: Ends):
        await store.one.write(A)
        assert not await store.other.write(B, expected_version=0)
        assert not await store.other.write(B, expected_version=2)
        assert await store.one.read() == Record(A, version=1)
        assert await store.other.write(B, expected_version=1)
        assert await store.one.read() == Record(B, version=2)

    tell(story)


def test_version_zero_means_no_record_yet(tell):
    """Of all who expect an empty store, one succeeds."""

    async def story(store: Ends):
        tokens = [Token(f"t{number}", 0, 1) for number in range(20)]
        ends = [store.one, store.other] * 10
        written = await asyncio.gather(
            *(end.write(token, expected_version=0) for end, token in zip(ends, tokens, strict=True))
        )
        assert written.count(True) == 1
        assert await store.one.read() == Record(tokens[written.index(True)], version=1)

    tell(story)


def test_a_lease_is_granted_to_one_at_a_time(tell):
    """Twenty ask at once; one gets it. Not even that one gets it twice."""

    async def story(store: Ends):
        ends = [store.one, store.other] * 10
        leases = await asyncio.gather(*(end.acquire("p", TTL) for end in ends))
        assert [lease for lease in leases if lease] == [Lease("p", 1, lapses_at=TTL)]

    tell(story)


def test_a_lease_given_back_is_free_for_the_next(tell):
    """The next holder has a higher fencing token."""

    async def story(store: Ends):
        first = await store.one.acquire("p0", TTL)
        assert await store.one.release(first)
        assert await store.other.acquire("p1", TTL) == Lease("p1", 2, lapses_at=TTL)

    tell(story)


def test_a_lease_lapses_by_itself_at_its_instant(tell):
    """Held one tick before lapses_at, free at it: the span is half-open."""

    async def story(store: Ends):
        await store.one.acquire("p0", TTL)
        store.clock.at = TTL - 1
        assert await store.other.acquire("p1", TTL) is None
        store.clock.at = TTL
        assert await store.other.acquire("p1", TTL) == Lease("p1", 2, lapses_at=2 * TTL)

    tell(story)


def test_a_late_holder_cannot_give_back_its_successors_lease(tell):
    """Giving back is compare-and-delete, even where both holders have one name."""

    async def story(store: Ends):
        late = await store.one.acquire("p", TTL)
        store.clock.at = TTL
        await store.other.acquire("p", TTL)
        assert not await store.one.release(late)
        assert await store.one.acquire("p", TTL) is None

    tell(story)


@pytest.mark.parametrize(("at", "is_released"), [(TTL - 1, True), (TTL, False)])
def test_a_lease_that_has_lapsed_is_no_longer_given_back(tell, at, is_released):
    """Nor is one that was given back before."""

    async def story(store: Ends):
        lease = await store.one.acquire("p", TTL)
        store.clock.at = at
        assert await store.one.release(lease) == is_released
        assert not await store.one.release(lease)

    tell(story)


def test_a_memory_store_shows_its_record_at_once():
    """The snapshot is what a read returns."""

    async def story():
        store = MemoryStore(HandClock())
        assert store.snapshot() is None
        await store.write(A)
        assert store.snapshot() == await store.read() == Record(A, version=1)

    asyncio.run(story())


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


def test_separate_processes_lose_no_write_and_hold_no_lease_together(tmp_path):
    """Three processes open one new file at once, and each makes 40 compare-and-set writes and
    holds 20 leases. So there are 120 versions and 60 different fencing tokens. While holding a
    lease each adds one to a number in a plain file, in two steps: two holders at once lose some."""
    counter = tmp_path / "counter"
    counter.write_text("0")
    command = [sys.executable, str(CONTENDER), str(tmp_path / "s.db"), str(counter), "40", "20"]
    contenders = [
        subprocess.Popen([*command, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for name in ("p0", "p1", "p2")
    ]
    try:
        for contender in contenders:
            assert contender.stdout.readline() == "ready\n"
        for contender in contenders:
            contender.stdin.write("go\n")
            contender.stdin.flush()
        grants = [json.loads(contender.communicate(timeout=60)[0]) for contender in contenders]
    finally:
        for contender in contenders:
            contender.kill()
    assert sorted(grant for each in grants for grant in each) == list(range(1, 61))
    assert counter.read_text() == "60"

    async def story():
        async with open_sqlite(tmp_path / "s.db", HandClock()) as store:
            record = await store.read()
            assert record is not None
            assert record.version == 120

    asyncio.run(story())
