"""Simulated processes on one loop: what is theirs, how they crash and how they pause."""

import asyncio
import gc

from tests.user_code.owners import owned_by
from tokenrace.clock import SECOND
from tokenrace.user_code.ownership import OWNER


def start(loop, process, work, name=None):
    """Start ``work`` as a task of ``process``."""
    with owned_by(process):
        return loop.create_task(work, name=name)


async def ticks_by(loop, seen, name):
    """Log the instant, in seconds, every second."""
    while True:
        await asyncio.sleep(1)
        seen.append((name, loop.now // SECOND))


class TestWhose:
    def test_what_a_process_starts_is_its_own(self, loop):
        """Tasks, callbacks and timers, and what those start in turn."""
        seen = []

        async def child():
            seen.append(("task", OWNER.get()))
            loop.call_soon(lambda: seen.append(("callback", OWNER.get())))
            loop.call_later(1, lambda: seen.append(("timer", OWNER.get())))

        async def parent():
            await asyncio.create_task(child())

        start(loop, 4, parent())
        loop.run_until_complete(asyncio.sleep(2))
        assert seen == [("task", 4), ("callback", 4), ("timer", 4)]
        assert OWNER.get() is None

    def test_tasks_are_listed_in_the_order_of_creation(self, loop):
        """And only while they are not done."""
        for name, span in (("a", 3), ("b", 1), ("c", 3)):
            start(loop, 1, asyncio.sleep(span), name)
        loop.run_until_complete(asyncio.sleep(2))
        assert [task.get_name() for task in loop.tasks_of(1)] == ["a", "c"]

    def test_tasks_that_are_done_are_forgotten(self, loop):
        """Ten thousand short tasks leave a small list behind."""

        async def many():
            for _ in range(10_000):
                await asyncio.create_task(asyncio.sleep(0))

        loop.run_until_complete(many())
        assert len(loop._all_tasks()) < 200


class TestCrash:
    def test_ports_are_severed_before_cleanup_runs(self, loop):
        """A dead process cannot release its lease: its finally blocks run, and change nothing."""
        seen, is_severed = [], []

        async def holder():
            try:
                await asyncio.sleep(60)
            finally:
                seen.append(("cleanup", loop.now, bool(is_severed)))

        async def main():
            start(loop, 1, holder())
            loop.on_crash(1, lambda: is_severed.append(True))
            await asyncio.sleep(5)
            loop.crash(1)
            await asyncio.sleep(60)

        loop.run_until_complete(main())
        assert seen == [("cleanup", 5 * SECOND, True)]

    def test_nothing_of_it_runs_after_its_tick(self, loop):
        """Not its timers, not what its cleanup waits for, not a task its cleanup starts."""
        seen = []

        async def lingers():
            try:
                await asyncio.sleep(60)
            finally:
                start(loop, 1, ticks_by(loop, seen, "started by the dead"))
                await asyncio.sleep(0)
                seen.append(("still this tick", loop.now // SECOND))
                await asyncio.sleep(1)
                seen.append("never")

        async def main():
            start(loop, 1, lingers())
            start(loop, 1, ticks_by(loop, seen, "dead"))
            start(loop, 2, ticks_by(loop, seen, "alive"))
            with owned_by(1):
                loop.call_later(4, seen.append, "never")
            await asyncio.sleep(2.5)
            loop.crash(1)
            await asyncio.sleep(2)

        loop.run_until_complete(main())
        assert seen == [
            ("dead", 1),
            ("alive", 1),
            ("dead", 2),
            ("alive", 2),
            ("still this tick", 2),
            ("alive", 3),
            ("alive", 4),
        ]

    def test_a_task_that_will_not_be_cancelled_is_dropped_and_can_be_named(self, loop):
        """What tasks_of still lists after the tick never runs again."""

        async def stubborn():
            while True:
                try:
                    await asyncio.sleep(1)
                except asyncio.CancelledError:
                    continue

        async def main():
            start(loop, 1, stubborn(), "stubborn")
            start(loop, 1, asyncio.sleep(9), "obedient")
            await asyncio.sleep(2)
            loop.crash(1)
            await asyncio.sleep(2)
            return [task.get_name() for task in loop.tasks_of(1)]

        assert loop.run_until_complete(main()) == ["stubborn"]
        assert loop.is_crashed(1)

    def test_a_process_can_crash_in_the_middle_of_its_own_task(self, loop):
        """The task ends at its next await, which is where a fault between two steps shows."""
        seen = []

        async def issues_and_stores():
            seen.append("issued")
            loop.crash(1)
            await asyncio.sleep(0)
            seen.append("stored")

        start(loop, 1, issues_and_stores())
        loop.run_until_complete(asyncio.sleep(1))
        assert seen == ["issued"]

    def test_what_a_dead_process_raises_is_nobodys_error(self, loop, caplog):
        """Its cleanup fails because its ports are severed; the run goes on and logs nothing."""

        async def fails():
            try:
                await asyncio.sleep(60)
            finally:
                loop.call_soon(lambda: 1 / 0)
                raise ConnectionError

        async def main():
            start(loop, 1, fails())
            await asyncio.sleep(1)
            loop.crash(1)
            await asyncio.sleep(1)

        loop.run_until_complete(main())
        gc.collect()
        assert caplog.records == []

    def test_a_paused_process_can_crash(self, loop):
        """SIGKILL does not wait for SIGCONT."""
        seen = []

        async def cleans_up():
            try:
                await asyncio.sleep(1)
            finally:
                seen.append(loop.now)

        async def main():
            start(loop, 1, cleans_up())
            await asyncio.sleep(0)
            loop.pause(1)
            await asyncio.sleep(5)
            loop.crash(1)
            await asyncio.sleep(1)

        loop.run_until_complete(main())
        assert seen == [5 * SECOND]


class TestPause:
    def test_a_paused_process_catches_up_in_the_order_things_were_due(self, loop):
        """Ten seconds of SIGSTOP; the others do not notice."""
        seen = []

        async def main():
            with owned_by(1):
                for at in (7, 3, 5):
                    loop.call_at(at, lambda at=at: seen.append((at, loop.now // SECOND)))
            start(loop, 2, ticks_by(loop, seen, "other"))
            await asyncio.sleep(2)
            loop.pause(1)
            assert loop.is_paused(1)
            await asyncio.sleep(4.5)
            loop.resume(1)
            await asyncio.sleep(1)

        loop.run_until_complete(main())
        assert [entry for entry in seen if entry[0] != "other"] == [(3, 6), (5, 6), (7, 7)]
        assert [at for name, at in seen if name == "other"] == [1, 2, 3, 4, 5, 6, 7]

    def test_a_task_woken_while_paused_goes_on_when_resumed(self, loop):
        """Its timeout has passed by then, and it finds out both at once."""
        seen = []

        async def call(answer):
            try:
                async with asyncio.timeout(3):
                    seen.append(await answer)
                    await asyncio.sleep(0)
            except TimeoutError:
                seen.append(("timed out", loop.now // SECOND))

        async def main():
            answer = loop.create_future()
            start(loop, 1, call(answer))
            await asyncio.sleep(1)
            loop.pause(1)
            answer.set_result("answer")
            await asyncio.sleep(9)
            loop.resume(1)
            await asyncio.sleep(1)

        loop.run_until_complete(main())
        assert seen == ["answer", ("timed out", 10)]

    def test_a_timer_cancelled_while_paused_does_not_run(self, loop):
        """What is due is held back, not run already."""
        seen = []

        async def main():
            with owned_by(1):
                timer = loop.call_later(1, seen.append, "never")
            loop.pause(1)
            await asyncio.sleep(2)
            timer.cancel()
            loop.resume(1)
            await asyncio.sleep(2)

        loop.run_until_complete(main())
        assert seen == []

    def test_pausing_twice_is_pausing_once(self, loop):
        """And resuming what is not paused does nothing."""
        seen = []

        async def main():
            loop.resume(1)
            start(loop, 1, ticks_by(loop, seen, "x"))
            loop.pause(1)
            await asyncio.sleep(1.5)
            loop.pause(1)
            loop.resume(1)
            await asyncio.sleep(1.2)

        loop.run_until_complete(main())
        assert seen == [("x", 2)]
