"""O7, O8 and O9: what a whole process asks for when its workers want a token at once."""

from collections import Counter
from dataclasses import replace

import pytest

from tests.simulation.virtual_runs import LIFETIME, TOKEN_TRIP, a_plan, a_run
from tokenrace.arrivals import Closed
from tokenrace.clock import MILLISECOND, SECOND
from tokenrace.distributions import Constant
from tokenrace.faults.planned import PlannedChange
from tokenrace.faults.schedule import ProviderFaults
from tokenrace.provider.lifecycle import Deactivate
from tokenrace.strategies.composing import composed_of
from tokenrace.trace.events import IssueRefused, TokenIssued

AT_ONCE = Closed(Constant(SECOND))
"""Every worker calls first at 1 s, and then a second after its last call ended."""


@pytest.mark.parametrize("workers", [1, 5, 20])
def test_a_mutex_without_a_second_look_has_as_many_tokens_issued_as_workers(workers):
    """O7: exactly W per process, one after the other, a trip of 100 ms apart; each of 3 processes
    alike. The last is there at 1 s + W * 100 ms <= 3 s, long before the first leeway begins."""
    plan = a_plan(
        "mutex_no_recheck",
        processes=3,
        workers=workers,
        cap=None,
        arrivals=AT_ONCE,
        duration=30 * SECOND,
    )
    issued = [event for event in a_run(plan)[0] if isinstance(event, TokenIssued)]

    assert Counter(event.asked_by for event in issued) == {
        "p0": workers,
        "p1": workers,
        "p2": workers,
    }
    for process in ("p0", "p1", "p2"):
        instants = [event.at for event in issued if event.asked_by == process]
        first = SECOND + TOKEN_TRIP // 2
        assert instants == [first + turn * TOKEN_TRIP for turn in range(workers)]


@pytest.mark.parametrize("preset", ["check_then_act", "mutex_no_recheck", "mint_per_call"])
@pytest.mark.parametrize("over", [0, SECOND])
def test_a_leeway_as_long_as_the_lifetime_is_a_token_for_each_call(preset, over):
    """O8: no token is ever fresh, so each call asks; every answer is used once. 4 workers, a call
    every 1 s + 100 ms + 50 ms; where they wait in line for the mutex, fewer calls, and as many
    tokens. The call that is under way at the end has its token, or not yet."""
    leeway = [] if preset == "mint_per_call" else [("leeway", LIFETIME + over)]
    plan = replace(
        a_plan(preset, workers=4, cap=None, arrivals=AT_ONCE, duration=120 * SECOND + over),
        recipe=composed_of(preset, {}, leeway),
    )
    _, counted = a_run(plan)

    assert sum(counted.provider.responses) > 400
    assert 0 <= counted.provider.tokens_issued - sum(counted.provider.responses) <= 4


def failing(preset):
    """Return the run of 20 workers who call at 1 s, and are told no: the app is switched off."""
    off = PlannedChange(at=0, fault=0, change=Deactivate())
    plan = replace(
        a_plan(preset, workers=20, arrivals=AT_ONCE, duration=3 * SECOND + 1),
        provider_faults=ProviderFaults(changes=(off,)),
    )
    events, counted = a_run(plan)
    return [event.at for event in events if isinstance(event, IssueRefused)], counted


def test_under_a_lock_a_failure_is_a_convoy():
    """O9: each of the 20 in line asks for itself, 100 ms after the one before, W * L in all.

    The first at 1 s, the last fails at 3 s, having waited for 20 * 100 ms. Those who failed before
    2 s are in line again by then.
    """
    instants, counted = failing("mutex_double_checked")
    failed = sum(counted.clients.operations["refused"])

    assert instants == [SECOND + TOKEN_TRIP // 2 + turn * TOKEN_TRIP for turn in range(20)]
    assert failed == 20
    assert waited_at_most(counted) == 20 * TOKEN_TRIP


def test_a_shared_failure_is_one_call():
    """O9: single-flight's 20 workers fail together after one call of 100 ms. At 1.0, 2.1 s: two."""
    instants, counted = failing("single_flight")

    assert instants == [at + TOKEN_TRIP // 2 for at in (SECOND, 2 * SECOND + TOKEN_TRIP)]
    assert sum(counted.clients.operations["refused"]) == 40
    assert waited_at_most(counted) == TOKEN_TRIP


def waited_at_most(counted):
    """Return the longest that a caller waited, as exactly as the histogram knows: to 1 %."""
    return pytest.approx(counted.clients.latency.quantile(1.0), rel=0.02, abs=MILLISECOND)
