"""The place where somebody waits is in the code that waits, not in what it waits with."""

from tokenrace.clock import SECOND
from tokenrace.engine.clocks import LoopClock
from tokenrace.engine.loop import VirtualLoop
from tokenrace.user_code.waiting_place import place_of


async def wait_for_the_lock(clock):
    """Sleep once, as a strategy does that waits for a lock."""
    await clock.sleep(SECOND)


def test_who_sleeps_on_the_clock_of_a_process_is_the_place():
    """The clock's own function was named: ``_until (clocks.py:72)``: it says nothing."""
    loop = VirtualLoop()
    clock = LoopClock(loop)

    async def look():
        waiting = loop.create_task(wait_for_the_lock(clock))
        await clock.sleep(1)
        place = place_of(waiting)
        await waiting
        return place

    try:
        place = loop.run_until_complete(look())
    finally:
        loop.close()

    assert place.text.startswith("wait_for_the_lock (test_waiting_place.py:")
    assert place.module == __name__
