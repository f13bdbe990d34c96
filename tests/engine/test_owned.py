"""Simulated processes on one loop: crashed, paused, resumed."""

import asyncio
import contextvars

import pytest

from simulator.clock import SECOND
from simulator.engine.clocks import LoopClock
from simulator.engine.loop import VirtualLoop
from simulator.engine.ownership import OWNER, owned_by
from simulator.errors import DeadlockError


@pytest.fixture
def loop():
    """Return a loop that is discarded after the test, whatever still waits on it."""
    loop = VirtualLoop()
    yield loop
    loop.discard()


def start(process, coroutine):
    """Run ``coroutine`` as a task of ``process``."""
    with owned_by(process):
        return asyncio.create_task(coroutine)


class TestOwnership:
    def test_what_a_process_starts_belongs_to_it(self, loop):
        """Tasks of tasks, gathered ones and callbacks inherit the owner; the engine's have none."""
        seen = []

        async def child():
            seen.append(("child", OWNER.get()))

        async def parent():
            loop.call_later(1, lambda: seen.append(("timer", OWNER.get())))
            await asyncio.gather(child(), asyncio.create_task(child()))

        async def main():
            await start(4, parent())
            loop.post(loop.now + 1, 0, lambda _: seen.append(("post", OWNER.get())), None)
            await asyncio.sleep(2)

        loop.run_until_complete(main())
        assert seen == [("child", 4), ("child", 4), ("post", None), ("timer", 4)]

    def test_an_explicit_context_says_whose_a_task_is(self, loop):
        """A server's callbacks run in the context of the code that made the server."""
        with owned_by(7):
            context = contextvars.copy_context()

        async def main():
            task = loop.create_task(asyncio.sleep(1), context=context)
            assert loop.tasks_of(7) == [task]
            await task

        loop.run_until_complete(main())
        assert loop.tasks_of(7) == []

    def test_unfinished_tasks_are_listed_first_created_first(self, loop):
        """A thousand that are done leave nothing behind."""

        async def main():
            forever = [start(1, asyncio.sleep(99)) for _ in range(3)]
            for _ in range(1_000):
                await start(1, asyncio.sleep(0))
            assert loop.tasks_of(1) == forever
            assert len(loop._tasks[1]) < 100

        loop.run_until_complete(main())
        assert list(loop.all_owners()) == [None, 1]


class TestCrash:
    def test_ports_are_severed_before_finally_blocks_run(self, loop):
        """So a dead process cannot release its lease on the way out."""
        seen = []

        async def holder(name):
            try:
                await asyncio.sleep(99)
            finally:
                seen.append((f"finally {name}", loop.now))

        async def main():
            loop.on_crash(1, lambda: seen.append(("store severed", loop.now)))
            loop.on_crash(1, lambda: seen.append(("network severed", loop.now)))
            loop.on_crash(2, lambda: seen.append(("not mine", loop.now)))
            for name in "ab":
                start(1, holder(name))
            await asyncio.sleep(1)
            loop.crash(1)
            assert [what for what, _ in seen] == ["store severed", "network severed"]
            await asyncio.sleep(1)

        loop.run_until_complete(main())
        assert seen == [
            ("store severed", SECOND),
            ("network severed", SECOND),
            ("finally a", SECOND),
            ("finally b", SECOND),
        ]
        assert loop.is_crashed(1)
        assert not loop.is_crashed(2)

    def test_a_finally_block_has_this_tick_and_no_more(self, loop):
        """It may take turns, but whatever takes a microsecond never comes back."""
        seen = []

        async def tidy():
            try:
                await asyncio.sleep(99)
            finally:
                for turn in range(3):
                    await asyncio.sleep(0)
                    seen.append(turn)
                await asyncio.sleep(0.000_001)
                seen.append("a tick later")

        async def main():
            start(1, tidy())
            await asyncio.sleep(1)
            loop.crash(1)
            await asyncio.sleep(9)

        loop.run_until_complete(main())
        assert seen == [0, 1, 2]

    def test_nothing_of_it_runs_afterwards(self, loop):
        """Timers, callbacks, tasks it had made, and tasks that its last breath makes."""
        seen = []

        async def child():
            await asyncio.sleep(2)
            seen.append("child")

        async def parent():
            loop.call_later(2, seen.append, "timer")
            loop.call_at(1.5, loop.call_soon, seen.append, "callback")
            asyncio.create_task(child()).add_done_callback(lambda _: seen.append("child is over"))
            try:
                await asyncio.sleep(2)
            finally:
                loop.call_later(1, seen.append, "last breath")
                loop.kept = asyncio.create_task(child())
            seen.append("parent")

        async def main():
            start(1, parent())
            await asyncio.sleep(1)
            loop.crash(1)
            await asyncio.sleep(9)

        loop.run_until_complete(main())
        assert seen == ["child is over"]
        assert loop.now == 10 * SECOND

    def test_a_task_that_swallows_its_cancellation_vanishes_all_the_same(self, loop):
        """A process does not survive SIGKILL by catching exceptions."""
        seen = []

        async def stubborn():
            while True:
                try:
                    await asyncio.sleep(1)
                    seen.append(loop.now)
                except asyncio.CancelledError:
                    seen.append("no")

        async def main():
            task = start(1, stubborn())
            await asyncio.sleep(2.5)
            loop.crash(1)
            await asyncio.sleep(9)
            assert loop.tasks_of(1) == [task]

        loop.run_until_complete(main())
        assert seen == [SECOND, 2 * SECOND, "no"]

    def test_others_do_not_notice(self, loop):
        """A lock that a crashed process held in shared memory stays held: it waits for ever."""
        seen = []

        async def worker(name):
            for _ in range(3):
                await asyncio.sleep(1)
                seen.append((name, loop.now // SECOND))

        async def main():
            start(1, worker("dies"))
            other = start(2, worker("lives"))
            await asyncio.sleep(1.5)
            loop.crash(1)
            await other

        loop.run_until_complete(main())
        assert seen == [("dies", 1), ("lives", 1), ("lives", 2), ("lives", 3)]

    def test_a_paused_process_can_crash(self, loop):
        """Its tasks were due meanwhile, and are told of the crash, not of what was due."""
        seen = []

        async def worker():
            try:
                await asyncio.sleep(1)
                seen.append("went on")
            finally:
                seen.append(loop.now)

        async def main():
            start(1, worker())
            await asyncio.sleep(0.5)
            loop.pause(1)
            await asyncio.sleep(2.5)
            loop.crash(1)
            assert not loop.is_paused(1)
            await asyncio.sleep(1)

        loop.run_until_complete(main())
        assert seen == [3 * SECOND]

    def test_a_number_is_not_used_again(self, loop):
        """A restarted process is another process; the same number twice is the caller's bug."""
        loop.crash(1)
        with pytest.raises(AssertionError):
            loop.crash(1)


class TestPause:
    def test_what_is_due_waits_and_runs_in_its_order(self, loop):
        """Paused from 1.5 s to 4 s: what was due at 2 s and 3 s runs at 4 s, then it goes on."""
        seen = []

        async def worker(name, every):
            while True:
                await asyncio.sleep(every)
                seen.append((name, loop.time()))

        async def main():
            start(1, worker("a", 2))
            start(1, worker("b", 3))
            start(2, worker("other", 2))
            await asyncio.sleep(1.5)
            loop.pause(1)
            assert loop.is_paused(1)
            await asyncio.sleep(2.5)
            loop.resume(1)
            await asyncio.sleep(2.5)

        loop.run_until_complete(main())
        assert seen == [
            ("other", 2),
            ("other", 4),
            ("a", 4),
            ("b", 4),
            ("other", 6),
            ("a", 6),
        ]

    def test_what_others_do_for_it_waits_too(self, loop):
        """A future set, an event, an item queued: it learns of them when it is resumed."""
        seen = []

        async def reader(queue):
            while True:
                seen.append((await queue.get(), loop.time()))

        async def main():
            queue = asyncio.Queue()
            start(1, reader(queue))
            await asyncio.sleep(1)
            loop.pause(1)
            for item in "abc":
                queue.put_nowait(item)
                await asyncio.sleep(1)
            loop.resume(1)
            await asyncio.sleep(1)

        loop.run_until_complete(main())
        assert seen == [("a", 4), ("b", 4), ("c", 4)]

    def test_a_cheap_sleep_waits_as_an_ordinary_one_does(self, loop):
        """The engine's own timers belong to nobody; what they wake belongs to its process."""
        seen = []

        async def worker():
            await LoopClock(loop).sleep(SECOND)
            seen.append(loop.time())

        async def main():
            start(1, worker())
            await asyncio.sleep(0.5)
            loop.pause(1)
            await asyncio.sleep(4.5)
            loop.resume(1)
            await asyncio.sleep(1)

        loop.run_until_complete(main())
        assert seen == [5]

    def test_a_timeout_that_passed_meanwhile_fires_at_once(self, loop):
        """The answer came first, so a process that slept through both gets the answer."""
        seen = []

        async def caller(answer, name):
            try:
                async with asyncio.timeout(2):
                    seen.append((name, await answer))
            except TimeoutError:
                seen.append((name, "timeout"))

        async def main():
            soon, late = loop.create_future(), loop.create_future()
            start(1, caller(soon, "soon"))
            start(1, caller(late, "late"))
            loop.call_later(1, soon.set_result, "answer")
            loop.call_later(3, late.set_result, "answer")
            await asyncio.sleep(0.5)
            loop.pause(1)
            await asyncio.sleep(4.5)
            loop.resume(1)
            await asyncio.sleep(1)

        loop.run_until_complete(main())
        assert seen == [("soon", "answer"), ("late", "timeout")]

    def test_a_timer_cancelled_meanwhile_does_not_run(self, loop):
        """Another process may cancel what it waits for."""
        seen = []

        async def main():
            with owned_by(1):
                timer = loop.call_later(1, seen.append, "cancelled")
                loop.call_later(1, seen.append, "kept")
            loop.pause(1)
            await asyncio.sleep(2)
            timer.cancel()
            loop.resume(1)
            await asyncio.sleep(1)

        loop.run_until_complete(main())
        assert seen == ["kept"]

    def test_pausing_twice_is_pausing_once(self, loop):
        """Nothing held back is lost; resuming what is not paused does nothing."""
        seen = []

        async def main():
            with owned_by(1):
                loop.call_later(1, seen.append, "held back")
            loop.resume(1)
            loop.pause(1)
            await asyncio.sleep(2)
            loop.pause(1)
            loop.resume(1)
            loop.resume(1)
            await asyncio.sleep(1)

        loop.run_until_complete(main())
        assert seen == ["held back"]

    def test_a_run_in_which_only_a_paused_process_could_go_on_is_a_deadlock(self, loop):
        """Nobody is left to resume it, and the error says who was held back."""

        async def main():
            task = start(3, asyncio.sleep(1))
            loop.pause(3)
            await task

        with pytest.raises(DeadlockError) as caught:
            loop.run_until_complete(main())
        assert [line.split(":")[0] for line in caught.value.waiting] == [
            "no process",
            "process 3, paused",
        ]
