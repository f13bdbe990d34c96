"""Drawing from distributions, in whole blocks.

Non-negative ticks are made from standard variates of a numpy generator, so that the stepping engine
(one number at a time) and the engine that skips calm time (many at a time) read the same numbers in
the same order.
"""

import numpy as np
from numpy.typing import NDArray

from tokenrace.distributions import Constant, Distribution, Exponential, Lognormal, Uniform

Spans = NDArray[np.int64]
Variates = NDArray[np.float64]


def fill(law: Distribution, generator: np.random.Generator, out: Variates) -> None:
    """Fill ``out`` with independent variates of the standard form of ``law``."""
    match law:
        case Constant():
            return  # there is no chance in it
        case Uniform():
            generator.random(out=out)
        case Exponential():
            generator.standard_exponential(out=out)
        case Lognormal():
            generator.standard_normal(out=out)


def spans_of(law: Distribution, variates: Variates) -> Spans:
    """Return the spans, in ticks, none negative, that ``variates`` stand for, in its shape."""
    spans: Spans
    match law:
        case Constant(span):
            return np.full(variates.shape, span, dtype=np.int64)
        case Uniform(low, high):
            spans = (variates * (high - low + 1)).astype(np.int64)
            spans += low
            return spans
        case Exponential(mean_span):
            return np.rint(variates * mean_span).astype(np.int64)
        case Lognormal(median):
            spans = np.rint(median * np.exp(law.sigma * variates)).astype(np.int64)
            return spans


def draw(law: Distribution, generator: np.random.Generator, count: int) -> Spans:
    """Return the next ``count`` independent spans of ``law``."""
    variates = np.empty(count)
    fill(law, generator, variates)
    return spans_of(law, variates)
