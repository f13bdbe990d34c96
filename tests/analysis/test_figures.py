"""The figures that follow from hand-written histories by hand, and their intervals."""

import math

import pytest
from scipy import stats

from tests.hand_written_runs import a_run, two_runs
from tokenrace.analysis.figures import figures_of
from tokenrace.analysis.intervals import Estimate, estimate, t_975
from tokenrace.figures import BinnedCounts
from tokenrace.trace.events import CAUSES
from tokenrace.trace.tally import BINS


def test_the_figures_of_two_runs(tmp_path):
    """401 rate (1/4 + 3/4) / 2 = 0.5. The run lasts 4 lifetimes, so 16 tokens in 2 runs are 2 each.

    Shares 0.25 and 0.75 differ by t(1) * sqrt(0.125 / 2) = 3.2: the interval is all of 0 to 1.
    100 ms lies in the bucket of 99,328 to 100,352 ticks, whose middle is 99,839.
    """
    figures = figures_of(two_runs(tmp_path))

    assert (figures.responses, figures.responses_401) == (8, 4)
    assert figures.rate_401 == Estimate(mean=0.5, low=0.0, high=1.0)
    assert figures.failure_rate == Estimate(mean=0.25, low=0.0, high=1.0)
    assert figures.unknown == 1
    assert figures.causes == dict.fromkeys(CAUSES, 0) | {"evicted": 3, "expired": 1}
    assert figures.operations_by_outcome == {"ok": 2, "refused": 1, "unknown": 1}
    assert (figures.tokens_issued, figures.tokens_per_lifetime) == (16, 2.0)
    assert (figures.live_peak, figures.store_reads) == (2, 30)
    assert figures.latency_ms.p50 == figures.latency_ms.p99 == 99.839
    assert [(s.seed, s.rate_401, s.failure_rate) for s in figures.per_seed] == [
        (1, 0.25, 0.5),
        (2, 0.75, 0.0),
    ]


def test_without_responses_there_is_no_rate(tmp_path):
    """Nobody asked, so nothing is known: None, never 0."""
    figures = figures_of([a_run(tmp_path)])

    assert figures.rate_401 is None
    assert figures.failure_rate is None
    assert figures.latency_ms.p50 is None
    assert figures.per_seed[0].rate_401 is None


def spread_evenly(part, total):
    return BinnedCounts(part=[part] * BINS, total=[total] * BINS)


def test_several_seeds_give_students_interval():
    """Shares 0.1, 0.2, 0.3: mean 0.2, sd 0.1, reach 4.3027 * 0.1 / sqrt(3) = 0.248417, cut at 0."""
    runs = [spread_evenly(part, 10) for part in (1, 2, 3)]

    assert estimate(runs) == Estimate(mean=0.2, low=0.0, high=0.448417)


def test_runs_count_alike_however_many_requests_they_made():
    """The mean is of the runs' rates: 1/10 and 500/1000 give 0.3, not 501/1010."""
    runs = [BinnedCounts(part=[1], total=[10]), BinnedCounts(part=[500], total=[1000])]

    assert estimate(runs).mean == 0.3


def test_a_run_that_counted_nothing_is_left_out_of_the_mean():
    """It has no rate; to take it for 0 would flatter the strategy."""
    nothing = BinnedCounts(part=[0], total=[0])
    busy = [BinnedCounts(part=[p], total=[100]) for p in (40, 60)]

    assert estimate([nothing, *busy]) == estimate(busy)
    assert estimate([nothing]) is None


def test_one_seed_gives_the_interval_of_ten_batches():
    """Half the batches at 0.1 and half at 0.3: mean 0.2, each batch 0.1 off it.

    Error sqrt(10 * 0.1^2 * 10/9) / 10 = 0.0333333; times t(9) = 2.2622 is 0.0754067.
    """
    part = [1] * (BINS // 2) + [3] * (BINS // 2)

    one = estimate([BinnedCounts(part=part, total=[10] * BINS)])

    assert one == Estimate(mean=0.2, low=0.124593, high=0.275407)


def test_one_burst_in_one_seed_leaves_the_rate_uncertain():
    """500 of 10,000 refused, all in one batch: binomial errors would say 4.6 to 5.4 %.

    One batch of ten at 0.5: error sqrt((0.45^2 + 9 * 0.05^2) * 10/9) / 10 = 0.05, t(9) = 2.2622.
    """
    part, total = [0] * BINS, [0] * BINS
    for batch in range(10):
        total[24 * batch] = 1000
    part[24 * 3] = 500

    assert estimate([BinnedCounts(part=part, total=total)]) == Estimate(
        mean=0.05, low=0.0, high=0.16311
    )


def test_one_batch_alone_tells_nothing():
    """All requests of a run within a tenth of it: nothing to compare with."""
    part, total = [0] * BINS, [0] * BINS
    part[0], total[0] = 5, 10

    assert estimate([BinnedCounts(part=part, total=total)]) == Estimate(mean=0.5, low=0.0, high=1.0)


@pytest.mark.parametrize("seeds", [1, 3])
def test_never_and_always_are_no_certainty(seeds):
    """Wilson at 0 of n reaches z^2 / (n + z^2); at n of n it is the mirror image."""
    n = 100 * BINS * seeds
    reach = 1.959964**2 / (n + 1.959964**2)

    never = estimate([spread_evenly(0, 100)] * seeds)
    always = estimate([spread_evenly(100, 100)] * seeds)

    assert (never.mean, never.low) == (0.0, 0.0)
    assert (always.mean, always.high) == (1.0, 1.0)
    assert math.isclose(never.high, reach, rel_tol=1e-5)
    assert math.isclose(always.low, 1 - reach, rel_tol=1e-5)


@pytest.mark.parametrize("freedom", [*range(1, 61), 99, 499, 10_000])
def test_students_quantiles_agree_with_scipy(freedom):
    """The table has four decimals; the expansion beyond it is better than that."""
    assert abs(t_975(freedom) - stats.t.ppf(0.975, freedom)) < 0.00006
