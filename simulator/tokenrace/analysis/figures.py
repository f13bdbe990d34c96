"""The figures of one run in a part of it, and of one strategy over its runs."""

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from tokenrace.analysis.intervals import Estimate, estimate, rounded
from tokenrace.analysis.outages import OutageFigures, outage_figures
from tokenrace.clock import MILLISECOND, Ticks, seconds
from tokenrace.faults.kinds import Fault
from tokenrace.figures import (
    ALL,
    FIGURES,
    FaultSpan,
    RunPart,
    longest_span,
    operations_failed,
    outages_in,
    responses_401,
)
from tokenrace.scenario.parts import WHOLE, FaultEdge, Instant, Part
from tokenrace.trace.events import CAUSES, Cause
from tokenrace.trace.files import RecordedRun
from tokenrace.trace.histogram import Histogram
from tokenrace.trace.outcomes import OUTCOMES, Failure, Outcome

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyFigures:
    """What a caller waited for an operation's answer, in milliseconds of the engine's time.

    None where no operation got an answer. Off by at most 0.8 %.
    """

    p50: float | None
    p95: float | None
    p99: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedFigures:
    """The figures of one run; the rates are None where nothing was counted.

    The outages are None in a summary of a version that did not look for them.
    """

    seed: int
    responses: int
    responses_401: int
    rate_401: float | None
    operations: int
    failure_rate: float | None
    tokens_issued: int
    outages: int | None = None
    outage_longest_s: float | None = None
    latency_p95_ms: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategyFigures:
    """The figures of one strategy over all its runs.

    ``rate_401`` is of API responses, ``failure_rate`` of operations, those of unknown outcome
    included; both are means of the runs' rates, and None where no run counted anything. Counts are
    sums over the runs, ``live_peak`` and ``token_requests_peak`` their maxima. ``unknown`` counts
    requests, to the token endpoint as well. ``tokens_per_lifetime`` is how many tokens were issued,
    on average, in the time that one token lasts. ``failures`` has the operations that did not end
    well by why (``Failure``), ``issues_refused_by`` the refused token requests by status and error,
    ``store_failures`` the calls of the store that failed by what was asked and what came of it.
    ``outages`` is None as in ``SeedFigures``.
    """

    responses: int
    responses_401: int
    rate_401: Estimate | None
    failure_rate: Estimate | None
    unknown: int
    causes: dict[Cause, int]
    operations: int
    operations_by_outcome: dict[Outcome, int]
    tokens_issued: int
    tokens_per_lifetime: float
    issues_refused: int
    live_peak: int
    store_reads: int
    store_writes: int
    latency_ms: LatencyFigures
    per_seed: tuple[SeedFigures, ...]
    outages: OutageFigures | None = None
    failures: dict[str, int] = field(default_factory=dict)
    token_requests: int = 0
    token_requests_peak: int = 0
    issues_refused_by: dict[str, int] = field(default_factory=dict)
    store_failures: dict[str, int] = field(default_factory=dict)


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
    of the scenario's. A part is made of the bins that lie in it, its edges rounded to the nearest
    bin's.
    """
    return FIGURES[figure].of(counted_in(run, part, faults))


def counted_in(run: RecordedRun, part: Part, faults: FaultSpan | None) -> RunPart:
    """Return what ``run`` counted in ``part``: what every figure of it is made of."""
    bins = ALL if part == WHOLE else slice(*bins_of(run, part, faults))
    return RunPart(run=run, bins=bins, faults=faults)


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


def figures_of(runs: Sequence[RecordedRun]) -> StrategyFigures:
    """Return the figures of a strategy from its ``runs``, at least one, one for each seed."""
    assert runs, "a strategy without runs has no figures"
    causes = {cause: sum(sum(run.provider.refused[cause]) for run in runs) for cause in CAUSES}
    outcomes = {
        outcome: sum(sum(run.clients.operations[outcome]) for run in runs) for outcome in OUTCOMES
    }
    issued = sum(run.provider.tokens_issued for run in runs)
    lifetimes = sum(run.header.token_lifetimes for run in runs)
    return StrategyFigures(
        responses=sum(sum(run.provider.responses) for run in runs),
        responses_401=sum(causes.values()),
        rate_401=estimate([responses_401(run) for run in runs]),
        failure_rate=estimate([operations_failed(run) for run in runs]),
        unknown=sum(run.clients.unknown for run in runs),
        causes=causes,
        operations=sum(outcomes.values()),
        operations_by_outcome=outcomes,
        tokens_issued=issued,
        tokens_per_lifetime=rounded(issued / lifetimes),
        issues_refused=sum(run.provider.issues_refused for run in runs),
        live_peak=max(run.provider.live_peak for run in runs),
        store_reads=sum(run.clients.store_reads for run in runs),
        store_writes=sum(run.clients.store_writes for run in runs),
        latency_ms=_latency(runs),
        per_seed=tuple(_seed_figures(run) for run in runs),
        outages=outage_figures(runs),
        failures=named_failures(runs),
        token_requests=sum(sum(run.provider.token_requests) for run in runs),
        token_requests_peak=max(run.provider.token_requests_peak for run in runs),
        issues_refused_by=_named([_summed(run.provider.issues_refused_by) for run in runs]),
        store_failures=_named([_summed(run.clients.store_failures) for run in runs]),
    )


def failure_counts(run: RecordedRun) -> dict[Failure, int]:
    """Return how many operations of ``run`` failed for what, or have no outcome for it."""
    return _summed(run.clients.failures)


def named_failures(runs: Sequence[RecordedRun]) -> dict[str, int]:
    """Return how many operations of all ``runs`` failed, by the text of why, the most first."""
    return _named([failure_counts(run) for run in runs])


def _summed(counts: Mapping[K, Sequence[int]]) -> dict[K, int]:
    return {what: sum(bins) for what, bins in counts.items()}


def _named(of_each: Sequence[Mapping[K, int]]) -> dict[str, int]:
    """Return the sums of counts, the largest first, by the text of what was counted."""
    totals: Counter[str] = Counter()
    for counts in of_each:
        for what, count in counts.items():
            totals[str(what)] += count
    return dict(sorted(totals.items(), key=lambda each: (-each[1], each[0])))


def _seed_figures(run: RecordedRun) -> SeedFigures:
    answered, operations = responses_401(run), operations_failed(run)
    rate, failures = answered.share(), operations.share()
    return SeedFigures(
        seed=run.header.seed,
        responses=sum(answered.total),
        responses_401=sum(answered.part),
        rate_401=None if rate is None else rounded(rate),
        operations=sum(operations.total),
        failure_rate=None if failures is None else rounded(failures),
        tokens_issued=run.provider.tokens_issued,
        outages=len(outages_in(run)),
        outage_longest_s=seconds(longest_span(run)),
        latency_p95_ms=_in_ms(run.clients.latency.quantile(0.95)),
    )


def _latency(runs: Sequence[RecordedRun]) -> LatencyFigures:
    whole = Histogram()
    for run in runs:
        whole.add(run.clients.latency)
    return LatencyFigures(
        p50=_in_ms(whole.quantile(0.50)),
        p95=_in_ms(whole.quantile(0.95)),
        p99=_in_ms(whole.quantile(0.99)),
    )


def _in_ms(span: Ticks | None) -> float | None:
    return None if span is None else span / MILLISECOND
