"""What the virtual engine makes of small scenarios, held against what can be derived by hand."""

from functools import cache

import pytest

from tests.simulation.virtual_runs import (
    API_TRIP,
    LIFETIME,
    ROTATION,
    TOKEN_TRIP,
    Kept,
    a_plan,
    a_run,
)
from tokenrace.arrivals import Closed, Poisson, gaps, phase
from tokenrace.arrivals import Constant as Evenly
from tokenrace.clock import HOUR, MINUTE, SECOND
from tokenrace.distributions import Constant
from tokenrace.fleet.names import worker_name
from tokenrace.rng import Streams
from tokenrace.simulation.virtual.engine import VirtualEngine
from tokenrace.strategies.presets import PRESETS
from tokenrace.trace.events import (
    CallRefused,
    TokenAdopted,
    TokenEvicted,
    TokenIssued,
)
from tokenrace.trace.files import TraceHeader, TraceWriter
from tokenrace.trace.tally import BINS

PROCESSES = CAPS = range(1, 7)
ROTATIONS = 100


def rate_401(counted, *, from_bin=0):
    refused = sum(sum(bins[from_bin:]) for bins in counted.provider.refused.values())
    return refused / sum(counted.provider.responses[from_bin:])


@cache
def taking_turns(preset, processes, cap, rotations):
    """Processes that start a fraction of a rotation apart, and so refresh one after the other."""
    plan = a_plan(
        preset,
        processes=processes,
        workers=3,
        cap=cap,
        duration=rotations * ROTATION,
        start_spread=ROTATION,
    )
    return a_run(plan)


@pytest.mark.parametrize("cap", CAPS)
@pytest.mark.parametrize("processes", PROCESSES)
def test_holders_that_take_turns_are_refused_one_minus_n_over_p(processes, cap):
    """Holder rule: of a rotation a process holds one of the newest N tokens for N issues of P.

    But it refreshes for a call, which is never refused: one of a rotation's 1 + 3 * 120 / 5.05 =
    72.3, where 3 workers call every 5.05 s for 120 s. The first two of 100 rotations, in which not
    all have issued, are the first 5 of 240 bins and left out. Of 7,200 calls of a process 3 sigma
    are 1.8 %; as many again for each other process.
    """
    _, counted = taking_turns("mutex_double_checked", processes, cap, ROTATIONS)
    bins_of_two_rotations = -(-2 * BINS // ROTATIONS)
    law = max(0, 1 - cap / processes)
    expected = law - 1 / 72.3 if law else 0

    assert rate_401(counted, from_bin=bins_of_two_rotations) == pytest.approx(expected, abs=0.015)


@pytest.mark.parametrize("cap", CAPS)
@pytest.mark.parametrize("processes", PROCESSES)
def test_holders_that_refresh_at_once_are_refused_one_minus_n_over_p(processes, cap):
    """All issue in one instant, the last N survive it, and all make as many calls: exactly."""
    plan = a_plan(processes=processes, workers=2, cap=cap, arrivals=Closed(Constant(SECOND)))
    _, counted = a_run(plan)

    assert rate_401(counted) == pytest.approx(max(0, 1 - cap / processes), abs=1e-12)
    # A process refreshes a minute before its last token expires, so it may have two.
    assert counted.provider.live_peak == min(2 * processes, cap)


@pytest.mark.parametrize("cap", [1, 2, 3, 5])
@pytest.mark.parametrize("preset", PRESETS)
def test_every_trace_keeps_the_fifo_law(preset, cap):
    """Token k is live at t exactly when M(t) - k < N and t is before its expiry.

    So it is evicted by token k + N and by no other, at its issue, if it has not expired; and a call
    is refused for no other reason, and never with a live token.
    """
    events, _ = taking_turns(preset, 4, cap, 10)
    issued = {event.token: event for event in events if isinstance(event, TokenIssued)}
    evictions = [event for event in events if isinstance(event, TokenEvicted)]

    assert list(issued) == list(range(1, 1 + len(issued)))
    assert [(event.token, event.displaced_by, event.at) for event in evictions] == [
        (token, token + cap, issued[token + cap].at)
        for token in issued
        if token + cap in issued and issued[token + cap].at < issued[token].expires_at
    ]
    evicted = {event.token for event in evictions}
    newest = 0
    for event in events:
        if isinstance(event, TokenIssued):
            newest = event.token
        elif isinstance(event, CallRefused):
            has_lapsed = event.at >= issued[event.token].expires_at
            assert has_lapsed or newest - event.token >= cap
            assert event.cause == ("evicted" if event.token in evicted else "expired")


def test_refusals_are_enough_to_have_tested_the_law():
    """Four processes and one live token: three of four calls, for some presets more."""
    for preset in ("check_then_act", "mutex_double_checked", "reactive_unconditional"):
        events, _ = taking_turns(preset, 4, 1, 10)
        assert sum(isinstance(event, CallRefused) for event in events) > 500


def test_an_issue_that_nobody_waits_for_any_more_stays_issued():
    """One worker thinks 1 s; the token endpoint takes 4 s, and the client gives up after 1 s.

    It asks at 1, 3, ... 19 s: ten requests without an answer, ten operations unknown. Each request
    takes effect 2 s after it was sent, before the run's end at 20.5 s for the first nine: nine
    tokens that are live and that nobody has.
    """
    plan = a_plan(
        arrivals=Closed(Constant(SECOND)),
        token_trip=4 * SECOND,
        timeout=SECOND,
        cap=None,
        duration=41 * SECOND // 2,
    )
    events, counted = a_run(plan)
    instants = [event.at for event in events if isinstance(event, TokenIssued)]

    assert instants == [second * SECOND for second in range(3, 21, 2)]
    assert (counted.provider.tokens_issued, counted.provider.live_peak) == (9, 9)
    assert not any(isinstance(event, TokenAdopted) for event in events)
    assert counted.clients.unknown == 10
    assert ended(counted) == {"ok": 0, "refused": 0, "unknown": 10}
    assert sum(counted.provider.responses) == 0


def test_a_call_that_nobody_waits_for_any_more_has_its_effect():
    """One worker thinks 1 s, its token comes in 100 ms, then each call times out after 1 s of 4.

    Calls leave at 1.1, 3.1, ... 19.1 s and are unknown a second later; the meeting is there 2 s
    after each left, for the first nine before the end at 21 s. No answer, no latency.
    """
    plan = a_plan(
        arrivals=Closed(Constant(SECOND)),
        api_trip=4 * SECOND,
        timeout=SECOND,
        duration=21 * SECOND,
        mix=(("create_meeting", 1),),
    )
    _, counted = a_run(plan)

    assert counted.provider.statuses == {201: 9}
    assert counted.clients.unknown == 10
    assert ended(counted) == {"ok": 0, "refused": 0, "unknown": 10}
    assert counted.clients.latency.total() == 0


def ended(counted):
    return {outcome: sum(bins) for outcome, bins in counted.clients.operations.items()}


def instants_of(plan):
    """Return when each worker of ``plan`` wants its operations, as its own stream of gaps says."""
    fleet, streams = plan.fleet, Streams(plan.seed)
    for process in range(fleet.processes):
        for worker in range(fleet.workers):
            name, number = worker_name(process, worker), fleet.number_of(process, worker)
            own = streams.spans(f"gap/{name}", gaps(fleet.arrivals, fleet.size()))
            at = fleet.starts_at(process) + phase(fleet.arrivals, number, fleet.size())
            at = max(at + own.next(), 0)
            while at < plan.duration:
                yield at
                at += own.next()


@pytest.mark.parametrize("skips_calm", [True, False])
@pytest.mark.parametrize("arrivals", [Poisson(7.0), Evenly(7.0)], ids=["poisson", "constant"])
def test_open_operations_start_when_their_stream_says(arrivals, skips_calm):
    """One token for all of ten minutes: an operation ends 50 ms after it was wanted.

    But for those of the first token's 100 ms, which wait for it; no bin of 2.5 s divides them.
    """
    plan = a_plan(
        processes=2,
        workers=3,
        cap=2,
        arrivals=arrivals,
        duration=10 * MINUTE,
        lifetime=HOUR,
        seed=4,
    )
    _, counted = a_run(plan, skips_calm=skips_calm)
    width = counted.clients.width
    ends = [at + API_TRIP for at in instants_of(plan) if at + API_TRIP < plan.duration]
    bins = [0] * BINS
    for end in ends:
        bins[end // width] += 1

    assert counted.provider.tokens_issued == 2
    assert ended(counted) == {"ok": len(ends), "refused": 0, "unknown": 0}
    assert counted.clients.operations["ok"] == bins
    assert abs(len(ends) - 4_200) < 5 * 4_200**0.5


def test_an_even_workload_is_even():
    """4 a second from 6 workers: one each 250 ms, the first at 250 ms, 2,399 in ten minutes.

    The one due at the very end does not start.
    """
    plan = a_plan(processes=2, workers=3, arrivals=Evenly(4.0), duration=10 * MINUTE)

    assert sorted(instants_of(plan)) == [count * SECOND // 4 for count in range(1, 2_400)]


def test_a_run_says_how_far_it_has_come():
    """A hundred reports, evenly spaced, from its beginning."""
    heard = []
    plan = a_plan(duration=10 * MINUTE)
    VirtualEngine().run(plan, Kept(), heard.append)

    assert heard == [plan.duration * step // 100 for step in range(100)]


def test_a_process_is_told_its_token_when_its_answer_is_back():
    """Asked for when first wanted, issued half a round trip later, adopted after the other half.

    Renewed at the first call within a minute of expiry: a call every 1.05 s, so within 1.05 s.
    """
    plan = a_plan(arrivals=Closed(Constant(SECOND)), duration=LIFETIME)
    events, _ = a_run(plan)
    first, adopted, evicted, second, *_ = events

    assert (first.at, adopted.at) == (SECOND + TOKEN_TRIP // 2, SECOND + TOKEN_TRIP)
    assert isinstance(adopted, TokenAdopted)
    assert (evicted.token, second.token, evicted.at) == (1, 2, second.at)
    asked_at = second.at - TOKEN_TRIP // 2
    # The token is thought to live from when its answer came.
    assert 0 <= asked_at - (adopted.at + ROTATION) < SECOND + API_TRIP


def trace_of(plan, path, *, skips_calm=True):
    """Run ``plan`` and return its whole trace."""
    header = TraceHeader(
        scenario=plan.scenario,
        strategy=plan.strategy,
        seed=plan.seed,
        engine="virtual",
        duration=plan.duration,
        lifetime=plan.policy.lifetime,
        time_scale=1.0,
        version="test",
    )
    with TraceWriter(path, header) as writer:
        counted = VirtualEngine(skips_calm=skips_calm).run(plan, writer, lambda at: None)
        writer.finish(counted.provider, counted.clients)
    return path.read_bytes()


@pytest.mark.parametrize("preset", PRESETS)
def test_the_same_seed_gives_the_same_bytes(preset, tmp_path):
    """Twice, and stepped through calm time as well; another seed gives another history."""

    def trace(name, seed, *, skips_calm=True):
        plan = a_plan(preset, processes=3, workers=2, cap=2, seed=seed)
        body = trace_of(plan, tmp_path / name, skips_calm=skips_calm)
        return body.partition(b"\n")[2]  # the first line names the seed

    first = trace("first", 7)

    assert trace("again", 7) == first
    assert trace("stepped", 7, skips_calm=False) == first
    assert trace("other", 8) != first
