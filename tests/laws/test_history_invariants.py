"""What a right client never does, counted from the history: needless tokens, older tokens written
over newer ones, leases of others ended."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.stores.store_kinds import on_virtual_time
from tests.stores.test_simulated_store import a_world
from tokenrace.analysis.figures import value_of
from tokenrace.clock import MILLISECOND, SECOND
from tokenrace.provider.needless import NeedlessIssues
from tokenrace.scenario import parse
from tokenrace.simulation.planning import plan_run
from tokenrace.simulation.recording import InMemory
from tokenrace.strategies.catalogue import CATALOGUE
from tokenrace.trace.events import TokenEvicted, TokenIssued, TokenRevoked

LIFE = 100
HALF = LIFE // 2


def issued(token, at, asked_by="p0"):
    """A token of a life of 100 ticks."""
    return TokenIssued(at=at, token=token, expires_at=at + LIFE, asked_by=asked_by)


def evicted(token, by, at=0):
    """The end of ``token`` by the issue of ``by``."""
    return TokenEvicted(at=at, token=token, displaced_by=by, asked_by="p0", valid_until=at)


def counts(*instants):
    """What is counted over the events of each instant: of the fleet, of each process by itself."""
    needless = NeedlessIssues()
    for events in instants:
        needless.take(events)
    return needless.of_fleet, needless.of_processes


@pytest.mark.parametrize(("after", "needless"), [(HALF - 1, 1), (HALF, 0), (HALF + 1, 0)])
def test_a_token_is_needless_in_the_first_half_of_the_life_of_the_one_before(after, needless):
    """At exactly half of its life, as a timer at 50 % has it, it is none."""
    assert counts([issued(1, 0)], [issued(2, after)]) == (needless, needless)


def test_what_replaces_a_revoked_token_is_not_needless_and_the_next_one_is():
    """The rule of the suite: issues are at most 1 + expiries + revocations."""
    revoked = TokenRevoked(at=5, token=1)
    assert counts([issued(1, 0)], [revoked], [issued(2, 6)]) == (0, 0)
    assert counts([issued(1, 0)], [revoked], [issued(2, 6)], [issued(3, 7)]) == (1, 1)


def test_a_token_that_is_evicted_by_the_very_token_that_is_asked_for_was_there():
    """With a cap of one, each of two tokens in a row ends the one before: the second is needless,
    whichever of the two events comes first."""
    assert counts([issued(1, 0)], [evicted(1, by=2), issued(2, 1)]) == (1, 1)
    assert counts([issued(1, 0)], [issued(2, 1), evicted(1, by=2)]) == (1, 1)


def test_processes_that_keep_a_token_each_are_judged_by_themselves():
    """Four processes ask once each: three tokens too many for a fleet that shares, none for one
    whose processes do not."""
    assert counts(*[[issued(n, n, f"p{n}")] for n in range(4)]) == (3, 0)
    assert counts([issued(1, 1, "p1")], [issued(2, 2, "p2")], [issued(3, 3, "p1")]) == (2, 1)


def test_a_process_whose_token_another_one_evicted_needs_a_new_one():
    """p1's token ends p0's, with a cap of one: p0's next one is not p0's fault."""
    history = [issued(1, 0, "p0")], [issued(2, 1, "p1"), evicted(1, by=2)], [issued(3, 2, "p0")]
    assert counts(*history) == (2, 0)


def test_tokens_of_somebody_outside_are_not_the_fleets():
    """A second minter's token is of no use to the fleet."""
    assert counts([issued(1, 0, "second minter")], [issued(2, 1)]) == (0, 0)


@given(
    st.lists(st.tuples(st.integers(0, 2), st.sampled_from([1, HALF - 1, HALF, LIFE])), max_size=30)
)
def test_what_is_counted_is_what_looking_at_every_pair_counts(steps):
    """The model: each token against the newest one before it, of all and of its own process."""
    now, history = 0, []
    for token, (process, wait) in enumerate(steps, 1):
        now += wait
        history.append(issued(token, now, f"p{process}"))

    def model(alike):
        newest = [
            (max((e for e in history[:i] if alike(e, token)), key=lambda e: e.at, default=None))
            for i, token in enumerate(history)
        ]
        pairs = zip(history, newest, strict=True)
        return sum(1 for token, before in pairs if before and token.at - before.at < HALF)

    expected = model(lambda *_: True), model(lambda e, token: e.asked_by == token.asked_by)
    assert counts(*[[event] for event in history]) == expected


def test_a_lease_is_broken_by_whoever_ends_it_without_having_it():
    """p0's lease of 30 ms has lapsed, p1 has the next: deleting is p0's mistake. Each ends its own,
    or one that nobody has, without harm."""

    async def story():
        clock, _, one, other = a_world()
        broken = []
        one.lease_broken = lambda: broken.append("p0")
        other.lease_broken = lambda: broken.append("p1")
        assert await one.acquire("p0", 30 * MILLISECOND)
        await one.delete_lease()
        assert await one.acquire("p0", 30 * MILLISECOND)
        await clock.sleep(30 * MILLISECOND)
        assert await other.acquire("p1", SECOND)
        await one.delete_lease()
        await other.delete_lease()
        assert broken == ["p0"]

    on_virtual_time(story())


SCENARIO = """\
name: late
provider: {profile: zoom-2022, live_tokens: 1, lifetime: 3m}
fleet: {processes: 4, workers: 5}
workload: {arrivals: {process: closed, think: exponential 5s}, operations: {get_user: 1}}
network: {token: lognormal 600ms p95 3s}
strategies:
  - shared_cache_no_lock
  - lease_cas
  - {preset: shared_lock, name: deletes, lock_ttl: 500ms, release: delete}
  - {preset: shared_lock, name: compares, lock_ttl: 500ms}
run: {duration: 30m, seeds: 1, engine: virtual}
"""


@pytest.mark.parametrize(
    ("strategy", "stale", "broken"),
    [(0, True, False), (1, False, False), (2, True, True), (3, True, False)],
)
def test_a_run_counts_older_tokens_over_newer_ones_and_leases_of_others_ended(
    strategy, stale, broken
):
    """No lock: the answer issued first is written last. A lock that lapses too soon does not help,
    and given back with a plain delete it is somebody else's by then."""
    scenario = parse(SCENARIO.encode(), CATALOGUE, Path("late.yaml"))
    run = InMemory()(plan_run(scenario, scenario.strategies[strategy], 1, 1))

    assert (value_of(run, "stale_writes") > 0) == stale
    assert (value_of(run, "leases_broken") > 0) == broken
