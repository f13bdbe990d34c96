"""Outages of a run: when most operations failed, found from counts.

A run is cut into slices of equal width, 10 s on a day. Each counts the operations that ended in it
and those among them that failed: refused after all retries, or unknown. That is all an outage is
found from, so neither memory nor trace grow with the horizon.

Slices follow each other into windows of at least ``WINDOW_MIN`` operations, because a share of a
few operations is chance. An outage

* begins with a window in which more than half of the operations failed,
* lasts until a window in which fewer than a third failed, or the run ends: two shares, so that a
  share near one bound does not make an outage of each window,
* is then widened or trimmed to the slices in which more than half failed.

What fails for a shorter time than a slice, among operations that succeed, is therefore none.
"""

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import add

from tokenrace.clock import SECOND, Ticks

BEGINS_ABOVE = 1 / 2
"""More failed operations than this share begin an outage."""
ENDS_BELOW = 1 / 3
"""Fewer failed operations than this share end it."""
WINDOW_MIN = 30
"""A share of fewer operations is chance."""
SLICE: Ticks = 10 * SECOND
_PARTS_MAX = 36


def parts_of_bin(width: Ticks) -> int:
    """Return into how many slices a bin of ``width`` ticks is cut: to 10 s each, but at most 36.

    A slice of a day is 10 s, one of a week 70 s. In runs of less than 40 minutes it is the bin.
    """
    return min(-(-width // SLICE), _PARTS_MAX)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """A stretch in which most operations failed: ``failed`` of ``operations`` that ended in it.

    From ``begins`` to ``ends``, exclusive, in ticks of the engine's time; to a slice's width.
    """

    begins: Ticks
    ends: Ticks
    operations: int
    failed: int

    @property
    def lasts(self) -> Ticks:
        """How long it lasts, in ticks of the engine's time."""
        return self.ends - self.begins

    @property
    def share(self) -> float:
        """The share of its operations that failed."""
        return self.failed / self.operations


class SliceCounts:
    """Counts by slice, as a run goes on: operations that ended, and those that failed.

    ``bins`` of ``width`` ticks are cut into slices. Once settled, only the outages are left.
    """

    __slots__ = ("_ended", "_failed", "_settled", "width")

    def __init__(self, bins: int, width: Ticks) -> None:
        parts = parts_of_bin(width)
        self.width = -(-width // parts)
        self._ended = array("q", bytes(8 * bins * parts))
        self._failed = array("q", bytes(8 * bins * parts))
        self._settled: tuple[Outage, ...] | None = None

    def __eq__(self, other: object) -> bool:
        """Compare the outages, and the counts unless one of the two is settled."""
        if not isinstance(other, SliceCounts) or self.outages() != other.outages():
            return False
        counts = (self._ended, self._failed), (other._ended, other._failed)
        is_settled = self._settled is not None or other._settled is not None
        return is_settled or counts[0] == counts[1]

    __hash__ = None  # type: ignore[assignment]  # it changes

    def count(self, at: Ticks, *, failed: bool) -> None:
        """Count one operation that ended at ``at``. What ended after the run counts at its end."""
        ended = self._ended
        slice_ = at // self.width
        if slice_ >= len(ended):
            slice_ = len(ended) - 1
        ended[slice_] += 1
        if failed:
            self._failed[slice_] += 1

    @property
    def ended(self) -> "array[int]":
        """How many operations ended in each slice, to be counted up in bulk."""
        return self._ended

    def add(self, other: "SliceCounts") -> None:
        """Count all that ``other``, of the same run, counted as well."""
        self._ended = array("q", map(add, self._ended, other._ended))  # noqa: SLF001
        self._failed = array("q", map(add, self._failed, other._failed))  # noqa: SLF001

    def settle(self, outages: Sequence[Outage] | None = None) -> None:
        """Forget the counts. Keep the outages in them; or those given, which a file told of."""
        self._settled = self.outages() if outages is None else tuple(outages)
        self._ended, self._failed = array("q"), array("q")

    def outages(self) -> tuple[Outage, ...]:
        """Return the outages, in order."""
        if self._settled is not None:
            return self._settled
        return outages_of(self._ended, self._failed, self.width) if any(self._failed) else ()


def outages_of(ended: Sequence[int], failed: Sequence[int], width: Ticks) -> tuple[Outage, ...]:
    """Return the outages in counts by slice of ``width``."""
    spans = _spans(list(_windows(ended)), ended, failed)
    return tuple(
        Outage(
            begins=first * width,
            ends=last * width,
            operations=sum(ended[first:last]),
            failed=sum(failed[first:last]),
        )
        for first, last in _refined(spans, ended, failed)
    )


_Span = tuple[int, int]
"""The first slice, and the one after the last."""


def _windows(ended: Sequence[int]) -> Iterator[_Span]:
    """Yield the windows. The last takes what is left over, too little for a window of its own."""
    first, held = 0, 0
    pending: _Span | None = None
    for slice_, count in enumerate(ended):
        held += count
        if held >= WINDOW_MIN:
            if pending is not None:
                yield pending
            pending, first, held = (first, slice_ + 1), slice_ + 1, 0
    begins = first if pending is None else pending[0]
    yield begins, len(ended)


def _spans(
    windows: Sequence[_Span], ended: Sequence[int], failed: Sequence[int]
) -> Iterator[_Span]:
    """Yield the stretches of windows from one that begins an outage to one that ends it."""
    begun: int | None = None
    for first, last in windows:
        operations, failures = sum(ended[first:last]), sum(failed[first:last])
        if begun is None and failures > operations * BEGINS_ABOVE:
            begun = first
        elif begun is not None and failures < operations * ENDS_BELOW:
            yield begun, first
            begun = None
    if begun is not None:
        yield begun, len(ended)


def _refined(
    spans: Iterator[_Span], ended: Sequence[int], failed: Sequence[int]
) -> Iterator[_Span]:
    """Yield ``spans`` with their edges at slices in which more than half failed.

    A span grows over such slices beside it, and over silent ones between them. Else it is trimmed.
    """
    is_bad = [
        failures > operations * BEGINS_ABOVE
        for operations, failures in zip(ended, failed, strict=True)
    ]
    for first, last in spans:
        before = _reached(range(first - 1, -1, -1), is_bad, ended)
        after = _reached(range(last, len(ended)), is_bad, ended)
        begins = is_bad.index(True, first) if before is None else before
        if after is None:
            after = next(slice_ for slice_ in range(last - 1, -1, -1) if is_bad[slice_])
        yield begins, after + 1


def _reached(beside: range, is_bad: Sequence[bool], ended: Sequence[int]) -> int | None:
    """Return the last bad slice of ``beside`` before one in which operations went well."""
    reached = None
    for slice_ in beside:
        if is_bad[slice_]:
            reached = slice_
        elif ended[slice_]:
            break
    return reached
