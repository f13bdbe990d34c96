"""Named streams of chance: independent, repeatable, the same however they are read."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tokenrace.clock import SECOND, ticks
from tokenrace.distributions import Constant, Exponential, Lognormal, Uniform
from tokenrace.rng import BLOCK, SpanStream, Streams, draw

LAWS = [
    Constant(5),
    Uniform(0, 3),
    Uniform(10, 5 * SECOND),
    Exponential(10 * SECOND),
    Lognormal(ticks(0.2), ticks(0.6)),
]


def a_stream(law) -> SpanStream:
    return Streams(7).spans("think/p3.w7", law)


@given(
    law=st.sampled_from(LAWS),
    reads=st.lists(st.tuples(st.booleans(), st.integers(0, BLOCK + 40)), max_size=12),
)
def test_reading_one_by_one_and_in_bulk_give_the_same_numbers(law, reads):
    """Stepping reads one at a time, skipping calm time reads many: same history, same numbers."""
    mixed, plain = a_stream(law), a_stream(law)
    for in_bulk, count in reads:
        if in_bulk:
            got = mixed.ahead(count).tolist()
            mixed.skip(count)
        else:
            got = [mixed.next() for _ in range(count)]
        assert got == [plain.next() for _ in range(count)]


@given(
    law=st.sampled_from(LAWS),
    reads=st.lists(st.tuples(st.integers(0, 2), st.integers(1, BLOCK + 40)), max_size=12),
)
def test_a_row_of_a_table_is_the_stream_of_its_name(law, reads):
    """Whichever other rows there are and however far those have been read.

    So another worker in a process moves nobody's numbers, and both engines meet the same ones.
    """
    names = [f"gap/p3.w{number}" for number in range(3)]
    table = Streams(7).table(names, law)
    alone = [Streams(7).spans(name, law) for name in names]
    for row, count in reads:
        one = table.row(row).next()
        shown = table.ahead([row], count)[0].tolist()
        table.skip(row, count)
        assert [one, *shown] == [alone[row].next() for _ in range(count + 1)]


def test_looking_ahead_takes_nothing():
    """What was shown comes again until it is skipped."""
    stream = a_stream(Exponential(SECOND))
    shown = stream.ahead(BLOCK * 2).tolist()

    assert stream.ahead(3).tolist() == shown[:3]
    assert stream.next() == shown[0]
    assert stream.ahead(2).tolist() == shown[1:3]


def test_a_stream_is_named_for_its_purpose_and_its_seed():
    """Other names and other seeds have other numbers; the same ones have the same."""
    law = Exponential(SECOND)
    first = Streams(1).spans("think/p0.w0", law).ahead(8).tolist()

    assert Streams(1).spans("think/p0.w0", law).ahead(8).tolist() == first
    assert Streams(1).spans("think/p0.w1", law).ahead(8).tolist() != first
    assert Streams(2).spans("think/p0.w0", law).ahead(8).tolist() != first
    assert Streams(1).stream("a").random() == Streams(1).stream("a").random()
    assert Streams(1).stream("a").random() != Streams(1).stream("b").random()


def test_the_laws_have_the_quantiles_they_are_named_for():
    """Of 100,000 draws, the sample median and 95th percentile are within 2 % of the law's.

    The mean of a lognormal is median * exp(sigma**2 / 2), with sigma = ln(600 / 200) / 1.645.
    """
    draws = draw(Lognormal(ticks(0.2), ticks(0.6)), np.random.default_rng(1), 100_000)

    assert abs(np.median(draws) / ticks(0.2) - 1) < 0.02
    assert abs(np.quantile(draws, 0.95) / ticks(0.6) - 1) < 0.02
    assert abs(draws.mean() / Lognormal(ticks(0.2), ticks(0.6)).mean() - 1) < 0.02
    exponential = draw(Exponential(SECOND), np.random.default_rng(1), 100_000)
    assert abs(exponential.mean() / SECOND - 1) < 0.02
