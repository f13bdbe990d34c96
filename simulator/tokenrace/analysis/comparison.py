"""Strategies side by side: what each costs, and which is better, seed by seed.

Under one seed all strategies meet the same arrivals and latencies, so they are compared in pairs:
the mean difference of the seeds, with the interval of the differences (Student's t). That needs far
fewer seeds than comparing two intervals.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from tokenrace.analysis.figures import figures_of, named_failures
from tokenrace.analysis.intervals import mean_and_reach
from tokenrace.analysis.spread import findings_of
from tokenrace.clock import MILLISECOND
from tokenrace.figures import FIGURES, RunPart
from tokenrace.trace.files import RecordedRun
from tokenrace.trace.histogram import Histogram, bucket_bounds

Word = Literal["better", "worse", "same", "can't tell"]


@dataclass(frozen=True, slots=True)
class Difference:
    """A mean difference over seeds, and how far its 95 % interval reaches to either side."""

    mean: float
    reach: float

    @property
    def word(self) -> Word:
        """What the difference says of a figure of which less is better."""
        if self.mean == self.reach == 0:
            return "same"
        if abs(self.mean) <= self.reach:
            return "can't tell"
        return "worse" if self.mean > 0 else "better"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One strategy among the others.

    Means over the seeds. ``avoidable`` is the 401 rate less the oracle's, and ``added_ms`` what a
    caller waits on average beyond what the oracle's callers do; None where there is no oracle.
    ``behind`` is its 401 rate less that of the first in the order, None for the first itself;
    ``behind_in_failures`` the same of the failure rate. ``failures`` has the operations of all its
    runs that failed, by why. ``hidden`` says what the means hide: outages, and seeds
    unlike the others.
    """

    strategy: str
    rate_401: float
    failure_rate: float
    avoidable: Difference | None
    tokens_per_lifetime: float
    added_ms: Difference | None
    store_calls: float
    behind: Difference | None
    behind_in_failures: Difference | None
    failures: Mapping[str, int]
    hidden: tuple[str, ...] = ()


def compare(
    runs: Mapping[str, Sequence[RecordedRun]], oracle: Sequence[RecordedRun] | None
) -> list[Standing]:
    """Return the strategies of ``runs`` in order: the lowest 401 rate first, then the lowest
    failure rate, then the fewest tokens. All have the same seeds, two or more, and so has the
    oracle; runs that counted nothing have a rate of 0.
    """
    order = sorted(runs, key=lambda name: _merit(runs[name]))
    first = runs[order[0]]
    return [
        Standing(
            strategy=name,
            rate_401=_mean(_rates(runs[name])),
            failure_rate=_mean(_failures(runs[name])),
            avoidable=_beyond(_rates, runs[name], oracle),
            tokens_per_lifetime=_mean(_tokens(runs[name])),
            added_ms=_beyond(_waits, runs[name], oracle),
            store_calls=_mean(_values("store_calls", runs[name])),
            behind=None if name == order[0] else _difference(_rates(runs[name]), _rates(first)),
            behind_in_failures=None
            if name == order[0]
            else _difference(_failures(runs[name]), _failures(first)),
            hidden=tuple(findings_of(name, figures_of(runs[name]))),
            failures=named_failures(runs[name]),
        )
        for name in order
    ]


def _merit(runs: Sequence[RecordedRun]) -> tuple[float, float, float]:
    return _mean(_rates(runs)), _mean(_failures(runs)), _mean(_tokens(runs))


def _difference(ours: Sequence[float], theirs: Sequence[float]) -> Difference:
    return Difference(*mean_and_reach([a - b for a, b in zip(ours, theirs, strict=True)]))


def _beyond(
    figure: Callable[[Sequence[RecordedRun]], list[float]],
    runs: Sequence[RecordedRun],
    oracle: Sequence[RecordedRun] | None,
) -> Difference | None:
    return None if oracle is None else _difference(figure(runs), figure(oracle))


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _values(name: str, runs: Sequence[RecordedRun]) -> list[float]:
    """Return the figure ``name`` of each run, 0 where nothing was counted."""
    return [FIGURES[name].of(RunPart(run=run)) or 0.0 for run in runs]


def _rates(runs: Sequence[RecordedRun]) -> list[float]:
    return _values("rate_401", runs)


def _failures(runs: Sequence[RecordedRun]) -> list[float]:
    return _values("failure_rate", runs)


def _tokens(runs: Sequence[RecordedRun]) -> list[float]:
    return _values("tokens_per_lifetime", runs)


def _waits(runs: Sequence[RecordedRun]) -> list[float]:
    return [_mean_ms(run.clients.latency) for run in runs]


def _mean_ms(latency: Histogram) -> float:
    """Return the mean of ``latency``, each span taken for the middle of its bucket."""
    counts = latency.counts()
    total = sum(sum(bucket_bounds(bucket)) / 2 * count for bucket, count in counts.items())
    return total / max(1, sum(counts.values())) / MILLISECOND
