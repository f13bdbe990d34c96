"""Spans counted in buckets: none is lost, none moves far, and bulk counting is counting."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenrace.simulation.virtual.bulk import buckets_of, record_all
from tokenrace.trace.histogram import BUCKETS, Histogram, bucket_bounds, bucket_of

spans = st.integers(min_value=0, max_value=2**52)


@given(st.lists(spans, min_size=1))
def test_counting_in_bulk_gives_the_same_buckets(values):
    """The engine that skips calm time counts in bulk, the other one by one."""
    one_by_one, in_bulk = Histogram(), Histogram()
    for value in values:
        one_by_one.record(value)
    record_all(in_bulk, np.array(values, dtype=np.int64))

    assert buckets_of(np.array(values, dtype=np.int64)).tolist() == [bucket_of(v) for v in values]
    assert one_by_one == in_bulk


def test_bulk_and_single_buckets_agree_on_every_small_span_and_around_every_edge():
    """All spans to 10,000 ticks, and one tick either side of each bucket's lower end to 2**52."""
    lows = [bucket_bounds(bucket)[0] for bucket in range(bucket_of(2**52) + 1)]
    edges = [edge for low in lows for edge in (low - 1, low, low + 1) if edge >= 0]
    values = [*range(10_001), *edges]

    assert buckets_of(np.array(values, dtype=np.int64)).tolist() == [bucket_of(v) for v in values]


def test_counting_no_spans_in_bulk_counts_nothing():
    """A stretch of calm in which nobody called."""
    histogram = Histogram()
    record_all(histogram, np.array([], dtype=np.int64))

    assert histogram == Histogram()


def test_counting_in_bulk_adds_to_what_was_counted():
    """Span 5 once by itself and twice in bulk; 130 and 131 share the bucket of two ticks."""
    histogram = Histogram()
    histogram.record(5)
    record_all(histogram, np.array([5, 130, 5, 131], dtype=np.int64))

    assert histogram.counts() == {5: 3, bucket_of(130): 2}


def test_a_negative_span_cannot_be_counted_in_bulk():
    """Our own bug somewhere else: an answer before its question."""
    with pytest.raises(ValueError, match="negative"):
        record_all(Histogram(), np.array([3, -1], dtype=np.int64))


@given(spans)
def test_a_bucket_holds_its_span_and_is_narrow(span):
    """One tick wide below 128 ticks, and at most 1/64 of its lower end above."""
    low, high = bucket_bounds(bucket_of(span))

    assert low <= span < high
    assert high - low == 1 if span < 128 else (high - low) * 64 <= low


@pytest.mark.parametrize("edge", [2**n for n in range(6, 52)])
def test_buckets_follow_one_another_without_gap_at_every_doubling(edge):
    """One tick below a power of two belongs to the bucket just before."""
    assert bucket_of(edge) == bucket_of(edge - 1) + 1
    assert bucket_bounds(bucket_of(edge))[0] == bucket_bounds(bucket_of(edge - 1))[1] == edge
    assert bucket_of(edge) < BUCKETS


@given(st.lists(spans, min_size=1), st.sampled_from([0.5, 0.95, 0.99]))
def test_a_quantile_is_off_by_less_than_its_promise(values, share):
    """Against the nearest-rank quantile of the values themselves: within 0.8 %."""
    histogram = Histogram()
    record_all(histogram, np.array(values, dtype=np.int64))
    exact = sorted(values)[math.ceil(share * len(values)) - 1]

    assert abs(histogram.quantile(share) - exact) <= 0.008 * exact


def test_an_empty_histogram_has_no_quantile():
    """No answer came: there is no latency to speak of."""
    assert Histogram().quantile(0.5) is None


@given(st.lists(spans), st.lists(spans))
def test_adding_histograms_is_counting_both_lists(left, right):
    """Merging per-process counts is counting the whole fleet."""
    whole, merged, other = Histogram(), Histogram(), Histogram()
    for value in left + right:
        whole.record(value)
    for value in left:
        merged.record(value)
    for value in right:
        other.record(value)
    merged.add(other)

    assert merged == whole
    assert merged.total() == len(left) + len(right)
