"""O2, O3, O5 and O6: the holder rule, H independent holders against N live tokens.

Its first part, N < H, for every H and N up to six (1 - N/H), is in
tests/simulation/virtual/test_virtual_engine.py.
"""

from collections import Counter
from dataclasses import replace
from math import exp, factorial

import pytest

from tests.simulation.virtual_runs import LIFETIME, ROTATION, a_plan, a_run
from tokenrace.arrivals import Closed, Poisson
from tokenrace.clock import HOUR, SECOND
from tokenrace.distributions import Constant
from tokenrace.faults.planned import Replace, SecondMinter
from tokenrace.faults.schedule import FleetFaults, ProviderFaults
from tokenrace.provider.policy import TokenPolicy
from tokenrace.strategies.composing import composed_of
from tokenrace.trace.events import CallRefused

LONG_WAYS = {"token_trip": 2 * SECOND, "api_trip": SECOND}
"""A new token is in use one second after its issue; a call arrives half a second after it left."""


def rate_401(counted):
    """Return the 401 rate of a whole run."""
    return sum(counted.provider.causes().values()) / sum(counted.provider.responses)


def timers(*, processes, cap, rotations, jitter=0, start_spread=0):
    """Return what becomes of processes that renew by a timer and ignore every 401.

    A token is renewed at four fifths of its three minutes and there 2 s later: 146 s a rotation.
    """
    plan = a_plan(
        "timer_refresh",
        processes=processes,
        workers=1,
        cap=cap,
        arrivals=Poisson(2.0 * processes),
        duration=rotations * 146 * SECOND,
        start_spread=start_spread,
        **LONG_WAYS,
    )
    settings = [("jitter", jitter)]
    return a_run(replace(plan, recipe=composed_of("timer_refresh", {}, settings)))[1]


@pytest.mark.parametrize("processes", range(1, 7))
def test_each_process_has_a_token_issued_per_rotation(processes):
    """O2: a lifetime of 3 min less a minute of leeway. A process renews when it first calls after
    that, the trip of 100 ms and a call each 1.05 s from a lone worker on: 121.1 s at most.

    Between 10 rotations of 121.1 s and 10 of 120 s, P each, whatever the cap."""
    plan = a_plan(
        processes=processes, cap=1, arrivals=Closed(Constant(SECOND)), duration=10 * ROTATION
    )

    assert a_run(plan)[1].provider.tokens_issued == 10 * processes


@pytest.mark.parametrize("holders", [1, 2, 3])
@pytest.mark.parametrize("start_spread", [0, 146 * SECOND])
def test_twice_as_many_tokens_as_holders_are_enough_whatever_their_phase(holders, start_spread):
    """O5: N >= 2 H. Between two renewals of one process every other has one, or two at the edge: a
    token in use is at worst the (2 H)th newest. No 401, at one phase or spread over a rotation,
    with 14 s of jitter."""
    counted = timers(
        processes=holders,
        cap=2 * holders,
        rotations=60,
        jitter=14 * SECOND,
        start_spread=start_spread,
    )

    assert counted.provider.tokens_issued >= 59 * holders
    assert sum(counted.provider.causes().values()) == 0


@pytest.mark.parametrize("holders", [1, 3])
def test_as_many_tokens_as_holders_leave_a_floor(holders):
    """O6: N = H. Each issue ends the holder's own last token, d before its last use arrives.

    It is used for 1 s more, while its successor is on its way, and calls are half a second on
    theirs: d = 1.5 s of tau = 146 s, 1.03 %. Twice a second for 300 rotations are 87,600 calls of a
    process, 900 of them refused: one sigma is 30 of 900, and four are allowed.
    """
    counted = timers(processes=holders, cap=holders, rotations=300, start_spread=146 * SECOND)

    assert rate_401(counted) == pytest.approx(1.5 / 146, rel=4 * 30 / 900)


def test_one_broker_leaves_the_same_floor():
    """O6 with H = 1: six processes, one holder. News of a new token take 1 s and half a millisecond
    from its issue, so d = 1.5005 s. tau is 146 s; 12 calls a second for 60 rotations are 105,000,
    1,080 of them refused in clumps of 18: sigma is 33, and four are allowed."""
    plan = a_plan(
        "token_broker",
        processes=6,
        cap=1,
        arrivals=Poisson(12.0),
        duration=60 * 146 * SECOND,
        **LONG_WAYS,
    )
    recipe = composed_of("token_broker", {"on_401": "ignore"}, [])
    _, counted = a_run(replace(plan, recipe=recipe))

    assert counted.provider.tokens_issued in (60, 61)
    assert rate_401(counted) == pytest.approx(1.5005 / 146, rel=4 * 33 / 1_080)


@pytest.mark.parametrize("cap", [1, 2, 3])
def test_a_holder_among_others_lives_until_n_issues_of_theirs(cap):
    """O3: a token outlives its own renewal only if the others' issues within tau are fewer than N.

    Here the others are one outsider at lambda = 1 / min, so a token lives for a Gamma(N, lambda)
    time G, or tau = 120 s. Of tau it is live E[min(G, tau)] / tau =
    sum over j < N of P(Poisson(lambda tau) > j) / (lambda tau), which for lambda tau = 2 is
    43 %, 73 % and 89 %. min(G, tau) / tau has a sigma below 0.4; of 360 rotations 2.1 %, three of
    which are allowed. A refresh is made for a call that is never refused: one of 115.
    """
    outsider = SecondMinter(fault=0, begins=0, ends=12 * HOUR, rate_hz=1 / 60)
    plan = replace(
        a_plan(cap=cap, arrivals=Closed(Constant(SECOND)), duration=12 * HOUR, lifetime=LIFETIME),
        provider_faults=ProviderFaults(minters=(outsider,)),
    )
    at_most = [sum(exp(-2) * 2**i / factorial(i) for i in range(j + 1)) for j in range(cap)]
    live = sum(1 - below for below in at_most) / 2

    assert rate_401(a_run(plan)[1]) == pytest.approx(1 - live, abs=3 * 0.021 + 1 / 115)


@pytest.mark.parametrize(("cap", "dead"), [(2, 63.0), (3, 11.9), (4, 0.0)])
def test_a_faster_holder_counts_as_often_as_it_issues(cap, dead):
    """O3 with fixed periods: two timers, of 144.1 s (four fifths of 3 min, and the trip of 100 ms)
    and 54.1 s (three tenths of it). The fast one issues u s after the slow one and each 54.1 s on,
    and u drifts evenly over 0 to 54.1.

    The slow one's token ends at the N-th of those, so of 144.1 s it is dead for
    144.1 - (u + 54.1 (N - 1)), if that is not negative: 63 s on average for N = 2; for N = 3 it is
    so in 35.9 of 54.1 cases, for half of 35.9 s: 11.9; for N = 4 never. Of 200 rotations the mean
    of u has a sigma of 15.6 / sqrt(200) = 1.1 s, three of which are allowed. The fast one sees one
    issue of the other at most: N = 2 is enough for it, but for the 75 ms until its own next token
    is in use.
    """
    faster = composed_of("timer_refresh", {}, [("jitter", 0), ("fraction", 0.3)])
    at_start = Replace(fault=0, at=1, process=1, recipe=faster)
    plan = replace(
        a_plan(
            "timer_refresh",
            processes=2,
            cap=cap,
            arrivals=Poisson(4.0),
            duration=200 * 144 * SECOND,
        ),
        recipe=composed_of("timer_refresh", {}, [("jitter", 0)]),
        fleet_faults=FleetFaults(replacements=(at_start,)),
    )
    events, counted = a_run(plan)
    refused = Counter(
        event.asked_by.partition(".")[0] for event in events if isinstance(event, CallRefused)
    )
    calls_of_one = sum(counted.provider.responses) / 2

    assert refused["p0"] / calls_of_one == pytest.approx(dead / 144.1, abs=3 * 1.1 / 144.1)
    assert refused["p1"] / calls_of_one <= 0.075 / 54.1


def sharded(shards, *, on_401, slots=None, cap=4):
    """Two processes of eight workers, by fours or eights in a shard, for ten rotations."""
    plan = a_plan("partitioned", processes=2, workers=8, cap=cap)
    policy = plan.policy
    if slots is not None:
        policy = TokenPolicy(lifetime=LIFETIME, live_tokens=slots, at_cap="replace_slot")
    recipe = composed_of("partitioned", {"on_401": on_401}, [("shards", shards)])
    return a_run(replace(plan, policy=policy, recipe=recipe))[1]


@pytest.mark.parametrize("shards", [2, 4])
def test_shards_are_holders_and_as_many_as_live_tokens_are_fine(shards):
    """F7 with H = K <= N = 4: a token per shard and rotation, for a fleet of 16 in two processes.
    An issue ends the shard's own last token, which nobody uses in its leeway: no 401."""
    counted = sharded(shards, on_401="ignore")

    assert counted.provider.tokens_issued == 10 * shards
    assert sum(counted.provider.causes().values()) == 0


def test_twice_as_many_shards_as_live_tokens_are_refused_half_the_time():
    """F7 with H = K = 8 > N = 4 and nobody reacting: 1 - 4/8. All eight are issued within the first
    seconds of a rotation of 120 s, by two workers each with 24 calls; of the eight, which four
    survive is a toss, and how many calls they make has a sigma of 1.5 % over ten rotations."""
    assert rate_401(sharded(8, on_401="ignore")) == pytest.approx(0.5, abs=0.06)


def test_a_slot_for_each_shard_is_a_cap_for_each():
    """Where the provider has five slots named by token_index, as Zoom had, five shards ask for one
    each and replace only their own: no 401. With one shard more than slots, the sixth is refused
    a token for good, and its calls fail."""
    five, six = (sharded(shards, on_401="mint_if_same", slots=5) for shards in (5, 6))

    assert five.provider.tokens_issued == 10 * 5
    assert sum(five.provider.causes().values()) == 0
    assert sum(five.clients.operations["refused"]) == 0
    assert sum(six.clients.operations["refused"]) > 0
    assert six.provider.tokens_issued == 10 * 5
