"""Laws of spans of time: think times, gaps between arrivals, latencies.

A distribution is a value. ``rng.py`` draws from it: whoever only reads a scenario loads no numpy.
"""

import math
from dataclasses import dataclass
from random import Random  # noqa: TID251 - the class of seeded streams, which rng.py makes
from typing import Protocol

from tokenrace.clock import Ticks, shrunk

_NORMAL_P95 = 1.6448536269514722  # the 95th percentile of the standard normal


@dataclass(frozen=True, slots=True)
class Constant:
    """Always ``span`` ticks."""

    span: Ticks

    def __post_init__(self) -> None:
        if self.span < 0:
            raise ValueError(f"span must not be negative, got {self.span}")

    def mean(self) -> float:
        return float(self.span)

    def quantile_95(self) -> float:
        return float(self.span)


@dataclass(frozen=True, slots=True)
class Uniform:
    """Any whole number of ticks from ``low`` up to and including ``high``."""

    low: Ticks
    high: Ticks

    def __post_init__(self) -> None:
        if not 0 <= self.low <= self.high:
            raise ValueError(f"need 0 <= low <= high, got {self.low} and {self.high}")

    def mean(self) -> float:
        return (self.low + self.high) / 2

    def quantile_95(self) -> float:
        return self.low + 0.95 * (self.high - self.low)


@dataclass(frozen=True, slots=True)
class Exponential:
    """Memoryless with the given mean: think times, gaps of a Poisson process."""

    mean_span: Ticks

    def __post_init__(self) -> None:
        if self.mean_span <= 0:
            raise ValueError(f"mean_span must be positive, got {self.mean_span}")

    def mean(self) -> float:
        return float(self.mean_span)

    def quantile_95(self) -> float:
        return self.mean_span * math.log(20)


@dataclass(frozen=True, slots=True)
class Lognormal:
    """A long right tail, as latencies have: half below ``median``, one in twenty above ``p95``."""

    median: Ticks
    p95: Ticks

    def __post_init__(self) -> None:
        if not 0 < self.median <= self.p95:
            raise ValueError(f"need 0 < median <= p95, got {self.median} and {self.p95}")

    @property
    def sigma(self) -> float:
        """The standard deviation of the logarithm: ln(p95 / median) / 1.645."""
        return math.log(self.p95 / self.median) / _NORMAL_P95

    def mean(self) -> float:
        return self.median * math.exp(self.sigma**2 / 2)

    def quantile_95(self) -> float:
        return float(self.p95)


Distribution = Constant | Uniform | Exponential | Lognormal
"""A law that spans of time follow: never negative, with a mean in ticks, and the span that one in
twenty exceeds."""
PER_MILLION = 1_000_000
CHANCES = Uniform(0, PER_MILLION - 1)
"""The law of what happens with a chance, in numbers per million."""


def hurried(law: Distribution, factor: float) -> Distribution:
    """Return ``law`` with every span divided by ``factor``; a positive span stays a tick at least.

    Raises:
        ValueError: ``factor`` is not positive.
    """
    if factor <= 0:
        raise ValueError(f"factor must be positive, got {factor}")

    match law:
        case Constant(fixed):
            return Constant(shrunk(fixed, factor))
        case Uniform(low, high):
            return Uniform(shrunk(low, factor), shrunk(high, factor))
        case Exponential(mean_span):
            return Exponential(shrunk(mean_span, factor))
        case Lognormal(median, p95):
            return Lognormal(shrunk(median, factor), shrunk(p95, factor))


Stream = Random
"""For choices and single draws."""


class Spanned(Protocol):
    """An endless sequence of spans."""

    def next(self) -> Ticks:
        """Return the next span, in ticks."""
        ...
