"""The virtual loop's time, and the order of what is due at one tick."""

import asyncio
import gc

import pytest

from tokenrace.clock import HOUR, SECOND
from tokenrace.engine.loop import VirtualLoop
from tokenrace.engine.ties import Fifo, Shuffled
from tokenrace.errors import DeadlockError


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
