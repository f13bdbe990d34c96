"""What can happen to every store that processes share, done to the real one."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from tests.stores.store_kinds import KINDS, own_name
from tests.stores.store_servers import postgres_url
from tests.stores.store_world import TTL, A, B
from tokenrace.clock import MILLISECOND, SECOND, Ticks
from tokenrace.machine_clock import MachineClock
from tokenrace.stores.contract import Record, RowLocks, SharedStore, StoreUnavailable
from tokenrace.stores.mishaps import Mishaps, open_mishaps
from tokenrace.stores.places import PostgresServer, open_store, prepare_store, remove_store

CLOCK = MachineClock(0)
ANSWER_WITHIN = 200 * MILLISECOND
DOWN = SECOND
SHARED = [kind for kind in KINDS if kind.where is not None]
Story = Callable[[SharedStore, Mishaps], Awaitable[None]]


@pytest.fixture(params=SHARED, ids=lambda kind: kind.name)
def tell(request, tmp_path) -> Callable[..., None]:
    """Return what runs a story on a new store of each kind, and on what can happen to it."""
    place = request.param.where(tmp_path)

    async def told(story: Story, answer_within: Ticks = 5 * SECOND):
        await prepare_store(place)
        try:
            async with (
                open_store(place, CLOCK, answer_within) as store,
                open_mishaps(place, CLOCK, 5 * SECOND) as mishaps,
            ):
                await story(store, mishaps)
        finally:
            await remove_store(place)

    return lambda *story: asyncio.run(told(*story))


async def goes_unanswered(call: Awaitable) -> bool:
    try:
        await call
    except StoreUnavailable:
        return True
    return False


async def hold(store: RowLocks) -> None:
    """An advisory lock is no matter of the tables, and comes; the record does not."""
    async with store.hold(ANSWER_WITHIN) as held:
        if held is None:
            raise StoreUnavailable
        await held.read()


def test_a_store_that_answers_nobody_fails_every_call_and_then_goes_on(tell):
    """Reads, writes, leases and locks, all at once; one after another where one thread does them.

    At most 300 ms each of the second for which it is down, the first read that fails included.
    """

    async def story(store: SharedStore, mishaps: Mishaps):
        await store.write(A)
        calls = [store.read, lambda: store.write(B), lambda: store.acquire("p", TTL)]
        calls += [lambda: hold(store)] if isinstance(store, RowLocks) else []
        down = asyncio.create_task(mishaps.answer_nobody(DOWN))
        while not await goes_unanswered(store.read()):
            await CLOCK.sleep(MILLISECOND)
        unanswered = await asyncio.gather(*(goes_unanswered(call()) for call in calls))
        assert all(unanswered)
        await down
        while await goes_unanswered(store.read()):
            pass  # what was given up is still done first, and takes SQLite up to 0.3 s

    tell(story, ANSWER_WITHIN)


def test_a_lease_can_be_lost_once(tell):
    """The next who asks gets one, and its holder finds it gone."""

    async def story(store: SharedStore, mishaps: Mishaps):
        assert not await mishaps.lose_lock()
        lease = await store.acquire("p0", TTL)
        assert await mishaps.lose_lock()
        assert not await mishaps.lose_lock()
        assert not await store.release(lease)
        second = await store.acquire("p1", TTL)
        assert second.fencing_token == 2

    tell(story)


def test_a_write_that_is_lost_leaves_the_record_before_it(tell):
    """Version and all, as after a failover; a write that came on top of it stays."""

    async def story(store: SharedStore, mishaps: Mishaps):
        await store.write(A)
        await store.write(B)
        assert await mishaps.put_back(Record(A, 1), Record(B, 2))
        assert await store.read() == await mishaps.read() == Record(A, 1)
        assert not await mishaps.put_back(Record(A, 1), Record(B, 2))
        assert await mishaps.put_back(None, Record(A, 1))
        assert await store.read() is None
        assert await store.write(B, expected_version=0)
        assert await store.read() == Record(B, 1)

    tell(story)


def test_the_lock_on_a_postgres_record_can_be_lost_and_who_waits_for_it_comes_next(tmp_path):
    """Its holder learns of it with its next call, and what it has written is undone. Neither who
    waits for the lock nor who has asked in vain is taken for its holder."""

    async def story(place):
        await prepare_store(place)
        async with (
            open_store(place, CLOCK) as store,
            open_store(place, CLOCK) as other,
            open_mishaps(place, CLOCK, 5 * SECOND) as mishaps,
        ):
            assert not await mishaps.lose_lock()
            with pytest.raises(StoreUnavailable):
                await lose_it_while_held(store, other, mishaps)
            assert not await mishaps.lose_lock()
            assert await store.read() == Record(B, version=1)
        await remove_store(place)

    asyncio.run(story(PostgresServer(postgres_url(), own_name(tmp_path))))
    asyncio.run(story(PostgresServer(postgres_url(), own_name(tmp_path), lock="advisory")))


async def lose_it_while_held(store: RowLocks, other: RowLocks, mishaps: Mishaps) -> None:
    async with store.hold(0) as held, other.hold(0) as in_vain:
        assert in_vain is None
        await held.write(A)
        next_in_turn = asyncio.create_task(written_under_lock(other))
        assert await mishaps.lose_lock()
        await next_in_turn
        await held.read()


async def written_under_lock(store: RowLocks) -> None:
    async with store.hold(TTL) as held:
        await held.write(B)
