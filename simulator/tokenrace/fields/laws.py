"""Distributions of spans as people write them.

==============================  ==================================================
``200ms``                       always 200 ms
``uniform 50ms 150ms``          anything from 50 ms to 150 ms
``exponential 10s``             memoryless, 10 s on average
``lognormal 200ms p95 600ms``   half below 200 ms, one in twenty above 600 ms
==============================  ==================================================
"""

from tokenrace.clock import Ticks
from tokenrace.distributions import Constant, Distribution, Exponential, Lognormal, Uniform
from tokenrace.fields.quoting import hint, shown
from tokenrace.fields.units import read_positive_span, read_span, write_span

TAIL_MAX = 1_000  # a p95 above 1000 medians is a slip of the pen, and its draws leave 64 bits

_EXAMPLES = "such as 200ms, uniform 50ms 150ms, exponential 10s or lognormal 200ms p95 600ms"
_SHAPES = {
    "uniform": "uniform LOW HIGH",
    "exponential": "exponential MEAN",
    "lognormal": "lognormal MEDIAN p95 HIGH",
}


def read_distribution(raw: object) -> Distribution:
    """Read a distribution. Inside one, a span is a single word: ``1h30m``, not ``1h 30m``.

    Raises:
        ValueError: with a message for the user.
    """
    text = raw.strip() if isinstance(raw, str) else raw
    if text in ("", None) or isinstance(text, bool | list | dict):
        raise ValueError(f"must be a distribution, {_EXAMPLES}; got {shown(raw)}")
    if isinstance(text, str) and text[0].isalpha():
        return _law(text)
    return Constant(read_span(text))


def write_distribution(law: Distribution) -> str:
    """Return the text that reads back as ``law``, which must be one of the four above."""
    match law:
        case Constant(span):
            return _word(span)
        case Uniform(low, high):
            return f"uniform {_word(low)} {_word(high)}"
        case Exponential(mean_span):
            return f"exponential {_word(mean_span)}"
        case Lognormal(median, p95):
            return f"lognormal {_word(median)} p95 {_word(p95)}"
        case _:
            raise ValueError(f"a scenario cannot say {law}")


def _law(text: str) -> Distribution:
    match text.split():
        case ["uniform", low, high]:
            return _uniform(read_span(low), read_span(high), text)
        case ["exponential", mean]:
            return Exponential(read_positive_span(mean))
        case ["lognormal", median, "p95", p95]:
            return _lognormal(read_positive_span(median), read_positive_span(p95), text)
        case [law, *_] if law in _SHAPES:
            raise ValueError(f"must read {_SHAPES[law]!r}, got {shown(text)}")
        case [law, *_]:
            raise ValueError(f"unknown distribution {shown(law)}; {hint(law, _SHAPES)}")
        case _:
            raise AssertionError(text)


def _uniform(low: Ticks, high: Ticks, raw: str) -> Uniform:
    if low > high:
        raise ValueError(f"must not have LOW above HIGH, got {shown(raw)}")
    return Uniform(low, high)


def _lognormal(median: Ticks, p95: Ticks, raw: str) -> Lognormal:
    if not median <= p95 <= TAIL_MAX * median:
        raise ValueError(f"must have p95 at 1 to {TAIL_MAX} times the median, got {shown(raw)}")
    return Lognormal(median, p95)


def _word(span: Ticks) -> str:
    return write_span(span).replace(" ", "")
