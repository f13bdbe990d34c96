"""Renewal with nobody asking, on virtual time."""

from tokenrace.clock import MINUTE, SECOND
from tokenrace.engine.clocks import LoopClock
from tokenrace.engine.loop import VirtualLoop
from tokenrace.strategies.alarm import RETRY, SOONEST, Alarm
from tokenrace.strategies.contract import Denied, TokenUnavailable


def rung(first_at, sets_again_at=None, denied=False):
    """Set an alarm; return the instants of its first three rings, or those of a minute."""
    loop = VirtualLoop()
    clock, rings = LoopClock(loop), []

    async def ring():
        rings.append(clock.now())
        if denied and len(rings) < 3:
            raise TokenUnavailable(Denied(status=503, error="server_error"))
        if sets_again_at is not None and len(rings) < 3:
            alarm.set(sets_again_at(clock.now()))

    alarm = Alarm(clock, ring)

    async def story():
        alarm.set(first_at)
        await clock.sleep(MINUTE)

    loop.run_until_complete(story())
    return rings


def test_it_rings_at_its_instant_and_no_more():
    """Once, however long one waits."""
    assert rung(20 * SECOND) == [20 * SECOND]


def test_an_instant_that_is_past_comes_a_second_later():
    """A provider that returns the same token until its end: each renewal is due at once, and each
    would be another request at that very instant."""
    at_once = rung(0, sets_again_at=lambda now: now)

    assert at_once == [SOONEST, 2 * SOONEST, 3 * SOONEST]


def test_after_a_refusal_it_rings_again_ten_seconds_later():
    """Until there is a token."""
    assert rung(20 * SECOND, denied=True) == [
        20 * SECOND,
        20 * SECOND + RETRY,
        20 * SECOND + 2 * RETRY,
    ]
