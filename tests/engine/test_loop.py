"""The virtual loop as it runs and ends: deadlocks, errors, stopping, closing."""

import asyncio
import math
import sys

import pytest

from tests.user_code.owners import owned_by
from tokenrace.clock import DAY, SECOND
from tokenrace.engine.loop import VirtualLoop
from tokenrace.errors import DeadlockError, LivelockError


class TestDeadlock:
    def test_a_deadlock_names_the_waiting_tasks_and_where_they_wait(self, loop):
        """By process, then in the order of creation; a line of the user's code, not asyncio's."""

        async def waits_for_lock(lock):
            async with lock:
                raise AssertionError

        async def waits_for_future():
            await loop.create_future()

        async def main():
            lock = asyncio.Lock()
            await lock.acquire()
            with owned_by(3):
                loop.create_task(waits_for_lock(lock), name="refresher")
                loop.create_task(waits_for_lock(lock))
            with owned_by(1):
                loop.create_task(waits_for_future(), name="holder")
            loop.pause(1)
            await asyncio.gather(waits_for_future())

        lines = {
            code.co_name: code.co_firstlineno
            for code in (waits_for_lock.__code__, waits_for_future.__code__, main.__code__)
        }
        test = type(self).__qualname__ + "." + sys._getframe().f_code.co_name
        with pytest.raises(DeadlockError) as caught:
            loop.run_until_complete(main())
        assert str(caught.value) == (
            "deadlock: tasks wait, and nothing is due that could wake them\n"
            f"  no process: Task-1 waits in {test}.<locals>.main "
            f"(test_loop.py:{lines['main'] + 9})\n"
            f"  no process: Task-3 waits in {test}.<locals>.waits_for_future "
            f"(test_loop.py:{lines['waits_for_future'] + 1})\n"
            f"  process 1, paused: holder waits in {test}.<locals>.waits_for_future "
            f"(test_loop.py:{lines['waits_for_future']})\n"
            f"  process 3: refresher waits in {test}.<locals>.waits_for_lock "
            f"(test_loop.py:{lines['waits_for_lock'] + 1}), for Lock.acquire\n"
            f"  process 3: Task-2 waits in {test}.<locals>.waits_for_lock "
            f"(test_loop.py:{lines['waits_for_lock'] + 1}), for Lock.acquire"
        )

    def test_a_sleep_without_end_is_a_deadlock(self, loop):
        """Nothing will ever come of it."""
        with pytest.raises(DeadlockError, match="Task-1 waits in no code of yours, for sleep"):
            loop.run_until_complete(asyncio.sleep(math.inf))

    def test_a_crashed_process_waits_for_nothing(self, loop):
        """It is not named among those that could go on."""

        async def stubborn():
            while True:
                try:
                    await loop.create_future()
                except asyncio.CancelledError:
                    continue

        async def main():
            with owned_by(1):
                loop.create_task(stubborn(), name="zombie")
            await asyncio.sleep(1)
            loop.crash(1)
            await loop.create_future()

        with pytest.raises(DeadlockError) as caught:
            loop.run_until_complete(main())
        assert [line.split(" waits")[0] for line in caught.value.waiting] == ["no process: Task-1"]


class TestLivelock:
    def test_a_task_that_goes_round_and_never_waits_is_named(self, loop, monkeypatch):
        """It polls a flag that nobody can set while it polls. One that sleeps is not to blame."""
        monkeypatch.setattr("tokenrace.engine.schedule._CALLBACKS_MAX", 1_000)

        async def polls():
            while True:  # noqa: ASYNC110 - the story is about such code
                await asyncio.sleep(0)

        async def main():
            loop.create_task(asyncio.sleep(1), name="sleeper")
            with owned_by(2):
                await loop.create_task(polls(), name="poller")

        with pytest.raises(LivelockError) as caught:
            loop.run_until_complete(main())
        line = polls.__code__.co_firstlineno + 2
        (spinning,) = caught.value.spinning
        assert spinning.startswith("process 2: poller goes round in ")
        assert spinning.endswith(f"polls (test_loop.py:{line}), for sleep")
        assert str(caught.value).startswith("livelock: tasks go on without waiting")

    def test_callbacks_at_many_instants_are_none(self, loop, monkeypatch):
        """2,000 sleeps of a tick each."""
        monkeypatch.setattr("tokenrace.engine.schedule._CALLBACKS_MAX", 1_000)

        async def main():
            for _ in range(2_000):
                await asyncio.sleep(0.000_001)

        loop.run_until_complete(main())
        assert loop.now == 2_000


class TestRunning:
    def test_an_error_in_a_callback_ends_the_run(self, loop):
        """The stock loop would log it and go on, and a run would be wrong without a word."""

        def breaks():
            raise ZeroDivisionError

        loop.call_later(1, breaks)
        with pytest.raises(ZeroDivisionError):
            loop.run_until_complete(asyncio.sleep(2))
        assert loop.now == SECOND

    def test_an_exception_handler_takes_the_errors_it_is_given(self, loop):
        """Then the run goes on."""
        told = []
        assert loop.get_exception_handler() is None
        loop.set_exception_handler(lambda _, context: told.append(repr(context["exception"])))
        loop.call_later(1, lambda: 1 / 0)
        loop.run_until_complete(asyncio.sleep(2))
        assert told == ["ZeroDivisionError('division by zero')"]

    def test_stop_lets_what_is_ready_run_first(self, loop):
        """And leaves the rest for the next run, as the stock loop does."""
        seen = []
        loop.call_soon(loop.stop)
        loop.call_soon(lambda: (seen.append("ready"), loop.call_soon(seen.append, "later")))
        loop.run_forever()
        assert seen == ["ready"]
        loop.call_soon(loop.stop)
        loop.run_forever()
        assert seen == ["ready", "later"]

    def test_a_future_that_a_stop_left_undone_is_an_error(self, loop):
        """With the stock loop's words."""
        loop.call_later(1, loop.stop)
        with pytest.raises(RuntimeError, match="stopped before Future completed"):
            loop.run_until_complete(loop.create_future())

    def test_a_closed_loop_takes_nothing_more(self):
        """With the stock loop's words."""
        loop = VirtualLoop()
        loop.close()
        for schedule in (loop.call_soon, lambda callback: loop.call_later(1, callback)):
            with pytest.raises(RuntimeError, match="Event loop is closed"):
                schedule(print)

    def test_one_loop_runs_at_a_time(self, loop):
        """A loop does not run inside itself or another."""

        async def inside(which):
            which.run_forever()

        other = VirtualLoop()
        with pytest.raises(RuntimeError, match="already running"):
            loop.run_until_complete(inside(loop))
        with pytest.raises(RuntimeError, match="another loop is running"):
            loop.run_until_complete(inside(other))
        other.close()

    def test_discarding_closes_what_still_waits(self):
        """Their finally blocks run now, in the order of creation, not when they are collected."""
        loop, seen = VirtualLoop(), []

        async def waits(name):
            try:
                await asyncio.sleep(9)
            finally:
                seen.append(name)

        for name in "abc":
            loop.create_task(waits(name))
        loop.run_until_complete(asyncio.sleep(1))
        loop.discard()
        assert seen == ["a", "b", "c"]
        assert loop.is_closed()

    def test_a_generator_that_fails_to_close_keeps_no_other_open(self, caplog):
        """It is logged, as the stock loop does, and the rest are closed in the order begun."""
        seen, kept = [], []

        async def counts(name):
            try:
                yield name
            finally:
                seen.append(name)
                if name == "b":
                    raise ValueError("stuck")

        async def main():
            for name in "abc":
                kept.append(counts(name))
                await anext(kept[-1])

        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            runner.run(main())
        assert seen == ["a", "b", "c"]
        assert "error occurred during closing of asynchronous generator" in caplog.text

    def test_a_task_factory_of_the_old_form_is_called(self, loop):
        """The task gets the name that was asked for, which such a factory is not told."""
        loop.set_task_factory(lambda loop, coroutine: asyncio.Task(coroutine, loop=loop))
        task = loop.create_task(asyncio.sleep(1), name="mine")
        loop.run_until_complete(task)
        assert task.get_name() == "mine"

    def test_names_of_tasks_are_counted_anew_on_each_loop(self):
        """So that errors of two runs in one process read the same."""

        async def name():
            return asyncio.current_task().get_name()

        for _ in range(2):
            with asyncio.Runner(loop_factory=VirtualLoop) as runner:
                assert runner.run(name()) == "Task-1"

    def test_debug_mode_is_remembered(self):
        """asyncio then says where a callback was made."""
        with asyncio.Runner(loop_factory=VirtualLoop, debug=True) as runner:
            runner.run(asyncio.sleep(DAY / SECOND))
            assert runner.get_loop().get_debug()
