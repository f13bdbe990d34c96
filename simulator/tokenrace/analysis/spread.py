"""Where seeds differ so much that their mean describes none of them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from tokenrace.analysis.figures import SeedFigures, StrategyFigures
from tokenrace.analysis.wording import percent

FACTOR = 2
"""The worst seed has more than so many times what the median seed has."""
_SEEDS_MIN = 3
_RATE_MIN = 0.001
_TOKENS_MIN, _WAIT_MIN_MS = 10.0, 100.0
"""Differences from the median below these matter to nobody."""


@dataclass(frozen=True, slots=True)
class Spread:
    """A ``figure`` in the median seed and in the worst one, ``seed``, in words."""

    figure: str
    median: str
    worst: str
    seed: int

    def sentence(self) -> str:
        """Return how the seeds differ."""
        return (
            f"seeds differ: {self.figure} {self.worst} in seed {self.seed}, "
            f"{self.median} in the median seed"
        )


@dataclass(frozen=True, slots=True)
class _Compared:
    name: str
    value: Callable[[SeedFigures], float | None]
    least: float
    written: Callable[[float], str]


_COMPARED = (
    _Compared("401 rate", lambda seed: seed.rate_401, _RATE_MIN, percent),
    _Compared("failure rate", lambda seed: seed.failure_rate, _RATE_MIN, percent),
    _Compared("tokens issued", lambda seed: seed.tokens_issued, _TOKENS_MIN, "{:,.0f}".format),
    _Compared("p95", lambda seed: seed.latency_p95_ms, _WAIT_MIN_MS, "{:,.0f} ms".format),
)


def spreads_of(figures: StrategyFigures) -> Iterator[Spread]:
    """Yield the figures whose mean, or sum, over the seeds of a strategy hides the worst seed."""
    for each in _COMPARED:
        found = worst_and_median([each.value(seed) for seed in figures.per_seed])
        if found is None:
            continue
        place, worst, usual = found
        if worst > FACTOR * usual and worst - usual >= each.least:
            seed = figures.per_seed[place].seed
            yield Spread(each.name, each.written(usual), each.written(worst), seed)


def worst_and_median(values: Sequence[float | None]) -> tuple[int, float, float] | None:
    """Return the place of the largest value, that value and the median; None for fewer than three
    seeds, or where one has none."""
    known = [value for value in values if value is not None]
    if len(known) < max(_SEEDS_MIN, len(values)):
        return None
    worst = max(known)
    return known.index(worst), worst, median(known)


def findings_of(name: str, figures: StrategyFigures) -> Iterator[str]:
    """Yield what the means of the strategy called ``name`` hide, in sentences without a full stop.

    Outages first: where a seed had one, that explains its rates.
    """
    if figures.outages is not None and figures.outages.longest is not None:
        yield f"{name}: {figures.outages.sentence()}"
    for spread in spreads_of(figures):
        yield f"{name}: {spread.sentence()}"
