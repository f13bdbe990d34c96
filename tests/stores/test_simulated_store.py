"""The simulated store at a distance: what the way there and back does to the lock on its record."""

import asyncio

import pytest

from tests.stores.store_kinds import on_virtual_time, simulated_end
from tests.stores.store_world import A, B
from tests.user_code.owners import owned_by
from tokenrace.clock import MILLISECOND, SECOND
from tokenrace.engine.clocks import LoopClock
from tokenrace.engine.loop import VirtualLoop
from tokenrace.network.fates import Partition
from tokenrace.stores.contract import Record, StoreUnavailable
from tokenrace.stores.simulated import SharedState

TRIP = 10 * MILLISECOND


def a_world():
    """Return the clock, the store and two ends of it, each 10 ms away and back."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    clock = LoopClock(loop)
    state = SharedState(clock)
    ends = [simulated_end(state, clock, name, TRIP) for name in ("p0", "p1")]
    return clock, state, *ends


def test_each_step_under_the_lock_takes_a_round_trip():
    """Lock, read, write, commit: 4 x 10 ms. Others see the write when the commit arrives, which is
    half a trip before the block ends."""

    async def story():
        clock, state, one, _ = a_world()
        async with one.hold(SECOND) as held:
            assert clock.now() == TRIP
            assert await held.read() is None
            await held.write(A)
            assert clock.now() == 3 * TRIP
            assert state.newest() is None
        assert clock.now() == 4 * TRIP
        assert state.newest() == Record(A, version=1)

    on_virtual_time(story())


def test_who_waits_gets_the_lock_when_the_commit_of_the_holder_arrives():
    """p0 asks at 0 and holds from 5 ms (at the store) to 115 ms. p1 asks at 0 too, after it, and
    hears at 120 ms that it has the lock."""

    async def story():
        clock, _, one, other = a_world()

        async def second():
            async with other.hold(SECOND) as held:
                assert clock.now() == 120 * MILLISECOND
                assert (await held.read()).token == A

        async with one.hold(SECOND) as held:
            waiting = asyncio.create_task(second())
            await held.write(A)
            await clock.sleep(90 * MILLISECOND)
        await waiting

    on_virtual_time(story())


def test_a_wait_in_vain_ends_after_its_time_and_a_round_trip():
    """It waits 50 ms at the store, not where it is."""

    async def story():
        clock, _, one, other = a_world()
        async with one.hold(SECOND):
            asked_at = clock.now()
            async with other.hold(50 * MILLISECOND) as held:
                assert held is None
            assert clock.now() - asked_at == 50 * MILLISECOND + TRIP

    on_virtual_time(story())


def test_a_commit_that_is_lost_writes_nothing_and_frees_the_lock():
    """The holder is cut off from 15 ms on: it cannot tell, the store breaks the connection off."""

    async def story():
        _, state, one, other = a_world()

        async def cut_off_before_its_commit():
            async with one.hold(SECOND) as held:
                await held.write(B)
                one.trips.rules = (
                    Partition(process="p0", link="store", begins=0, ends=60 * SECOND),
                )

        with pytest.raises(StoreUnavailable):
            await cut_off_before_its_commit()
        assert state.newest() is None
        async with other.hold(0) as held:
            assert held is not None

    on_virtual_time(story())


def test_the_death_of_a_process_ends_its_turns():
    """The lock is free at once, also of those of its workers who waited. What it wrote is undone,
    because it had not committed."""

    async def story():
        _, state, one, other = a_world()
        has_written = asyncio.Event()

        async def holder():
            async with one.hold(SECOND) as held:
                await held.write(B)
                has_written.set()
                await asyncio.Event().wait()

        async def worker_who_waits():
            async with one.hold(SECOND):
                pytest.fail("the dead hold nothing")

        with owned_by(1):
            tasks = [asyncio.create_task(holder()), asyncio.create_task(worker_who_waits())]
        await has_written.wait()
        asyncio.get_running_loop().crash(1)
        async with other.hold(0) as held:
            assert await held.read() is None
        assert state.newest() is None
        assert all(task.cancelled() for task in tasks)

    on_virtual_time(story())
