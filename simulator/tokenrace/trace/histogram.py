"""Spans of time counted in buckets, so that memory does not grow with the run.

A bucket is a span's leading 7 bits and its magnitude: 64 buckets to every doubling, each at most
1.6 % wide; below 128 ticks a bucket is one tick. Integer arithmetic only, so that counting spans
one by one and counting them in bulk (``simulation/virtual/bulk.py``) give the same buckets.
"""

from collections.abc import Mapping

from tokenrace.clock import Ticks

SUB_BITS = 6
_LINEAR = 1 << (SUB_BITS + 1)
BUCKETS = _LINEAR + (63 - SUB_BITS) * (1 << SUB_BITS)


def bucket_of(span: Ticks) -> int:
    """Return the bucket that counts ``span``, which must not be negative."""
    if span < _LINEAR:
        return span
    shift = span.bit_length() - SUB_BITS - 1
    return (shift << SUB_BITS) + (span >> shift)


def bucket_bounds(bucket: int) -> tuple[Ticks, Ticks]:
    """Return the half-open range of spans that ``bucket`` counts."""
    if bucket < _LINEAR:
        return bucket, bucket + 1
    shift = (bucket >> SUB_BITS) - 1
    low = (bucket - (shift << SUB_BITS)) << shift
    return low, low + (1 << shift)


class Histogram:
    """How many spans fell into each bucket."""

    __slots__ = ("_counts",)

    def __init__(self, counts: Mapping[int, int] | None = None) -> None:
        self._counts: dict[int, int] = dict(counts or {})

    def __eq__(self, other: object) -> bool:
        """Compare what was counted, not in which order."""
        return isinstance(other, Histogram) and self.counts() == other.counts()

    __hash__ = None  # type: ignore[assignment]  # it changes

    def record(self, span: Ticks) -> None:
        """Count one span."""
        bucket, counts = bucket_of(span), self._counts
        counts[bucket] = counts.get(bucket, 0) + 1

    def record_bucket(self, bucket: int, count: int) -> None:
        """Count ``count`` spans of one bucket, both read from a file.

        Raises:
            ValueError: there is no such bucket, or the count is negative.
        """
        if not 0 <= bucket < BUCKETS or count < 0:
            raise ValueError(f"not a bucket and its count: {bucket}, {count}")
        self._counts[bucket] = self._counts.get(bucket, 0) + count

    def add(self, other: "Histogram") -> None:
        """Count all that ``other`` counted as well."""
        for bucket, count in other._counts.items():  # noqa: SLF001
            self._counts[bucket] = self._counts.get(bucket, 0) + count

    def counts(self) -> dict[int, int]:
        """Return the count of each bucket that has any, smallest spans first."""
        return dict(sorted(self._counts.items()))

    def total(self) -> int:
        """Return how many spans were counted."""
        return sum(self._counts.values())

    def quantile(self, share: float) -> Ticks | None:
        """Return the middle of the bucket that holds the ``share`` quantile; None when empty.

        Off by at most 0.8 % of the value. ``share`` is within 0 to 1.
        """
        rank = share * self.total()
        for bucket, count in self.counts().items():
            rank -= count
            if rank <= 0:
                low, high = bucket_bounds(bucket)
                return (low + high - 1) // 2
        return None
