"""Laws of spans of time: think times, gaps between arrivals, latencies.

A distribution is a value. It makes whole blocks of non-negative ticks from standard variates of a
numpy generator, so that the stepping engine (one number at a time) and the engine that skips calm
time (many at a time) read the same numbers in the same order.
"""

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from simulator.clock import Ticks, shrunk

Spans = NDArray[np.int64]
Variates = NDArray[np.float64]
_NORMAL_P95 = 1.6448536269514722  # the 95th percentile of the standard normal


class Distribution(Protocol):
    """A law that spans of time follow."""

    def fill(self, generator: np.random.Generator, out: Variates) -> None:
        """Fill ``out`` with independent variates of the law's standard form."""
        ...

    def spans(self, variates: Variates) -> Spans:
        """Return the spans, in ticks, none negative, that ``variates`` stand for, in its shape."""
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

    def fill(self, generator: np.random.Generator, out: Variates) -> None:
        """Draw nothing: there is no chance in it."""

    def spans(self, variates: Variates) -> Spans:
        return np.full(variates.shape, self.span, dtype=np.int64)

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

    def fill(self, generator: np.random.Generator, out: Variates) -> None:
        generator.random(out=out)

    def spans(self, variates: Variates) -> Spans:
        spans: Spans = (variates * (self.high - self.low + 1)).astype(np.int64)
        spans += self.low
        return spans

    def mean(self) -> float:
        return (self.low + self.high) / 2


@dataclass(frozen=True, slots=True)
class Exponential:
    """Memoryless with the given mean: think times, gaps of a Poisson process."""

    mean_span: Ticks

    def __post_init__(self) -> None:
        if self.mean_span <= 0:
            raise ValueError(f"mean_span must be positive, got {self.mean_span}")

    def fill(self, generator: np.random.Generator, out: Variates) -> None:
        generator.standard_exponential(out=out)

    def spans(self, variates: Variates) -> Spans:
        return np.rint(variates * self.mean_span).astype(np.int64)

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

    def fill(self, generator: np.random.Generator, out: Variates) -> None:
        generator.standard_normal(out=out)

    def spans(self, variates: Variates) -> Spans:
        spans: Spans = np.rint(self.median * np.exp(self.sigma * variates)).astype(np.int64)
        return spans

    def mean(self) -> float:
        return self.median * math.exp(self.sigma**2 / 2)


PER_MILLION = 1_000_000
CHANCES = Uniform(0, PER_MILLION - 1)
"""The law of what happens with a chance, in numbers per million."""


def draw(law: Distribution, generator: np.random.Generator, count: int) -> Spans:
    """Return the next ``count`` independent spans of ``law``."""
    variates = np.empty(count)
    law.fill(generator, variates)
    return law.spans(variates)


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
        case _:
            raise AssertionError(law)
