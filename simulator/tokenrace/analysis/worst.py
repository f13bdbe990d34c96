"""The worst moment of the worst seed: what plots, lifelines and blame look at.

A mean over seeds hides a run in which everything failed. Of several runs the worst is the one with
the longest outage, then the highest 401 rate, then the highest failure rate, then the most tokens;
the first of equals.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from tokenrace.clock import Ticks
from tokenrace.figures import BinnedCounts, longest_of, longest_span
from tokenrace.trace.events import CAUSES, Cause, TokenIssued
from tokenrace.trace.files import RecordedRun
from tokenrace.trace.kept import KeptEvents
from tokenrace.trace.tally import BINS

RESPONSES_PER_BIN = 50
"""With fewer, a bin's rate is mostly chance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A stretch of a run, in ticks of its trace. ``outage``: it is the run's longest outage."""

    begins: Ticks
    ends: Ticks
    outage: bool


def worst_run(runs: Sequence[RecordedRun]) -> RecordedRun:
    """Return the worst of ``runs``, at least one."""
    return max(runs, key=_badness)


def most_failed_run(runs: Sequence[RecordedRun]) -> RecordedRun:
    """Return the one of ``runs`` with the longest outage, then the highest failure rate."""
    return max(runs, key=lambda run: (longest_span(run), failed_share(run)))


def failed_share(run: RecordedRun) -> float:
    """Return the share of its operations that failed; 0 where there was none."""
    outcomes = run.clients.operations
    failed = sum(outcomes["refused"]) + sum(outcomes["unknown"])
    return failed / max(1, failed + sum(outcomes["ok"]))


def worst_told(runs: Sequence[RecordedRun]) -> RecordedRun:
    """Return the worst of those ``runs`` whose events were kept; of all, where none were."""
    return worst_run([run for run in runs if _is_told(run)] or runs)


def worst_moment(run: RecordedRun) -> Moment | None:
    """Return the longest outage of ``run``, or else the bin with the highest 401 rate.

    An outage in which no call got 401 counts for none. None: no call of the run got 401.
    """
    width = run.header.width
    if (longest := longest_of(run.clients.slices.outages())) is not None:
        moment = Moment(begins=longest.begins, ends=longest.ends, outage=True)
        if any(causes_in(run, moment).values()):
            return moment
    merged = bins_to_merge([run])
    rates = rates_of(run, merged)
    if not any(rates):
        return None
    worst = rates.index(max(rates))
    begins = worst * merged * width
    return Moment(begins=begins, ends=begins + merged * width, outage=False)


def causes_in(run: RecordedRun, moment: Moment) -> dict[Cause, int]:
    """Return the 401s by cause in the bins that ``moment`` touches."""
    width = run.header.width
    bins = slice(moment.begins // width, -(-moment.ends // width))
    return {cause: sum(run.provider.refused[cause][bins]) for cause in CAUSES}


def shown_bins(runs: Mapping[str, Sequence[RecordedRun]]) -> int:
    """Return how many bins a plot of ``runs`` over time, and what is said of it, take for one."""
    return bins_to_merge([run for of in runs.values() for run in of])


def bins_to_merge(runs: Sequence[RecordedRun]) -> int:
    """Return how many bins to take for one, so that it has enough responses to have a rate."""
    totals = [sum(run.provider.responses) for run in runs]
    fewest = min((total for total in totals if total), default=0)
    for merged in (1, 2, 4):
        if fewest >= RESPONSES_PER_BIN * BINS // merged:
            return merged
    return 8


def merge(bins: Sequence[int], merged: int) -> list[int]:
    """Return the counts of ``bins``, ``merged`` of them to one."""
    return [sum(bins[first : first + merged]) for first in range(0, len(bins), merged)]


def merged_401s(run: RecordedRun, merged: int) -> list[int]:
    """Return the 401s of ``run``, ``merged`` bins to one."""
    return merge([sum(bins) for bins in zip(*run.provider.refused.values(), strict=True)], merged)


def rates_of(run: RecordedRun, merged: int) -> list[float]:
    """Return the 401 rates of ``run``, ``merged`` bins to one; 0 where nothing was counted."""
    refused, responses = merged_401s(run, merged), merge(run.provider.responses, merged)
    return [part / max(1, total) for part, total in zip(refused, responses, strict=True)]


def median_rates(runs: Sequence[RecordedRun], merged: int) -> list[float]:
    """Return the median over ``runs`` of their rates."""
    rates = [rates_of(run, merged) for run in runs]
    return [median(of_bin) for of_bin in zip(*rates, strict=True)]


def _badness(run: RecordedRun) -> tuple[float, float, float, int]:
    refused = run.provider.refused.values()
    answered = BinnedCounts(
        part=[sum(bins) for bins in zip(*refused, strict=True)], total=run.provider.responses
    )
    return (
        longest_span(run),
        answered.share() or 0.0,
        failed_share(run),
        run.provider.tokens_issued,
    )


def _is_told(run: RecordedRun) -> bool:
    if not isinstance(run.trace, KeptEvents):
        return True
    return any(isinstance(event, TokenIssued) for event in run.trace.events)
