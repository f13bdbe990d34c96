"""One run's figures, by the names that a scenario expects something of.

A part of a run is made of the bins that lie in it, its edges rounded to the nearest bin's.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from tokenrace.analysis.figures import (
    hung,
    issues_refused,
    operations_failed,
    operations_unknown,
    responses_401,
)
from tokenrace.analysis.intervals import BinnedCounts
from tokenrace.analysis.outages import longest_span, outages_in
from tokenrace.clock import Ticks
from tokenrace.faults.kinds import Fault
from tokenrace.scenario.parts import WHOLE, FaultEdge, Instant, Part
from tokenrace.trace.events import CAUSES, TrialMade
from tokenrace.trace.files import RecordedRun

NEVER = float("inf")
UNAUTHORIZED = 401
RECOVERED = 0.01
"""A bin is back to normal at this 401 rate, or at that before the first fault if it was higher."""


class FaultSpan(NamedTuple):
    """From the first fault's beginning to the last one's, and to when the last one is over.

    In scenario time. ``each`` has every fault's own beginning and when it is over, in file order.
    """

    first_at: Ticks
    last_at: Ticks
    over_at: Ticks
    each: tuple[tuple[Ticks, Ticks], ...] = ()


def fault_span(faults: Sequence[Fault]) -> FaultSpan | None:
    """Return the span of a scenario's ``faults``; None where there are none."""
    if not faults:
        return None
    begin = [fault.at for fault in faults]
    each = tuple((fault.at, fault.over()) for fault in faults)
    return FaultSpan(min(begin), max(begin), max(over for _, over in each), each)


def value_of(
    run: RecordedRun, figure: str, part: Part = WHOLE, faults: FaultSpan | None = None
) -> float | None:
    """Return ``figure`` in ``part`` of ``run``; None where nothing was counted there.

    Shares are from 0 to 1, spans in ticks: latencies of the engine's time, recovery and outages
    of the scenario's.
    """
    if figure in _IN_PARTS:
        first, last = bins_of(run, part, faults)
        return _IN_PARTS[figure](run, slice(first, last))
    if figure == "recovery":
        return None if faults is None else _recovery(run, faults)
    return _WHOLE[figure](run)


def bins_of(run: RecordedRun, part: Part, faults: FaultSpan | None) -> tuple[int, int]:
    """Return the first bin of ``part`` and the one after its last."""
    width = run.header.width * run.header.time_scale
    begins_at, ends_at = _stretch(part, faults)
    begins = round(begins_at / width)
    ends = len(run.provider.responses) if ends_at is None else round(ends_at / width)
    return begins, max(begins, ends)


def _stretch(part: Part, faults: FaultSpan | None) -> tuple[Ticks, Ticks | None]:
    """Return when ``part`` begins and ends in scenario time; None: with the run."""
    spans = faults or FaultSpan(0, 0, 0)

    def instant(named: Instant, at_faults: Ticks) -> Ticks:
        if isinstance(named, FaultEdge):
            begins, over = spans.each[named.number - 1]
            return begins if named.edge == "begins" else over
        return at_faults if isinstance(named, str) else named

    ends = None if part.ends is None else instant(part.ends, spans.first_at)
    return instant(part.begins, spans.over_at), ends


def _share(counts: Callable[[RecordedRun], BinnedCounts]) -> "_OfBins":
    def share(run: RecordedRun, bins: slice) -> float | None:
        whole = counts(run)
        return BinnedCounts(part=whole.part[bins], total=whole.total[bins]).share()

    return share


def _of_cause(run: RecordedRun, cause: str) -> Sequence[int]:
    return next(bins for name, bins in run.provider.refused.items() if name == cause)


def _rate_of(cause: str) -> "_OfBins":
    return _share(
        lambda run: BinnedCounts(part=_of_cause(run, cause), total=run.provider.responses)
    )


def _count_of(cause: str) -> "_OfBins":
    return lambda run, bins: float(sum(_of_cause(run, cause)[bins]))


_OfBins = Callable[[RecordedRun, slice], float | None]
_IN_PARTS: Mapping[str, _OfBins] = {
    "rate_401": _share(responses_401),
    "failure_rate": _share(operations_failed),
    "unknown_rate": _share(operations_unknown),
    **{f"rate_{cause}": _rate_of(cause) for cause in CAUSES},
    **{f"count_{cause}": _count_of(cause) for cause in CAUSES},
    "operations_hung": lambda run, bins: float(sum(hung(run)[bins])),
    "issues_refused": lambda run, bins: float(sum(issues_refused(run)[bins])),
    "token_requests": lambda run, bins: float(sum(run.provider.token_requests[bins])),
}


def _trial_401(run: RecordedRun) -> float | None:
    """Return how many of those who tried from outside got 401; None where nobody did."""
    statuses = [event.status for event in run.token_events() if isinstance(event, TrialMade)]
    return statuses.count(UNAUTHORIZED) / len(statuses) if statuses else None


def _store_calls(run: RecordedRun) -> float | None:
    """Return the calls of the store for each operation; None where nobody counted either: a program
    of the user's does not tell."""
    calls = run.clients.store_reads + run.clients.store_writes
    operations = sum(operations_failed(run).total)
    return calls / max(1, operations) if calls or operations else None


def _seen_on_virtual(run: RecordedRun, count: int) -> float | None:
    """Return ``count`` where somebody counted: a real store does not say what was done to it."""
    return float(count) if run.header.engine == "virtual" else None


_WHOLE: Mapping[str, Callable[[RecordedRun], float | None]] = {
    "trial_401": _trial_401,
    "token_requests_peak": lambda run: float(run.provider.token_requests_peak),
    "tokens_issued": lambda run: float(run.provider.tokens_issued),
    "tokens_per_lifetime": lambda run: run.provider.tokens_issued / run.header.token_lifetimes,
    "live_peak": lambda run: float(run.provider.live_peak),
    "outages": lambda run: float(len(outages_in(run))),
    "outage_longest": lambda run: float(longest_span(run)),
    "needless_issues": lambda run: float(run.provider.needless_issues),
    "needless_issues_own": lambda run: float(run.provider.needless_issues_own),
    "stale_writes": lambda run: _seen_on_virtual(run, run.clients.stale_writes),
    "leases_broken": lambda run: _seen_on_virtual(run, run.clients.leases_broken),
    "store_calls": _store_calls,
    "latency_p50": lambda run: run.clients.latency.quantile(0.50),
    "latency_p95": lambda run: run.clients.latency.quantile(0.95),
    "latency_p99": lambda run: run.clients.latency.quantile(0.99),
}


def _recovery(run: RecordedRun, faults: FaultSpan) -> float:
    """Return the time from the last fault's beginning to the end of the last bin whose 401 rate is
    above normal: 0 where none is, ``NEVER`` where the run's last bin with any response still is."""
    width = run.header.width * run.header.time_scale
    counts = responses_401(run)
    before = round(faults.first_at / width)
    usual = BinnedCounts(part=counts.part[:before], total=counts.total[:before]).share() or 0.0
    bins = range(int(faults.last_at // width), len(counts.total))
    counted = [at for at in bins if counts.total[at]]
    raised = [at for at in counted if counts.part[at] / counts.total[at] > max(usual, RECOVERED)]
    if not raised:
        return 0.0
    return NEVER if raised[-1] == counted[-1] else (raised[-1] + 1) * width - faults.last_at
