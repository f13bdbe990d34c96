"""Spans, rates and distributions: what they read, what they refuse, and that they read back."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenrace.clock import DAY, HOUR, MILLISECOND, MINUTE, SECOND
from tokenrace.distributions import Constant, Exponential, Lognormal, Uniform
from tokenrace.fields.laws import TAIL_MAX, read_distribution, write_distribution
from tokenrace.fields.units import (
    SPAN_MAX,
    Rate,
    read_positive_span,
    read_rate,
    read_span,
    write_rate,
    write_span,
)

A_SPAN = "a span of time, such as 30s, 5m or 1h"
A_RATE = "a rate, such as 50/s, 3/min or 2/h"
LAWS = "such as 200ms, uniform 50ms 150ms, exponential 10s or lognormal 200ms p95 600ms"


def refusal_of(read, raw):
    """Return the message with which ``read`` refuses ``raw``."""
    with pytest.raises(ValueError, match=r"\S") as refusal:
        read(raw)
    return str(refusal.value)


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("1h", HOUR),
        ("200ms", 200 * MILLISECOND),
        ("30s", 30 * SECOND),
        ("30 s", 30 * SECOND),
        ("6d 1h", 6 * DAY + HOUR),
        ("1h30m", 90 * MINUTE),
        ("7d", 7 * DAY),
        ("5us", 5),
        ("5µs", 5),
        ("5μs", 5),
        ("1.5s", 1_500_000),
        ("0.000001s", 1),
        ("2m", 2 * MINUTE),
        ("2min", 2 * MINUTE),
        (" 1h ", HOUR),
        ("0s", 0),
        ("3650d", SPAN_MAX),
    ],
)
def test_a_span_is_a_number_and_a_unit_or_several_that_add_up(text, span):
    """Every unit, both signs for micro, with and without a space."""
    assert read_span(text) == span


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (30, "needs a unit, such as 30s, 5m or 1h; got 30"),
        (0, "needs a unit, such as 30s, 5m or 1h; got 0"),
        (1.5, "needs a unit, such as 30s, 5m or 1h; got 1.5"),
        ("30", "needs a unit, such as 30s, 5m or 1h; got '30'"),
        (-30, "needs a unit, such as 30s, 5m or 1h; got -30"),
        ("-5s", "must not be negative, got '-5s'"),
        ("5 weeks", f"must be {A_SPAN}; got '5 weeks'"),
        ("1h 30", f"must be {A_SPAN}; got '1h 30'"),
        ("1:30", f"must be {A_SPAN}; got '1:30'"),
        ("", f"must be {A_SPAN}; got ''"),
        ("1e3s", f"must be {A_SPAN}; got '1e3s'"),
        ("٣s", f"must be {A_SPAN}; got '٣s'"),
        (None, f"must be {A_SPAN}; got nothing"),
        (True, f"must be {A_SPAN}; got true"),
        (["1s"], f"must be {A_SPAN}; got a list"),
        ({"s": 1}, f"must be {A_SPAN}; got a mapping"),
        ("0.5us", "must be a whole number of microseconds, got '0.5us'"),
        ("3651d", "must be at most 3650d, got '3651d'"),
        ("x" * 60, f"must be {A_SPAN}; got '{'x' * 40}...'"),
    ],
)
def test_what_is_no_span_is_refused_in_these_words(raw, message):
    """What must be, then what was got. Zero needs its unit as well: 0 of what?"""
    assert refusal_of(read_span, raw) == message


def test_a_positive_span_refuses_zero():
    """A lifetime of nothing is no lifetime."""
    with pytest.raises(ValueError, match=r"^must be more than 0, got '0s'$"):
        read_positive_span("0s")


@pytest.mark.parametrize(
    ("text", "hz"),
    [
        ("50/s", 50),
        ("3/min", 0.05),
        ("3/m", 0.05),
        ("36/h", 0.01),
        ("0.5 / s", 0.5),
        ("2/ms", 2000),
    ],
)
def test_a_rate_is_a_number_of_calls_per_unit(text, hz):
    """3 a minute are 3 / 60 = 0.05 a second."""
    assert read_rate(text).hz == pytest.approx(hz, rel=1e-12)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (50, "needs a unit, such as 50/s, 3/min or 2/h; got 50"),
        ("50", "needs a unit, such as 50/s, 3/min or 2/h; got '50'"),
        ("0/s", "must be more than 0, got '0/s'"),
        ("-1/s", "must be more than 0, got '-1/s'"),
        ("50/parsec", f"must be {A_RATE}; got '50/parsec'"),
        ("50s", f"must be {A_RATE}; got '50s'"),
        (None, f"must be {A_RATE}; got nothing"),
        ("100001/s", "must be at most 100000/s, got '100001/s'"),
    ],
)
def test_what_is_no_rate_is_refused_in_these_words(raw, message):
    """Zero calls would mean an endless gap."""
    assert refusal_of(read_rate, raw) == message


@pytest.mark.parametrize(
    ("text", "law"),
    [
        ("200ms", Constant(200_000)),
        ("1h 30m", Constant(90 * MINUTE)),
        ("0s", Constant(0)),
        ("uniform 50ms 150ms", Uniform(50_000, 150_000)),
        ("exponential 10s", Exponential(10 * SECOND)),
        ("lognormal 200ms p95 600ms", Lognormal(200_000, 600_000)),
    ],
)
def test_a_distribution_is_a_span_or_a_law_with_its_spans(text, law):
    """The span after lognormal is the median."""
    assert read_distribution(text) == law


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (5, "needs a unit, such as 30s, 5m or 1h; got 5"),
        ("-5ms", "must not be negative, got '-5ms'"),
        ("normal 5s", "unknown distribution 'normal'; did you mean 'lognormal'?"),
        ("zipf", "unknown distribution 'zipf'; known: uniform, exponential, lognormal"),
        ("uniform 5s", "must read 'uniform LOW HIGH', got 'uniform 5s'"),
        ("uniform 5s 1s", "must not have LOW above HIGH, got 'uniform 5s 1s'"),
        ("uniform 5 6", "needs a unit, such as 30s, 5m or 1h; got '5'"),
        ("exponential 0s", "must be more than 0, got '0s'"),
        ("exponential", "must read 'exponential MEAN', got 'exponential'"),
        (
            "lognormal 200ms 600ms",
            "must read 'lognormal MEDIAN p95 HIGH', got 'lognormal 200ms 600ms'",
        ),
        (
            "lognormal 2s p95 1s",
            "must have p95 at 1 to 1000 times the median, got 'lognormal 2s p95 1s'",
        ),
        (
            "lognormal 1ms p95 2s",
            "must have p95 at 1 to 1000 times the median, got 'lognormal 1ms p95 2s'",
        ),
        ("  ", f"must be a distribution, {LAWS}; got '  '"),
        (None, f"must be a distribution, {LAWS}; got nothing"),
        ([], f"must be a distribution, {LAWS}; got a list"),
    ],
)
def test_what_is_no_distribution_is_refused_in_these_words(raw, message):
    """A law that is known says how it reads; one that is not says which are."""
    assert refusal_of(read_distribution, raw) == message


SPANS = st.integers(0, SPAN_MAX)
POSITIVE_SPANS = st.integers(1, SPAN_MAX)
UNIFORMS = st.tuples(SPANS, SPANS).map(lambda pair: Uniform(min(pair), max(pair)))
LOGNORMALS = st.integers(1, SPAN_MAX // TAIL_MAX).flatmap(
    lambda median: st.integers(median, median * TAIL_MAX).map(lambda p95: Lognormal(median, p95))
)


@given(SPANS)
def test_a_span_reads_back_as_it_was_written(span):
    """Writing loses no microsecond up to the longest span."""
    assert read_span(write_span(span)) == span


@given(
    st.decimals("0.000001", 1000, places=6),
    st.sampled_from([MILLISECOND * 1000, MINUTE, HOUR, DAY]),
)
def test_a_rate_reads_back_as_it_was_written(calls: Decimal, per):
    """Decimals stay decimals: no float rounding on the way."""
    assert read_rate(write_rate(Rate(calls, per))) == Rate(calls, per)


@given(st.one_of(SPANS.map(Constant), UNIFORMS, POSITIVE_SPANS.map(Exponential), LOGNORMALS))
def test_a_distribution_reads_back_as_it_was_written(law):
    """The text is canonical: the scenario's hash is made of it."""
    assert read_distribution(write_distribution(law)) == law


@given(st.text())
def test_arbitrary_text_is_read_or_refused_and_nothing_else(text):
    """No text raises anything but a refusal that says what it got."""
    for read in (read_span, read_positive_span, read_rate, read_distribution):
        try:
            read(text)
        except ValueError as refusal:
            assert "got" in str(refusal) or "unknown distribution" in str(refusal)  # noqa: PT017
