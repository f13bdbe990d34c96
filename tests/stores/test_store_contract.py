"""One behaviour suite over every store: what a strategy may rely on, wherever the record is."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

import pytest

from tests.stores.store_kinds import KINDS, Ends, Kind, Story
from tests.stores.store_world import TTL, A, B, HandClock
from tokenrace.clock import MILLISECOND
from tokenrace.stores.contract import Record, RowLocks
from tokenrace.stores.memory import MemoryStore
from tokenrace.token import Token


@pytest.fixture(params=KINDS, ids=lambda kind: kind.name)
def kind(request) -> Kind:
    """Each kind of store in turn."""
    return request.param


@pytest.fixture
def tell(kind, tmp_path) -> Callable[[Story], None]:
    """Return what runs a story on a new store of each kind."""

    async def told(story: Story):
        async with kind.open(tmp_path) as ends:
            await story(ends)

    return lambda story: kind.run(told(story))


@pytest.fixture
def tell_of_locks(tell) -> Callable[[Story], None]:
    """Return what runs a story on a new store of each kind that can lock its record."""

    async def or_not_at_all(story: Story, ends: Ends):
        if isinstance(ends.one, RowLocks):
            await story(ends)

    return lambda story: tell(lambda ends: or_not_at_all(story, ends))


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


def test_a_cleared_record_is_no_record_to_both_ends(tell):
    """Whoever expects none may write; the version counts the writes, the clearing one as well."""

    async def story(store: Ends):
        await store.one.write(A)
        assert await store.other.write(None)
        assert await store.one.read() is None
        assert await store.one.write(B, expected_version=0)
        assert await store.other.read() == Record(B, version=3)

    tell(story)


def test_a_record_is_cleared_only_by_who_names_its_version(tell):
    """Compare-and-delete: a 401 that comes late must not throw away a newer token."""

    async def story(store: Ends):
        await store.one.write(A)
        await store.one.write(B)
        assert not await store.other.write(None, expected_version=1)
        assert await store.one.read() == Record(B, version=2)
        assert await store.other.write(None, expected_version=2)
        assert await store.one.read() is None

    tell(story)


def test_a_version_is_never_used_twice(tell):
    """A writer that has read version 1 before the record was cleared and written anew is too late:
    the new record has version 3."""

    async def story(store: Ends):
        await store.one.write(A)
        await store.one.write(None)
        await store.one.write(B)
        assert not await store.other.write(A, expected_version=1)
        assert await store.other.read() == Record(B, version=3)

    tell(story)


def test_the_holder_of_the_lock_may_clear_the_record(tell_of_locks):
    """It finds none itself from then on, and others from the end of the block."""

    async def story(store: Ends):
        await store.one.write(A)
        async with store.one.hold(0) as held:
            assert await held.write(None, expected_version=1)
            assert await held.read() is None
            assert not await held.write(B, expected_version=1)
        assert await store.other.read() is None
        assert await store.other.write(B, expected_version=0)

    tell_of_locks(story)


def test_a_read_from_a_shared_store_returns_a_copy(kind, tell):
    """A client that compares tokens with ``is`` fails on every store but its own memory: a record
    that comes from outside the process is never the object that was written."""

    async def story(store: Ends):
        if isinstance(store.one, MemoryStore):
            return
        written = Token("token", 0, 10)
        await store.one.write(written)
        first, second = await store.one.read(), await store.one.read()
        assert first == second == Record(written, version=1)
        assert first.token is not written
        assert first.token is not second.token
        assert first.token.value is not second.token.value
        if isinstance(store.one, RowLocks):
            async with store.one.hold(0) as held:
                assert (await held.read()).token is not written

    tell(story)


def test_a_lease_is_granted_to_one_at_a_time(tell):
    """Twenty ask at once; one gets it. Not even that one gets it twice."""

    async def story(store: Ends):
        ends = [store.one, store.other] * 10
        leases = await asyncio.gather(*(end.acquire("p", TTL) for end in ends))
        assert [lease.fencing_token for lease in leases if lease] == [1]

    tell(story)


def test_a_lease_given_back_is_free_for_the_next(tell):
    """The next holder has a higher fencing token."""

    async def story(store: Ends):
        first = await store.one.acquire("p0", TTL)
        assert await store.one.release(first)
        second = await store.other.acquire("p1", TTL)
        assert second is not None
        assert (second.holder, second.fencing_token) == ("p1", 2)

    tell(story)


def test_a_lease_lapses_by_itself_at_its_instant(kind, tell):
    """Held one grain before lapses_at, free at it: the span is half-open."""

    async def story(store: Ends):
        first = await store.one.acquire("p0", TTL)
        await store.pass_time(TTL - kind.grain)
        assert await store.other.acquire("p1", TTL) is None
        await store.pass_time(kind.grain)
        second = await store.other.acquire("p1", TTL)
        assert second is not None
        assert second.fencing_token == 2
        assert kind.grain > 1 or second.lapses_at - first.lapses_at == TTL

    tell(story)


def test_a_late_holder_cannot_give_back_its_successors_lease(tell):
    """Giving back is compare-and-delete, even where both holders have one name."""

    async def story(store: Ends):
        late = await store.one.acquire("p", TTL)
        await store.pass_time(TTL)
        assert await store.other.acquire("p", TTL) is not None
        assert not await store.one.release(late)
        assert await store.one.acquire("p", TTL) is None

    tell(story)


@pytest.mark.parametrize(("grains_left", "is_released"), [(1, True), (0, False)])
def test_a_lease_that_has_lapsed_is_no_longer_given_back(kind, tell, grains_left, is_released):
    """Nor is one that was given back before."""

    async def story(store: Ends):
        lease = await store.one.acquire("p", TTL)
        await store.pass_time(TTL - grains_left * kind.grain)
        assert await store.one.release(lease) == is_released
        assert not await store.one.release(lease)

    tell(story)


def test_a_lease_can_be_ended_by_anybody(tell):
    """The unsafe way, as real services do it: the next holder need not wait."""

    async def story(store: Ends):
        late = await store.one.acquire("p0", TTL)
        await store.other.delete_lease()
        second = await store.other.acquire("p1", TTL)
        assert second is not None
        assert second.fencing_token == 2
        assert not await store.one.release(late)

    tell(story)


def test_the_lock_on_the_record_is_held_by_one_at_a_time(tell_of_locks):
    """Who does not want to wait learns at once that somebody has it, and gets it afterwards."""

    async def story(store: Ends):
        async with store.one.hold(0) as held, store.other.hold(0) as in_vain:
            assert held is not None
            assert in_vain is None
        async with store.other.hold(0) as held:
            assert held is not None

    tell_of_locks(story)


def test_what_the_holder_of_the_lock_writes_is_there_when_it_lets_go(tell_of_locks):
    """It reads what it has written itself; the versions go on."""

    async def story(store: Ends):
        await store.one.write(A)
        async with store.one.hold(0) as held:
            assert await held.read() == Record(A, version=1)
            assert not await held.write(B, expected_version=0)
            assert await held.write(B, expected_version=1)
            assert await held.read() == Record(B, version=2)
        assert await store.other.read() == Record(B, version=2)

    tell_of_locks(story)


def test_others_read_while_somebody_holds_the_lock(tell_of_locks):
    """Only those who want it too have to wait: the record is what it was."""

    async def story(store: Ends):
        await store.one.write(A)
        async with store.one.hold(0):
            assert await store.other.read() == Record(A, version=1)

    tell_of_locks(story)


def test_who_waits_for_the_lock_gets_it_when_it_is_let_go(tell_of_locks):
    """Ten ask at once and none in vain; each finds what the one before it has written.

    A clock that stands still goes on with every look at the lock, so the wait is long.
    """

    async def story(store: Ends):
        async def add_one(end: RowLocks):
            async with end.hold(100 * TTL) as held:
                record = await held.read()
                count = 0 if record is None else record.token.expires_at
                await held.write(Token("t", 0, count + 1))

        await asyncio.gather(*(add_one(end) for end in [store.one, store.other] * 5))
        assert await store.one.read() == Record(Token("t", 0, 10), version=10)

    tell_of_locks(story)


def test_who_has_waited_long_enough_for_the_lock_goes_without(tell_of_locks):
    """The wait is bounded, and nobody holds anything afterwards."""

    async def story(store: Ends):
        async with store.one.hold(0), store.other.hold(20 * MILLISECOND) as in_vain:
            assert in_vain is None
        async with store.other.hold(0) as held:
            assert held is not None

    tell_of_locks(story)


def test_a_block_that_raises_lets_go_of_the_lock(tell_of_locks):
    """A token that could not be issued must not stop the next who tries."""

    async def story(store: Ends):
        with suppress(ZeroDivisionError):
            async with store.one.hold(0):
                raise ZeroDivisionError
        async with store.other.hold(0) as held:
            assert held is not None
            await held.write(A)
        assert await store.one.read() == Record(A, version=1)

    tell_of_locks(story)


def test_a_worker_cancelled_while_it_waits_for_the_lock_leaves_the_queue(tell_of_locks):
    """One waits at each end, both are cancelled, and the next gets the lock."""

    async def story(store: Ends):
        async def want(end: RowLocks):
            async with end.hold(TTL):
                pytest.fail("the lock was held by somebody else")

        async with store.one.hold(0):
            waiting = [asyncio.create_task(want(end)) for end in (store.one, store.other)]
            for _ in range(20):
                await store.one.read()
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
            assert all(task.cancelled() for task in waiting)
        async with store.other.hold(0) as held:
            assert held is not None

    tell_of_locks(story)


def test_a_memory_store_shows_its_record_at_once():
    """The snapshot is what a read returns."""

    async def story():
        store = MemoryStore(HandClock())
        assert store.snapshot() is None
        await store.write(A)
        assert store.snapshot() == await store.read() == Record(A, version=1)

    asyncio.run(story())
