"""The table of figures: what can be said of a run in one number.

A row says a figure's name, unit, label, which direction is good, whether a part of a run has one of
its own, who can tell it, and how it follows from what was counted (``Counted``): by a run or a part
of one (``RunPart``), or kept by a baseline or a served provider (``KeptCounts``). Whoever expects,
compares, sweeps or reports reads this table, so a new figure is one row.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, NamedTuple

from tokenrace.clock import Ticks
from tokenrace.trace.events import CAUSES, Cause, TrialMade
from tokenrace.trace.files import RecordedRun
from tokenrace.trace.outages import Outage, outages_of
from tokenrace.trace.outcomes import Outcome
from tokenrace.trace.tally import BINS

Unit = Literal["share", "number", "span"]
Teller = Literal["provider", "client", "run"]
NEVER = float("inf")
UNAUTHORIZED = 401
RECOVERED = 0.01
"""A bin is back to normal at this 401 rate, or at that before the first fault if it was higher."""
ALL = slice(None)
Quantiles = tuple[Ticks | None, Ticks | None, Ticks | None]


class FaultSpan(NamedTuple):
    """From the first fault's beginning to the last one's, and to when the last one is over.

    In scenario time. ``each`` has every fault's own beginning and when it is over, in file order.
    """

    first_at: Ticks
    last_at: Ticks
    over_at: Ticks
    each: tuple[tuple[Ticks, Ticks], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BinnedCounts:
    """In one run, per bin: how many of ``total`` had the property that ``part`` counts."""

    part: Sequence[int]
    total: Sequence[int]

    def share(self) -> float | None:
        """Return the share over the whole run; None where nothing was counted."""
        return _share(sum(self.part), sum(self.total))


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptCounts:
    """What somebody kept of a run, or counted at a served provider. None: nobody counted it.

    ``responses`` are those of the API, ``causes`` the 401s among them. ``ok``, ``refused`` and
    ``unknown`` are operations; those that ``hung`` waited for a token in vain and are unknown too.
    ``lifetimes`` is how many lifetimes of a token were counted over. ``latency`` is the median, the
    95th and the 99th percentile, in ticks. ``run`` is the run itself, for the figures that need its
    events or its order, with its ``faults``: there is none.
    """

    responses: int
    causes: Mapping[Cause, int]
    tokens_issued: int
    issues_refused: int
    live_peak: int
    token_requests: int | None
    token_requests_peak: int | None
    lifetimes: float | None = None
    ok: int = 0
    refused: int = 0
    unknown: int = 0
    hung: int = 0
    store_calls: int = 0
    latency: Quantiles = (None, None, None)
    run: None = None
    faults: None = None

    @property
    def responses_401(self) -> int:
        """The 401s among the API responses."""
        return sum(self.causes.values())


@dataclass(frozen=True, kw_only=True)  # no slots: what takes long to count is counted once
class RunPart:
    """What ``run`` counted in ``bins``, each count made when it is asked for; peaks and latencies
    are of the whole run. The names are those of ``KeptCounts``."""

    run: RecordedRun
    bins: slice = field(default_factory=lambda: ALL)
    faults: FaultSpan | None = None

    @property
    def responses(self) -> int:
        """The API's responses."""
        return sum(self.run.provider.responses[self.bins])

    @property
    def causes(self) -> Mapping[Cause, int]:
        """The 401s, by cause."""
        return {cause: sum(of[self.bins]) for cause, of in self.run.provider.refused.items()}

    @property
    def responses_401(self) -> int:
        """The 401s among the API responses."""
        return sum(responses_401(self.run).part[self.bins])

    @property
    def tokens_issued(self) -> int:
        """The tokens issued, in the whole run."""
        return self.run.provider.tokens_issued

    @property
    def issues_refused(self) -> int:
        """The token requests that were refused."""
        return sum(_issues_refused(self.run)[self.bins])

    @property
    def live_peak(self) -> int:
        """The most tokens that were live at once."""
        return self.run.provider.live_peak

    @property
    def token_requests(self) -> int:
        """The token requests."""
        return sum(self.run.provider.token_requests[self.bins])

    @property
    def token_requests_peak(self) -> int:
        """The most token requests within a second."""
        return self.run.provider.token_requests_peak

    @property
    def lifetimes(self) -> float:
        """How many lifetimes of a token the run has."""
        return self.run.header.token_lifetimes

    @property
    def ok(self) -> int:
        """The operations that succeeded."""
        return self._ended("ok")

    @property
    def refused(self) -> int:
        """The operations that were refused."""
        return self._ended("refused")

    @property
    def unknown(self) -> int:
        """The operations of which nobody knows whether they took effect."""
        return self._ended("unknown")

    @property
    def hung(self) -> int:
        """The operations that waited for a token in vain."""
        return sum(_hung(self.run)[self.bins])

    @property
    def store_calls(self) -> int:
        """The calls of the store, in the whole run."""
        return self.run.clients.store_reads + self.run.clients.store_writes

    @cached_property
    def latency(self) -> Quantiles:
        """The median, the 95th and the 99th percentile of the waits, in ticks."""
        quantile = self.run.clients.latency.quantile
        return quantile(0.50), quantile(0.95), quantile(0.99)

    def _ended(self, outcome: Outcome) -> int:
        return sum(self.run.clients.operations[outcome][self.bins])


Counted = KeptCounts | RunPart
"""What figures are made of."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure. Shares are from 0 to 1, spans in ticks; ``of`` gives None where nothing was
    counted.

    ``told_by``: a provider can tell it of what it answers, a client adds its operations, the rest
    needs the whole run. ``in_parts``: a part of the run has one of its own. ``is_measure``: it
    differs a little from run to run, as a latency does (a share does too). ``better``: the
    direction that is good.
    """

    name: str
    unit: Unit
    label: str
    of: Callable[[Counted], float | None]
    told_by: Teller
    in_parts: bool = False
    is_measure: bool = False
    better: Literal["less", "more"] = "less"


def responses_401(run: RecordedRun) -> BinnedCounts:
    """Return the 401s among the API responses of ``run``, by bin."""
    refused = run.provider.refused.values()
    return BinnedCounts(
        part=[sum(bins) for bins in zip(*refused, strict=True)], total=run.provider.responses
    )


def operations_failed(run: RecordedRun) -> BinnedCounts:
    """Return the operations among all of ``run``, by bin, that were refused, or waited for a token
    in vain: those have done nothing, whatever else is unknown of them."""
    by_outcome = run.clients.operations
    return BinnedCounts(
        part=[sum(bins) for bins in zip(by_outcome["refused"], _hung(run), strict=True)],
        total=[sum(bins) for bins in zip(*by_outcome.values(), strict=True)],
    )


def _hung(run: RecordedRun) -> list[int]:
    """Return the operations of ``run`` that waited for a token in vain, by bin."""
    of_each = [bins for why, bins in run.clients.failures.items() if why.kind == "hung"]
    return [sum(bins) for bins in zip(*of_each, strict=True)] if of_each else [0] * BINS


def _issues_refused(run: RecordedRun) -> list[int]:
    """Return the token requests of ``run`` that were refused, by bin; traces of before only know
    how many, and then all are in the first."""
    of_each = run.provider.issues_refused_by.values()
    if not of_each:
        return [run.provider.issues_refused] + [0] * (BINS - 1)
    return [sum(bins) for bins in zip(*of_each, strict=True)]


def outages_in(run: RecordedRun) -> tuple[Outage, ...]:
    """Return the outages of ``run``, in ticks of the scenario."""
    scale, duration = run.header.time_scale, run.header.duration
    return tuple(
        Outage(
            begins=round(found.begins * scale),
            ends=round(min(found.ends, duration) * scale),
            operations=found.operations,
            failed=found.failed,
        )
        for found in _outages_found(run)
    )


def _outages_found(run: RecordedRun) -> Sequence[Outage]:
    if any(any(bins) for bins in run.clients.operations.values()):
        return run.clients.slices.outages()
    refused = responses_401(run).part
    return outages_of(run.provider.responses, refused, run.header.width) if any(refused) else ()


def longest_of(outages: Sequence[Outage]) -> Outage | None:
    """Return the longest; the first of several."""
    return max(outages, key=lambda outage: outage.lasts, default=None)


def longest_span(run: RecordedRun) -> Ticks:
    """Return how long the longest outage of ``run`` lasts, in ticks of the scenario; 0: none."""
    longest = longest_of(outages_in(run))
    return 0 if longest is None else longest.lasts


def _share(part: float, total: float | None) -> float | None:
    return part / total if total else None


def _operations(counts: Counted) -> int:
    return counts.ok + counts.refused + counts.unknown


def _of_cause(counts: Counted, cause: Cause) -> int:
    return counts.causes.get(cause, 0)


def _rate_of(cause: Cause) -> Callable[[Counted], float | None]:
    return lambda counts: _share(_of_cause(counts, cause), counts.responses)


def _count_of(cause: Cause) -> Callable[[Counted], float | None]:
    return lambda counts: float(_of_cause(counts, cause))


def _store_calls(counts: Counted) -> float | None:
    """Return the calls of the store for each operation; None where nobody counted either: a program
    of the user's does not tell."""
    calls, operations = counts.store_calls, _operations(counts)
    return calls / max(1, operations) if calls or operations else None


def _of_run(
    value: Callable[[RecordedRun], float | None],
) -> Callable[[Counted], float | None]:
    return lambda counts: None if counts.run is None else value(counts.run)


def _seen_on_virtual(count: Callable[[RecordedRun], int]) -> Callable[[Counted], float | None]:
    """Return a figure that is None on the wire: a real store does not say what was done to it."""
    return _of_run(lambda run: float(count(run)) if run.header.engine == "virtual" else None)


def _trial_401(run: RecordedRun) -> float | None:
    """Return how many of those who tried from outside got 401; None where nobody did."""
    statuses = [event.status for event in run.token_events() if isinstance(event, TrialMade)]
    return _share(statuses.count(UNAUTHORIZED), len(statuses))


def _recovery(counts: Counted) -> float | None:
    """Return the time from the last fault's beginning to the end of the last bin whose 401 rate is
    above normal: 0 where none is, ``NEVER`` where the run's last bin with any response still is."""
    run, faults = counts.run, counts.faults
    if run is None or faults is None:
        return None
    width = run.header.width * run.header.time_scale
    answers = responses_401(run)
    before = round(faults.first_at / width)
    usual = BinnedCounts(part=answers.part[:before], total=answers.total[:before]).share() or 0.0
    bins = range(int(faults.last_at // width), len(answers.total))
    answered = [at for at in bins if answers.total[at]]
    normal = max(usual, RECOVERED)
    raised = [at for at in answered if answers.part[at] / answers.total[at] > normal]
    if not raised:
        return 0.0
    return NEVER if raised[-1] == answered[-1] else (raised[-1] + 1) * width - faults.last_at


# fmt: off
_TABLE = (
    Figure("rate_401", "share", "401 rate",
           lambda c: _share(c.responses_401, c.responses), "provider", in_parts=True),
    Figure("failure_rate", "share", "failure rate",
           lambda c: _share(c.refused + c.hung, _operations(c)), "client", in_parts=True),
    Figure("unknown_rate", "share", "unknown rate",
           lambda c: _share(c.unknown, _operations(c)), "client", in_parts=True),
    *(Figure(f"rate_{cause}", "share", f"401 rate, {cause}", _rate_of(cause), "provider",
             in_parts=True) for cause in CAUSES),
    *(Figure(f"count_{cause}", "number", f"401s, {cause}", _count_of(cause), "provider",
             in_parts=True) for cause in CAUSES),
    Figure("trial_401", "share", "401 rate of trials", _of_run(_trial_401), "run"),
    Figure("operations", "number", "operations",
           lambda c: float(_operations(c)), "client", in_parts=True, better="more"),
    Figure("operations_hung", "number", "operations that hung",
           lambda c: float(c.hung), "client", in_parts=True),
    Figure("issues_refused", "number", "token requests refused",
           lambda c: float(c.issues_refused), "provider", in_parts=True),
    Figure("token_requests", "number", "token requests",
           lambda c: c.token_requests, "provider", in_parts=True),
    Figure("token_requests_peak", "number", "most token requests in a second",
           lambda c: c.token_requests_peak, "provider"),
    Figure("tokens_issued", "number", "tokens issued",
           lambda c: float(c.tokens_issued), "provider"),
    Figure("tokens_per_lifetime", "number", "tokens per lifetime",
           lambda c: _share(c.tokens_issued, c.lifetimes), "provider"),
    Figure("live_peak", "number", "most tokens live", lambda c: float(c.live_peak), "provider"),
    Figure("needless_issues", "number", "needless tokens",
           _of_run(lambda run: float(run.provider.needless_issues)), "run"),
    Figure("needless_issues_own", "number", "needless tokens of a process",
           _of_run(lambda run: float(run.provider.needless_issues_own)), "run"),
    Figure("stale_writes", "number", "stale writes",
           _seen_on_virtual(lambda run: run.clients.stale_writes), "run"),
    Figure("leases_broken", "number", "leases broken",
           _seen_on_virtual(lambda run: run.clients.leases_broken), "run"),
    Figure("store_calls", "number", "store calls per operation", _store_calls, "client",
           is_measure=True),
    Figure("latency_p50", "span", "wait p50", lambda c: c.latency[0], "client", is_measure=True),
    Figure("latency_p95", "span", "wait p95", lambda c: c.latency[1], "client", is_measure=True),
    Figure("latency_p99", "span", "wait p99", lambda c: c.latency[2], "client", is_measure=True),
    Figure("recovery", "span", "recovery", _recovery, "run"),
    Figure("outages", "number", "outages",
           _of_run(lambda run: float(len(outages_in(run)))), "run"),
    Figure("outage_longest", "span", "longest outage",
           _of_run(lambda run: float(longest_span(run))), "run"),
)
# fmt: on
FIGURES: Mapping[str, Figure] = {figure.name: figure for figure in _TABLE}
"""Every figure by its name. Shares are of API responses for 401s, of operations for failures and
unknown outcomes, of tries for ``trial_401``; ``store_calls`` are per operation; ``outages`` are
stretches in which most operations failed (``trace/outages.py``); ``recovery`` is how long after the
last fault began the 401 rate stays above what it was before the first one. ``operations_hung``
waited for a token in vain; they count as failed, and as unknown. ``token_requests_peak`` is the
most requests that reached the token endpoint within one second of the engine's time."""
