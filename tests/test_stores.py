"""One behaviour suite over every store, and what memory alone can show."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from simulator.stores.contract import Lease, Record
from simulator.stores.memory import MemoryStore
from simulator.stores.sqlite import SqliteStore, open_sqlite
from simulator.token import Token
from tests.store_world import TTL, A, B, HandClock


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
