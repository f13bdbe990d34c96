"""What the lives of simulated processes rest on: owners, posts taken back, tethers, armed."""

import asyncio

import pytest

from tests.user_code.owners import owned_by
from tokenrace.clock import SECOND
from tokenrace.engine.clocks import LoopClock
from tokenrace.engine.loop import VirtualLoop
from tokenrace.faults.planned import (
    CancelLeader,
    ClockOff,
    Crash,
    Pause,
    Replace,
    Scale,
    StoreLoss,
    StoreTrouble,
)
from tokenrace.faults.schedule import ArmedFaults, FleetFaults
from tokenrace.network.fates import NEVER, Delay, Outage, Ways
from tokenrace.simulation.virtual.tether import Tether, TetheredRowLocks, TetheredStore
from tokenrace.stores.contract import StoreUnavailable
from tokenrace.stores.memory import MemoryStore
from tokenrace.token import Token
from tokenrace.user_code.ownership import owner_in, whose

TOKEN = Token("1", 0, SECOND)


@pytest.fixture
def loop():
    loop = VirtualLoop()
    yield loop
    loop.discard()


def test_each_life_of_a_process_has_an_owner_of_its_own():
    """And all are called by the process's number."""
    owners = [owner_in(3, life) for life in (1, 2, 3)]

    assert len(set(owners)) == 3
    assert owners[0] == 3
    assert {whose(owner) for owner in owners} == {"process 3"}


def test_posts_are_taken_back_in_the_order_in_which_they_would_have_run(loop):
    """By instant, then by key, then by posting; the others stay, and so do timers."""
    ran = []
    for at, key, name in [(5, 1, "c"), (5, 0, "b"), (2, 9, "a"), (5, 1, "d"), (3, 0, "left")]:
        loop.post(at, key, ran.append, name)
    loop.post_first(4, ran.append, "timer")
    taken = loop.take_posts(lambda _, name: name != "left")

    assert [(at, name) for at, _, name in taken] == [(2, "a"), (5, "b"), (5, "c"), (5, "d")]
    loop.run_until_complete(asyncio.sleep(6 / SECOND))
    assert ran == ["left", "timer"]


def test_a_message_arrives_when_its_sender_is_gone(loop):
    """The write takes a second; its task is cancelled at once."""
    store, tether = MemoryStore(LoopClock(loop)), Tether(loop)

    class Slow(MemoryStore):
        async def write(self, token, *, expected_version=None):
            await asyncio.sleep(1)
            return await store.write(token, expected_version=expected_version)

    async def main():
        writing = asyncio.create_task(TetheredStore(Slow(LoopClock(loop)), tether).write(TOKEN))
        await asyncio.sleep(0)
        writing.cancel()
        assert tether.under_way == 1
        await asyncio.sleep(2)
        assert tether.under_way == 0

    loop.run_until_complete(main())
    assert store.snapshot().token == TOKEN


def test_what_a_message_meets_is_told_to_its_sender(loop):
    """A store that does not answer, as without a tether."""

    class Silent(MemoryStore):
        async def read(self):
            raise StoreUnavailable

    store = TetheredStore(Silent(LoopClock(loop)), Tether(loop))
    with pytest.raises(StoreUnavailable):
        loop.run_until_complete(store.read())


def test_nothing_leaves_a_dead_process_and_its_calls_have_no_end(loop):
    """Every call, and the lock of a row."""
    own, tether = MemoryStore(LoopClock(loop)), Tether(loop)
    store, locks = TetheredStore(own, tether), TetheredRowLocks(own, tether)
    lease = loop.run_until_complete(store.acquire("p0", SECOND))
    tether.is_cut = True

    async def hold():
        async with locks.hold(0):
            raise AssertionError

    async def main():
        calls = [store.read(), store.write(TOKEN), store.release(lease), store.delete_lease()]
        trying = [asyncio.create_task(call) for call in [*calls, hold()]]
        await asyncio.sleep(0.5)
        assert not any(task.done() for task in trying)

    loop.run_until_complete(main())
    assert own.snapshot() is None
    assert loop.run_until_complete(own.acquire("p1", SECOND)) is None


def test_an_answer_waits_for_a_process_that_stands_still(loop):
    """It takes 1 s; the process stands still from 0.5 s to 3 s, and reads it then."""
    tether, heard = Tether(loop), []

    async def ask():
        await tether.request(asyncio.sleep(1))
        heard.append(loop.now)

    async def main():
        with owned_by(0):
            asking = asyncio.create_task(ask())
        await asyncio.sleep(0.5)
        assert tether.requests == 1
        loop.pause(0)
        await asyncio.sleep(2.5)
        assert (heard, tether.under_way) == ([], 0)
        loop.resume(0)
        await asking

    loop.run_until_complete(main())
    assert heard == [3 * SECOND]


def a_crash(process, at, point, fault=0) -> Crash:
    return Crash(fault=fault, at=at, process=process, point=point, restart=0)


def test_an_armed_fault_strikes_once_from_its_instant_on():
    """Two wait for process 0 at one point: the earlier strikes first, and each once."""
    armed = ArmedFaults.of(
        FleetFaults(
            crashes=(
                a_crash(0, 20, "before_issue", fault=1),
                a_crash(0, 10, "before_issue", fault=2),
                a_crash(0, 0, None, fault=3),
            )
        )
    )

    assert armed.crash_at(0, "before_issue", 9) is None
    assert armed.crash_at(1, "before_issue", 30) is None
    assert armed.crash_at(0, "issued_not_stored", 30) is None
    struck = [armed.crash_at(0, "before_issue", 30) for _ in range(3)]
    assert [crash and crash.fault for crash in struck] == [2, 1, None]


def test_a_cancellation_waits_until_there_was_somebody_to_cancel():
    """The engine looks, finds nobody, and looks again."""
    cancel = CancelLeader(fault=0, at=10, process=0)
    armed = ArmedFaults.of(FleetFaults(cancellations=(cancel,)))

    assert armed.cancellation(0, 9) is None
    assert armed.cancellation(1, 10) is None
    assert armed.cancellation(0, 10) == armed.cancellation(0, 11) == cancel
    armed.has_cancelled(cancel)
    assert armed.cancellation(0, 12) is None


@pytest.mark.parametrize(
    ("sent_at", "is_struck"), [(9, False), (10, True), (19, True), (20, False)]
)
def test_a_trouble_of_the_store_befalls_what_is_sent_in_its_time(sent_at, is_struck):
    """From 10 to 20, the end exclusive; what is lost already is not late as well."""
    ways = Ways(3, 4)
    lost = Outage(begins=10, ends=20).fate(ways, sent_at)
    late = Delay(begins=10, ends=20, by=100)

    assert lost == (Ways(NEVER, 4) if is_struck else ways)
    assert late.fate(ways, sent_at) == (Ways(103, 4) if is_struck else ways)
    assert late.fate(Ways(NEVER, 4), sent_at) == Ways(NEVER, 4)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (a_crash(1, 0, None), "process 1 is killed"),
        (a_crash(1, 0, "before_issue"), "process 1 is killed before its next token request"),
        (
            a_crash(1, 0, "stored_not_released"),
            "process 1 is killed with its lock not released yet",
        ),
        (Pause(fault=0, at=0, process=2, span=1_500_000), "process 2 stands still for 1.5 s"),
        (Replace(fault=0, at=0, process=2), "process 2 is replaced"),
        (Scale(fault=0, at=0, processes=4), "the fleet has 4 processes from now on"),
        (
            ClockOff(fault=0, at=0, process=0, offset=-SECOND, drift_ppm=7),
            "the clock of process 0 is 1 s behind and gains 7 ppm",
        ),
        (
            CancelLeader(fault=0, at=0, process=0),
            "the caller of process 0 who has waited longest is cancelled",
        ),
        (StoreTrouble(fault=0, at=0, until=SECOND, kind="down"), "the store is down, for 1 s"),
        (StoreTrouble(fault=0, at=0, until=SECOND, kind="slow"), "the store is slow, for 1 s"),
        (StoreTrouble(fault=0, at=0, until=SECOND, kind="lag"), "reads of the store lag, for 1 s"),
        (StoreLoss(fault=0, at=0, kind="lock"), "the lock is gone"),
        (StoreLoss(fault=0, at=0, kind="write"), "a write is not kept"),
    ],
)
def test_a_fault_that_strikes_is_told_in_words(fault, words):
    """The same on both engines."""
    assert fault.describe() == words
