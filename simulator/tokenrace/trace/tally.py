"""Counts of a run, by bins of time: what happened too often to be written down one by one.

The provider counts what it answered and the clients count what they saw. Both cut the run into
``BINS`` bins of equal width; an event belongs to the bin its instant falls in, and one past the
end (an answer under way when the run ended) to the last.
"""

from collections import deque
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

from tokenrace.clock import SECOND, Ticks
from tokenrace.trace.events import CAUSES, Cause
from tokenrace.trace.histogram import Histogram
from tokenrace.trace.outages import SliceCounts
from tokenrace.trace.outcomes import OUTCOMES, Failure, Outcome

K = TypeVar("K", bound=Hashable)
BINS = 240
PEAK_WINDOW: Ticks = SECOND
"""Over which span the peak rate of token requests is counted, in the engine's time."""
_REASONS_MAX = 50
"""Different reasons of one store operation that are told apart; the others are counted together."""
OTHER_REASONS = "other reasons"
AS_PLANNED = "as planned"
"""What the reason begins with where a fault of the scenario made a real store fail."""


class StoreFailure(NamedTuple):
    """A call of the store that failed: which, and what the store's client said of it.

    ``operation`` is ``read``, ``write``, ``acquire``, ``release``, ``delete_lease``, ``hold`` (a
    row lock), or ``broker`` (a question to a fleet's broker).
    """

    operation: str
    reason: str

    def __str__(self) -> str:
        return f"{self.operation}: {self.reason}"


class Peak:
    """The largest number of instants within any window of ``PEAK_WINDOW``. Instants never fall."""

    __slots__ = ("_recent", "most")

    def __init__(self) -> None:
        self._recent: deque[Ticks] = deque()
        self.most = 0

    def add(self, at: Ticks) -> int:
        """Count one instant; return the largest number so far."""
        recent = self._recent
        recent.append(at)
        while recent[0] <= at - PEAK_WINDOW:
            recent.popleft()
        self.most = max(self.most, len(recent))
        return self.most


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
    ``live_peak`` is the largest number of tokens that were live at once. ``token_requests`` counts
    the requests that reached the token endpoint, answered or not, and ``issues_refused_by`` those
    it refused, by status and error (``400 invalid_client``), per bin. ``token_requests_peak`` is
    the largest number of them within ``PEAK_WINDOW``.
    ``needless_issues`` counts tokens issued to the fleet while its newest one was live with more
    than half of its life to come; ``needless_issues_own`` takes each process by itself.
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
    token_requests: list[int] = field(default_factory=_zeros)
    token_requests_peak: int = 0
    issues_refused_by: dict[str, list[int]] = field(default_factory=dict)

    def token_requested(self, at: Ticks, peak: int) -> None:
        """Count one request that reached the token endpoint, when ``peak`` was the most so far."""
        self.token_requests[bin_of(at, self.width)] += 1
        self.token_requests_peak = peak

    def issue_refused(self, at: Ticks, status: int, error: str) -> None:
        """Count one token request that was refused."""
        self.issues_refused += 1
        _count(self.issues_refused_by, f"{status} {error}".rstrip(), at, self.width)

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

    An operation is one thing the service wanted done, however many calls that took. ``failures``
    says of those that did not end ``ok`` why, per bin. ``unknown`` counts requests (not operations)
    whose answer never came, to the token endpoint as well. ``store_failures`` counts calls of the
    store that failed, per bin. ``latency`` is over operations that got an answer, from the instant
    the service wanted it. ``slices`` counts operations more finely, to find outages.
    ``stale_writes`` counts records that an older token replaced, ``leases_broken`` leases that a
    process ended while another one held them. Only the virtual engine sees either.
    ``first_error`` is the first exception of a client of the user's that ended an operation, with
    the line that raised it; empty where there was none.
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
    failures: dict[Failure, list[int]] = field(default_factory=dict)
    store_failures: dict[StoreFailure, list[int]] = field(default_factory=dict)
    first_error: str = ""
    slices: SliceCounts = field(init=False)

    def __post_init__(self) -> None:
        self.slices = SliceCounts(BINS, self.width)

    def finished(
        self, outcome: Outcome, *, started_at: Ticks, at: Ticks, failure: Failure | None = None
    ) -> None:
        """Count one operation that ended at ``at``; ``failure`` is given unless it ended ``ok``."""
        assert (outcome == "ok") == (failure is None), (outcome, failure)
        self.operations[outcome][bin_of(at, self.width)] += 1
        if failure is not None:
            _count(self.failures, failure, at, self.width)
        if outcome != "unknown":
            self.latency.record(at - started_at)
        # What hangs to the run's end is out from when it was wanted.
        is_hung = failure is not None and failure.kind == "hung"
        self.slices.count(started_at if is_hung else at, failed=failure is not None)

    def store_failed(self, operation: str, reason: str, at: Ticks) -> None:
        """Count one call of the store that failed at ``at``, for a ``reason`` in words."""
        failure = StoreFailure(operation, reason)
        if failure not in self.store_failures and len(self.store_failures) >= _REASONS_MAX:
            failure = StoreFailure(operation, OTHER_REASONS)
        _count(self.store_failures, failure, at, self.width)

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
        self.first_error = self.first_error or other.first_error
        self.leases_broken += other.leases_broken
        self.latency.add(other.latency)
        self.slices.add(other.slices)
        _add(self.failures, other.failures)
        _add(self.store_failures, other.store_failures)


def _count(counts: dict[K, list[int]], what: K, at: Ticks, width: Ticks) -> None:
    if what not in counts:
        counts[what] = _zeros()
    counts[what][bin_of(at, width)] += 1


def _add(mine: dict[K, list[int]], other: dict[K, list[int]]) -> None:
    for what, bins in other.items():
        mine[what] = [a + b for a, b in zip(mine.get(what, _zeros()), bins, strict=True)]
