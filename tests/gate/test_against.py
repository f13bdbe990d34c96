"""Runs against a baseline, with the arithmetic done by hand."""

import pytest

from tests.hand_written_runs import two_runs
from tokenrace.gate.against import compare_counts
from tokenrace.gate.counts import RunCounts, counts_of


def counts(*, refused=0, unknown=0, tokens=3, responses=100, reads=10, writes=0, p95=5_000):
    """A run of 100 responses and operations, of which some were refused or had no end."""
    return RunCounts(
        responses=responses,
        causes={"evicted": refused} if refused else {},
        ok=100 - refused - unknown,
        refused=refused,
        unknown=unknown,
        unanswered=0,
        tokens_issued=tokens,
        issues_refused=0,
        live_peak=1,
        store_reads=reads,
        store_writes=writes,
        latency=(1_000, p95, 9_000),
    )


def compared(before, after):
    """Compare runs given by how many were refused, seeds from 1."""
    return compare_counts(
        {seed: counts(refused=number) for seed, number in enumerate(before, 1)},
        {seed: counts(refused=number) for seed, number in enumerate(after, 1)},
    )


def test_equal_counts_are_the_same_to_the_last():
    """Nothing is told, as nothing changed."""
    same = compared([1, 2, 3], [1, 2, 3])

    assert (same.word, same.is_exact, same.pairs, same.changes) == ("same", True, 3, ())


@pytest.mark.parametrize(
    ("before", "after", "word"),
    [
        ([10, 20, 30], [14, 24, 34], "worse"),
        ([10, 20, 30], [6, 16, 26], "better"),
        ([10, 20, 30], [20, 20, 25], "can't tell"),
        ([10], [50], "can't tell"),
    ],
)
def test_pairs_of_seeds_tell_better_from_worse(before, after, word):
    """Four points more for every seed, though seeds are twenty apart; 10, 0 and -5 points more; and
    one seed alone, which shows no spread."""
    assert compared(before, after).word == word


def test_a_change_is_told_with_its_interval():
    """Differences of 4, 5 and 6 points: 5, and 4.3027 * 1 / sqrt(3) = 2.484 to either side."""
    worse = compared([10, 20, 30], [14, 25, 36])

    assert [change.in_words() for change in worse.changes] == [
        "401 rate 20 % to 25 % (worse: +2.52 to +7.48 points)",
        "failure rate 20 % to 25 % (worse: +2.52 to +7.48 points)",
    ]
    assert worse.reason() == worse.changes[0].in_words()
    assert worse.worst_seed == 3


def test_the_seed_to_look_at_is_the_one_that_lost_most():
    """Four, six and five points: the second, though the first has the most 401s."""
    worse = compared([50, 10, 10], [54, 16, 15])

    assert (worse.word, worse.worst_seed) == ("worse", 2)


def test_one_pair_tells_what_changed_and_no_interval():
    """What did not change is not told."""
    assert [change.in_words() for change in compared([10], [50]).changes] == [
        "401 rate 10 % to 50 %",
        "failure rate 10 % to 50 %",
    ]


def test_operations_without_an_end_decide_as_well():
    """None, and five of a hundred in either seed."""
    before = {seed: counts() for seed in (1, 2)}
    worse = compare_counts(before, {seed: counts(unknown=5) for seed in (1, 2)})

    assert worse.word == "worse"
    assert worse.reason() == "unknown rate 0 % to 5 % (worse: +5 points)"


def test_worse_in_one_is_worse_though_better_in_another():
    """Fewer 401s for more tokens: somebody must say that it is worth it."""
    before = {seed: counts(refused=9, tokens=3) for seed in (1, 2)}
    after = {seed: counts(refused=1, tokens=6) for seed in (1, 2)}
    traded = compare_counts(before, after)

    assert traded.word == "worse"
    assert traded.reason() == "tokens issued 3 to 6 (worse: +3)"


def test_better_in_one_is_better_where_another_may_be_chance():
    """Fewer 401s for sure; 3 and 4 tokens more is 3.5, and 12.706 * 0.5 = 6.4 to either side."""
    before = {seed: counts(refused=9, tokens=3) for seed in (1, 2)}
    after = {seed: counts(refused=1, tokens=seed + 5) for seed in (1, 2)}
    comparison = compare_counts(before, after)

    assert comparison.word == "better"
    assert "tokens issued 3 to 6.5 (can't tell: -2.85 to +9.85)" in [
        change.in_words() for change in comparison.changes
    ]


def test_what_callers_wait_is_told_and_decides_nothing():
    """Only the waits and the store's calls differ."""
    before = {seed: counts() for seed in (1, 2)}
    after = {seed: counts(reads=15, writes=5, p95=7_000) for seed in (1, 2)}
    comparison = compare_counts(before, after)

    assert (comparison.word, comparison.is_exact) == ("same", False)
    assert comparison.in_short() == "same 401s, failures and tokens"
    assert [change.in_words() for change in comparison.changes] == [
        "wait p95 in ms 5 to 7 (worse: +2)",
        "store calls per operation 0.1 to 0.2 (worse: +0.1)",
    ]


def test_only_seeds_that_both_have_are_compared():
    """Two of three; and none."""
    before = {seed: counts() for seed in (1, 2)}
    after = {seed: counts() for seed in (2, 3)}

    assert compare_counts(before, after).pairs == 1
    assert compare_counts(before, {3: counts()}) is None


def test_runs_that_counted_nothing_have_a_rate_of_nothing():
    """No division by zero."""
    nothing = {seed: counts(responses=0) for seed in (1, 2)}

    assert compare_counts(nothing, {seed: counts() for seed in (1, 2)}).word == "same"


def test_the_counts_of_a_run_are_its_tallies(tmp_path):
    """Seed 2 of the runs written by hand: 3 of 4 answers refused, one operation without an end."""
    _, second = two_runs(tmp_path)
    found = counts_of(second)

    assert (found.responses, found.causes) == (4, {"evicted": 2, "expired": 1})
    assert (found.ok, found.refused, found.unknown, found.unanswered) == (1, 0, 1, 1)
    assert (found.tokens_issued, found.live_peak, found.store_reads) == (10, 2, 20)
    assert found.latency[0] == second.clients.latency.quantile(0.5)
