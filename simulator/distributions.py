"""Laws of spans of time: think times, gaps between arrivals, latencies.

A distribution is a value. It draws whole blocks of non-negative ticks from a numpy generator, so
that the stepping engine (one number at a time) and the engine that skips calm time (many at a
time) read the same numbers in the same order.
"""

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from simulator.clock import Ticks

Spans = NDArray[np.int64]
_NORMAL_P95 = 1.6448536269514722  # the 95th percentile of the standard normal


class Distribution(Protocol):
    """A law that spans of time follow."""

    def draw(self, generator: np.random.Generator, count: int) -> Spans:
        """Return ``count`` independent spans, in ticks, none negative."""
        ...

    def mean(self) -> float:
        """Return the law's mean, in ticks."""
        ...


@dataclass(frozen=True, slots=True)
class Constant:
    """Always ``span`` ticks."""

    span: Ticks

    def __post_init__(self) -> None:
        if self.span < 0:
            raise ValueError(f"span must not be negative, got {self.span}")

    def draw(self, generator: np.random.Generator, count: int) -> Spans:  # noqa: ARG002
        return np.full(count, self.span, dtype=np.int64)

    def mean(self) -> float:
        return float(self.span)


@dataclass(frozen=True, slots=True)
class Uniform:
    """Any whole number of ticks from ``low`` up to and including ``high``."""

    low: Ticks
    high: Ticks

    def __post_init__(self) -> None:
        if not 0 <= self.low <= self.high:
            raise ValueError(f"need 0 <= low <= high, got {self.low} and {self.high}")

    def draw(self, generator: np.random.Generator, count: int) -> Spans:
        return generator.integers(self.low, self.high, size=count, endpoint=True)

    def mean(self) -> float:
        return (self.low + self.high) / 2


@dataclass(frozen=True, slots=True)
class Exponential:
    """Memoryless with the given mean: think times, gaps of a Poisson process."""

    mean_span: Ticks

    def __post_init__(self) -> None:
        if self.mean_span <= 0:
            raise ValueError(f"mean_span must be positive, got {self.mean_span}")

    def draw(self, generator: np.random.Generator, count: int) -> Spans:
        return np.rint(generator.standard_exponential(count) * self.mean_span).astype(np.int64)

    def mean(self) -> float:
        return float(self.mean_span)


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

    def draw(self, generator: np.random.Generator, count: int) -> Spans:
        spans = generator.lognormal(math.log(self.median), self.sigma, size=count)
        return np.rint(spans).astype(np.int64)

    def mean(self) -> float:
        return self.median * math.exp(self.sigma**2 / 2)


def shrunk(law: Distribution, factor: float) -> Distribution:
    """Return ``law`` with every span divided by ``factor``; a positive span stays a tick at least.

    Raises:
        ValueError: ``factor`` is not positive.
    """
    if factor <= 0:
        raise ValueError(f"factor must be positive, got {factor}")

    def span(ticks: Ticks) -> Ticks:
        return max(1, round(ticks / factor)) if ticks else 0

    match law:
        case Constant(fixed):
            return Constant(span(fixed))
        case Uniform(low, high):
            return Uniform(span(low), span(high))
        case Exponential(mean_span):
            return Exponential(span(mean_span))
        case Lognormal(median, p95):
            return Lognormal(span(median), span(p95))
        case _:
            raise AssertionError(law)
