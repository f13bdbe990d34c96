"""Counting in bulk what stepping counts one by one."""

from collections.abc import Sequence

import numpy as np

from tokenrace.clock import Ticks
from tokenrace.rng import Spans
from tokenrace.simulation.virtual.worker import VirtualWorker
from tokenrace.simulation.virtual.world import World
from tokenrace.trace.histogram import SUB_BITS, Histogram
from tokenrace.trace.outages import SliceCounts
from tokenrace.trace.tally import BINS

FEW_EDGES = 8
NONE = range(0)
_BELOW_BUCKET = 52 - SUB_BITS  # bits of a float64's fraction that its bucket leaves out
_BUCKET_ZERO = (1023 + SUB_BITS - 1) << SUB_BITS  # 1023 is the exponent of 1.0


def count_calls(world: World, waits: Spans, arrivals: Spans, finishes: Spans) -> None:
    """Count operations of one call each that succeeded: how long each took, when its request
    arrived, when it ended."""
    if waits.size:
        add_by_bin(world.recorder.tally.responses, arrivals, world.recorder.tally.width)
        add_by_bin(world.tally.operations["ok"], finishes, world.tally.width)
        count_successes(world.tally.slices, finishes)
        record_all(world.tally.latency, waits)
        world.skipped += waits.size


def add_by_bin(bins: list[int], instants: Spans, width: Ticks) -> None:
    """Add to ``bins`` how many of ``instants`` (at least one) fall in each, as ``bin_of`` says."""
    first = min(int(instants.min()) // width, BINS - 1)
    last = min(int(instants.max()) // width, BINS - 1)
    if last - first <= FEW_EDGES:  # comparing with few edges is quicker than dividing
        below = 0
        for bin_ in range(first, last):
            up_to = int(np.count_nonzero(instants < (bin_ + 1) * width))
            bins[bin_] += up_to - below
            below = up_to
        bins[last] += instants.size - below
        return
    counts = np.bincount(np.minimum(instants // width, BINS - 1) - first)
    for bin_, count in enumerate(counts.tolist(), start=first):
        bins[bin_] += count


def count_successes(slices: SliceCounts, instants: Spans) -> None:
    """Count in ``slices`` an operation that succeeded for each of ``instants``, at least one."""
    ended = np.frombuffer(slices.ended, dtype=np.int64)
    at = np.minimum(instants // slices.width, ended.size - 1)
    first = int(at.min())
    counts = np.bincount(at - first)
    ended[first : first + counts.size] += counts


def record_all(histogram: Histogram, spans: Spans) -> None:
    """Count every one of ``spans``, none negative, in ``histogram``."""
    counts = np.bincount(buckets_of(spans))
    for bucket in np.flatnonzero(counts).tolist():
        histogram.record_bucket(bucket, int(counts[bucket]))


def buckets_of(spans: Spans) -> Spans:
    """Return ``bucket_of`` for each of ``spans``, none negative."""
    # A float64 of a span holds its magnitude and leading 7 bits on top: from 64 ticks on, they
    # are the bucket. Exact, because a span of a run is far below 2**53 ticks (285 years).
    buckets: Spans = (spans.astype(np.float64).view(np.int64) >> _BELOW_BUCKET) - _BUCKET_ZERO
    small = spans < 1 << SUB_BITS
    if small.any():
        buckets[small] = spans[small]
    return buckets


def work_off(world: World, workers: Sequence[VirtualWorker], counts: Sequence[int]) -> None:
    """Do the next errands of each of ``workers``: that many, one after the other, all accepted."""
    created = deleted = read = 0
    for worker, count in zip(workers, counts, strict=True):
        if not count:
            continue
        done = worker.agenda.work_off(count)
        if done.created or done.deleted:
            meetings = world.provider.meetings
            ids = meetings.create_many(worker.agenda.user, done.created) if done.created else NONE
            for gone in worker.agenda.settle(ids, done.deleted):
                meetings.delete_all(gone)
        created += done.created
        deleted += done.deleted
        read += done.read
    _add_statuses(world, {201: created, 204: deleted, 200: read})


def _add_statuses(world: World, more: dict[int, int]) -> None:
    statuses = world.recorder.tally.statuses
    for status, count in more.items():
        if count:
            statuses[status] = statuses.get(status, 0) + count
