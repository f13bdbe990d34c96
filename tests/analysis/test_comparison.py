"""Strategies side by side: the order, the words and what is beyond the oracle's."""

import pytest

from tests.hand_written_runs import DURATION, LIFETIME, a_run
from tokenrace.analysis.comparison import Difference, compare
from tokenrace.clock import MILLISECOND


def runs_with(tmp_path, *refused, issued=4, took=100 * MILLISECOND):
    """A run per seed of ten answers, so many of which are 401s, and as many operations."""
    return [
        a_run(
            tmp_path,
            seed=seed,
            answers=[(at, "evicted" if at < count else None) for at in range(10)],
            operations=[("refused" if at < count else "ok", took) for at in range(10)],
            issued=issued,
        )
        for seed, count in enumerate(refused, start=1)
    ]


def test_the_lowest_401_rate_is_first(tmp_path):
    """Then the fewest tokens."""
    runs = {
        "many": runs_with(tmp_path, 5, 5),
        "thrifty": runs_with(tmp_path, 1, 1, issued=4),
        "wasteful": runs_with(tmp_path, 1, 1, issued=40),
    }

    assert [standing.strategy for standing in compare(runs, None)] == [
        "thrifty",
        "wasteful",
        "many",
    ]


def test_strategies_are_compared_seed_by_seed(tmp_path):
    """2 and 8 of 10 against 1 and 7: each seed differs by 0.1, with no spread at all."""
    runs = {"one": runs_with(tmp_path, 1, 7), "other": runs_with(tmp_path, 2, 8)}
    first, second = compare(runs, None)

    assert first.behind is None
    assert second.behind.mean == pytest.approx(0.1)
    assert second.behind.reach == pytest.approx(0.0)
    assert second.behind.word == "worse"


@pytest.mark.parametrize(
    ("mean", "reach", "word"),
    [
        (0.0, 0.0, "same"),
        (0.1, 0.05, "worse"),
        (-0.1, 0.05, "better"),
        (0.1, 0.1, "can't tell"),
        (0.0, 0.1, "can't tell"),
    ],
)
def test_a_difference_has_a_word(mean, reach, word):
    """Of figures of which less is better."""
    assert Difference(mean, reach).word == word


def test_what_is_beyond_the_oracles_is_avoidable(tmp_path):
    """3 of 10 refused where the oracle has 1; 250 ms waited where its callers wait 100."""
    oracle = runs_with(tmp_path, 1, 1)
    runs = {"ours": runs_with(tmp_path, 3, 3, took=250 * MILLISECOND)}
    (standing,) = compare(runs, oracle)

    assert standing.avoidable.mean == pytest.approx(0.2)
    assert standing.added_ms.mean == pytest.approx(150, rel=0.02)
    assert standing.tokens_per_lifetime == pytest.approx(4 / (DURATION / LIFETIME))
    assert standing.store_calls == pytest.approx((10 + 20) / 2 / 10)


def test_without_an_oracle_nothing_is_called_avoidable(tmp_path):
    """On the wire nobody knows what the provider knows."""
    (standing,) = compare({"ours": runs_with(tmp_path, 3, 3)}, None)

    assert standing.avoidable is None
    assert standing.added_ms is None
