"""The virtual loop: time, the order among equals, deadlocks, and what it refuses."""

import asyncio
import gc
import math
import os
import socket
import subprocess
import sys
import threading
import time

import pytest

from simulator.clock import DAY, HOUR, SECOND
from simulator.engine.loop import VirtualLoop
from simulator.engine.ownership import owned_by
from simulator.engine.ties import Fifo, Shuffled
from simulator.errors import BlockedLoopError, DeadlockError, UnsupportedOnVirtualTime


@pytest.fixture
def loop():
    """Return a loop that is discarded after the test, whatever still waits on it."""
    loop = VirtualLoop()
    yield loop
    loop.discard()


class TestTime:
    def test_an_hour_passes_at_once(self, loop):
        """Time is an integer, and the float that asyncio sees is derived from it."""

        async def hour():
            await asyncio.sleep(3600)
            return loop.now, loop.time()

        assert loop.run_until_complete(hour()) == (HOUR, 3600.0)

    def test_sums_of_delays_are_exact(self, loop):
        """A hundred thousand tenths of a second make 10,000 s; summed as floats they do not."""

        async def naps():
            for _ in range(100_000):
                await asyncio.sleep(0.1)

        loop.run_until_complete(naps())
        assert loop.now == 10_000 * SECOND

    def test_a_sleep_below_one_tick_takes_one(self, loop):
        """Halving what is left would otherwise never reach the deadline."""

        async def halve():
            while (left := 0.001 - loop.time()) > 0:  # noqa: ASYNC110
                await asyncio.sleep(left / 2)

        loop.run_until_complete(halve())
        assert loop.now == 1_000

    def test_a_cancelled_timer_does_not_move_the_clock(self, loop):
        """The run ends when its last task does, not when its timeouts would have."""

        async def quick():
            async with asyncio.timeout(3600):
                await asyncio.sleep(1)

        loop.run_until_complete(quick())
        with pytest.raises(DeadlockError):
            loop.run_until_complete(loop.create_future())
        assert loop.now == SECOND

    def test_cancelled_timers_do_not_pile_up(self, loop):
        """10,000 requests with an hour's timeout each leave no more than the odd hundred behind."""

        async def requests():
            for _ in range(10_000):
                async with asyncio.timeout(3600):
                    await asyncio.sleep(0.001)
            gc.collect()
            return sum(isinstance(thing, asyncio.TimerHandle) for thing in gc.get_objects())

        assert loop.run_until_complete(requests()) < 300

    def test_a_timer_in_the_past_runs_now(self, loop):
        """As on the stock loop; time never goes back."""
        seen = []

        async def late():
            await asyncio.sleep(5)
            loop.call_at(2, lambda: seen.append(loop.now))
            await asyncio.sleep(1)

        loop.run_until_complete(late())
        assert seen == [5 * SECOND]


class TestOrder:
    def test_posts_run_by_key_whenever_they_were_posted(self, loop):
        """Asyncio's own come first at each tick, then posts by key, then by order of posting."""
        seen = []
        done = loop.create_future()
        for key, name in ((7, "b"), (3, "a"), (7, "c")):
            loop.post(10, key, seen.append, name)
        loop.call_at(10 / SECOND, seen.append, "timer")
        loop.post_first(10, seen.append, "first")
        loop.post(10, 9, done.set_result, None)
        loop.run_until_complete(done)
        assert seen == ["timer", "first", "a", "b", "c"]

    def test_what_a_post_makes_ready_runs_before_the_next_post(self, loop):
        """So a post finds the world as the one before it left it, tasks included."""
        seen = []
        woken = loop.create_future()

        async def wait():
            seen.append(await woken)
            await asyncio.sleep(0)
            seen.append("and its next turn")

        loop.post(5, 1, woken.set_result, "the task")
        loop.post(5, 2, seen.append, "the next post")
        loop.run_until_complete(wait())
        loop.post(5, 3, lambda _: loop.stop(), None)
        loop.run_forever()
        assert seen == ["the task", "and its next turn", "the next post"]

    def test_timers_of_one_deadline_run_in_the_order_they_were_set(self, loop):
        """The stock loop runs eight of them as 0 2 6 5 7 4 1 3."""
        seen = []

        async def eight():
            for number in range(8):
                loop.call_at(1.0, seen.append, number)
            await asyncio.sleep(2)

        loop.run_until_complete(eight())
        assert seen == list(range(8))

    def test_posted_key_says_how_far_the_tick_has_come(self, loop):
        """It starts again at each tick, so a caller can tell whose turn has passed."""
        seen = []
        for at, key in ((1, 4), (1, 8), (2, 2)):
            loop.post(at, key, lambda _: seen.append((loop.now, loop.posted_key)), None)
        loop.post_first(2, lambda _: seen.append((loop.now, loop.posted_key)), None)
        loop.post(3, 0, lambda _: loop.stop(), None)
        loop.run_forever()
        assert seen == [(1, 4), (1, 8), (2, -1), (2, 2)]

    @pytest.mark.parametrize("ties", [Fifo(), Shuffled(1), Shuffled(2)])
    def test_a_tie_policy_orders_equals_and_nothing_else(self, ties):
        """Each thing still runs at its own tick, and one policy gives one order."""
        assert _orders(ties) == _orders(ties)
        by_tick = [(at, sorted(names)) for at, names in _orders(ties)]
        assert by_tick == [(at, sorted(names)) for at, names in _orders(Fifo())]

    def test_seeds_give_different_orders(self):
        """Among 8! orders of eight timers, twenty seeds should not meet twice."""
        orders = {repr(_orders(Shuffled(seed))) for seed in range(20)}
        assert len(orders) == 20

    def test_under_a_shuffle_posts_do_not_depend_on_when_they_were_posted(self):
        """Their rank is drawn from tick and key alone."""

        def run(keys):
            loop, seen = VirtualLoop(Shuffled(5)), []
            for key in keys:
                loop.post(10, key, seen.append, key)
            loop.post(11, 0, lambda _: loop.stop(), None)
            loop.run_forever()
            loop.close()
            return seen

        assert run(range(20)) == run(reversed(range(20)))
        assert run(range(20)) != list(range(20))


def _orders(ties):
    """Return what ran at each of three ticks, in its order."""
    loop = VirtualLoop(ties)
    seen = {1: [], 2: [], 3: []}

    async def sleeper(name):
        for at in (1, 2):
            await asyncio.sleep(at - loop.time())
            seen[at].append(name)
            await asyncio.sleep(0)
            seen[at].append(name)

    async def main():
        async with asyncio.TaskGroup() as group:
            for number in range(8):
                group.create_task(sleeper(f"task {number}"))
                loop.call_at(3, seen[3].append, f"timer {number}")
        await asyncio.sleep(2)

    loop.run_until_complete(main())
    loop.close()
    return list(seen.items())


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


class TestUnsupported:
    @pytest.mark.parametrize(
        ("call", "says"),
        [
            (lambda: asyncio.to_thread(print), "run_in_executor (asyncio.to_thread): a thread"),
            (lambda: asyncio.create_subprocess_exec("true"), "subprocess_exec: another program"),
            (lambda: asyncio.open_connection("localhost", 80), "no simulated network is here"),
            (lambda: asyncio.start_server(print, "localhost", 80), "create_server: a real socket"),
            (lambda: asyncio.get_running_loop().getaddrinfo("a", 80), "getaddrinfo: a real socket"),
            (lambda: asyncio.get_running_loop().sock_recv(None, 1), "sock_recv: a real socket"),
            (lambda: asyncio.get_running_loop().add_reader(0, print), "add_reader: a real socket"),
            (
                lambda: asyncio.get_running_loop().add_signal_handler(2, print),
                "add_signal_handler: signals come in real time",
            ),
        ],
    )
    def test_what_needs_real_time_says_so(self, loop, call, says):
        """Something almost right would be worse than an error."""

        async def main():
            await call()

        with pytest.raises(UnsupportedOnVirtualTime) as caught:
            loop.run_until_complete(main())
        assert says in str(caught.value)

    def test_call_soon_threadsafe_is_for_the_loops_own_thread(self, loop):
        """A signal's handler uses it there; another thread's call would come at any time."""
        caught, seen = [], []

        def from_elsewhere():
            try:
                loop.call_soon_threadsafe(seen.append, "elsewhere")
            except UnsupportedOnVirtualTime as error:
                caught.append(str(error))

        waiting = threading.Event()
        thread = threading.Thread(daemon=True, target=lambda: (waiting.wait(), from_elsewhere()))
        thread.start()

        async def main():
            loop.call_soon_threadsafe(seen.append, "here")
            waiting.set()
            thread.join()

        loop.run_until_complete(main())
        assert seen == ["here"]
        assert caught == ["call_soon_threadsafe from another thread: a thread runs in real time"]


class TestBlocking:
    @pytest.mark.parametrize(
        ("call", "named"),
        [
            (lambda: time.sleep(0), "time.sleep"),
            (lambda: threading.Thread(target=print).start(), "starting a thread"),
            (lambda: subprocess.run(["true"], check=False), "subprocess.Popen"),
            (lambda: os.system("true"), "os.system"),
            (lambda: socket.create_connection(("127.0.0.1", 9)), "socket.getaddrinfo"),
            (lambda: _connect("127.0.0.1"), "socket.connect"),
            (lambda: socket.gethostbyname("localhost"), "socket.gethostbyname"),
        ],
    )
    def test_a_call_that_blocks_is_an_error_that_names_it(self, loop, call, named):
        """And whose it is, and where."""

        async def strategy():
            call()

        async def main():
            with owned_by(2):
                await loop.create_task(strategy())

        line = strategy.__code__.co_firstlineno + 1
        with pytest.raises(BlockedLoopError) as caught:
            loop.run_until_complete(main())
        whose, rest = str(caught.value).split(f": {named} in ")
        assert whose == "process 2"
        place, advice = rest.split(" would block the loop in real time; use ")
        assert place.endswith(f"strategy (test_loop.py:{line})")
        assert advice

    def test_a_call_that_blocks_ends_the_run_even_if_its_error_is_swallowed(self, loop):
        """Code that retries after any exception would otherwise make a run of nothing but those."""

        async def swallows():
            while True:
                try:
                    time.sleep(0)  # noqa: ASYNC251
                except Exception:  # noqa: BLE001 - the story is about such code
                    await asyncio.sleep(1)

        with pytest.raises(BlockedLoopError, match=r"asyncio\.sleep instead"):
            loop.run_until_complete(swallows())
        assert loop.now == 0

    def test_outside_the_loop_everything_may_block(self, loop):
        """Before a run, after it, and in other threads."""
        loop.run_until_complete(asyncio.sleep(1))
        time.sleep(0)
        thread = threading.Thread(target=time.sleep, args=(0,))
        thread.start()
        thread.join()


def _connect(host):
    with socket.socket() as sock:
        sock.connect((host, 9))
