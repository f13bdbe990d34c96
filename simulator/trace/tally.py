"""Counts of a run, by bins of time: what happened too often to be written down one by one.

The provider counts what it answered and the clients count what they saw. Both cut the run into
``BINS`` bins of equal width; an event belongs to the bin its instant falls in, and one past the
end (an answer under way when the run ended) to the last.
"""

from dataclasses import dataclass, field

from simulator.clock import Ticks
from simulator.trace.events import CAUSES, Cause
from simulator.trace.histogram import Histogram
from simulator.trace.outages import SliceCounts
from simulator.trace.outcomes import OUTCOMES, Outcome

BINS = 240


def bin_width(duration: Ticks) -> Ticks:
    """Return the width of a bin, in ticks: the smallest that covers ``duration`` with ``BINS``."""
    return -(-duration // BINS)


def bin_of(at: Ticks, width: Ticks) -> int:
    """Return the bin that ``at`` falls in."""
    bin_ = at // width
    return bin_ if bin_ < BINS else BINS - 1


def _zeros() -> list[int]:
    return [0] * BINS


@dataclass(slots=True, kw_only=True)
class ProviderTally:
    """What the provider answered.

    ``responses`` counts every API response and ``refused`` the 401s among them by cause, per bin.
    ``live_peak`` is the largest number of tokens that were live at once. ``needless_issues`` counts
    tokens issued to the fleet while its newest one was live with more than half of its life to
    come; ``needless_issues_own`` takes each process by itself.
    """

    width: Ticks
    responses: list[int] = field(default_factory=_zeros)
    refused: dict[Cause, list[int]] = field(
        default_factory=lambda: {cause: _zeros() for cause in CAUSES}
    )
    statuses: dict[int, int] = field(default_factory=dict)
    tokens_issued: int = 0
    issues_refused: int = 0
    live_peak: int = 0
    needless_issues: int = 0
    needless_issues_own: int = 0

    def responded(self, at: Ticks, status: int, cause: Cause | None) -> None:
        """Count one API response; ``cause`` is given exactly when ``status`` is 401."""
        assert (status == 401) == (cause is not None), (status, cause)
        bin_ = at // self.width  # as bin_of does
        if bin_ >= BINS:
            bin_ = BINS - 1
        self.responses[bin_] += 1
        statuses = self.statuses
        statuses[status] = statuses.get(status, 0) + 1
        if cause is not None:
            self.refused[cause][bin_] += 1

    def causes(self) -> dict[Cause, int]:
        """Return how many 401s each cause had, every cause named."""
        return {cause: sum(bins) for cause, bins in self.refused.items()}


@dataclass(slots=True, kw_only=True)
class ClientTally:
    """What the workers of one process, or of the whole fleet, saw.

    An operation is one thing the service wanted done, however many calls that took. ``unknown``
    counts requests (not operations) whose answer never came, to the token endpoint as well.
    ``latency`` is over operations that got an answer, from the instant the service wanted it.
    ``slices`` counts operations more finely, to find outages.
    ``stale_writes`` counts records that an older token replaced, ``leases_broken`` leases that a
    process ended while another one held them. Only the virtual engine sees either.
    """

    width: Ticks
    operations: dict[Outcome, list[int]] = field(
        default_factory=lambda: {outcome: _zeros() for outcome in OUTCOMES}
    )
    unknown: int = 0
    store_reads: int = 0
    store_writes: int = 0
    stale_writes: int = 0
    leases_broken: int = 0
    latency: Histogram = field(default_factory=Histogram)
    slices: SliceCounts = field(init=False)

    def __post_init__(self) -> None:
        self.slices = SliceCounts(BINS, self.width)

    def finished(self, outcome: Outcome, *, started_at: Ticks, at: Ticks) -> None:
        """Count one operation that ended at ``at``."""
        self.operations[outcome][bin_of(at, self.width)] += 1
        if outcome != "unknown":
            self.latency.record(at - started_at)
        self.slices.count(at, failed=outcome != "ok")

    def add(self, other: "ClientTally") -> None:
        """Count all that ``other`` counted as well."""
        assert self.width == other.width
        for outcome, bins in other.operations.items():
            mine = self.operations[outcome]
            mine[:] = [a + b for a, b in zip(mine, bins, strict=True)]
        self.unknown += other.unknown
        self.store_reads += other.store_reads
        self.store_writes += other.store_writes
        self.stale_writes += other.stale_writes
        self.leases_broken += other.leases_broken
        self.latency.add(other.latency)
        self.slices.add(other.slices)
