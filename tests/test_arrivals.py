"""When operations start: the mean, the spacing, and that reading by one or by block is the same."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenrace import distributions
from tokenrace.arrivals import Closed, Constant, Poisson, gaps, phase
from tokenrace.clock import SECOND
from tokenrace.distributions import Exponential, Uniform
from tokenrace.rng import Streams


def test_a_closed_worker_pauses_for_its_think_time_whatever_the_fleet():
    """A think time belongs to one worker: it is not shared out."""
    think = Uniform(1, 5)
    assert gaps(Closed(think), 1) == gaps(Closed(think), 400) == think


def test_each_of_forty_workers_has_a_fortieth_of_a_poisson_rate():
    """50 a second over 40 workers: each waits 40 / 50 = 0.8 s on average."""
    assert gaps(Poisson(50), 40) == Exponential(800_000)


def test_each_of_forty_workers_has_a_fortieth_of_a_constant_rate():
    """The same 40 / 50 = 0.8 s, without chance."""
    assert gaps(Constant(50), 40) == distributions.Constant(800_000)


@given(st.sampled_from([0.01, 0.5, 3, 7, 50, 999]), st.integers(1, 50))
def test_a_constant_fleet_starts_its_first_rounds_evenly_spaced(rate_hz, workers):
    """Operation k of the fleet is due at k / rate.

    Three rounds: rounding each gap to a tick adds at most half a tick a round, and the phase half
    a tick more, so every instant is within two ticks.
    """
    due = sorted(
        phase(Constant(rate_hz), worker, workers) + turn * gaps(Constant(rate_hz), workers).span
        for worker in range(workers)
        for turn in (1, 2, 3)
    )
    exact = [k * SECOND / rate_hz for k in range(1, 3 * workers + 1)]
    assert due == pytest.approx(exact, abs=2)


@pytest.mark.parametrize("arrivals", [Closed(Exponential(SECOND)), Poisson(2)])
def test_only_constant_arrivals_have_a_phase(arrivals):
    """The others are spread by chance already."""
    assert [phase(arrivals, worker, 3) for worker in range(3)] == [0, 0, 0]


def test_no_worker_begins_after_its_first_gap_would_end():
    """The phases of 4 workers at 1 a second: the first is due after 1 s, the last after 4 s."""
    assert [phase(Constant(1), worker, 4) for worker in range(4)] == [
        -3 * SECOND,
        -2 * SECOND,
        -1 * SECOND,
        0,
    ]


def test_a_poisson_fleet_reaches_its_rate():
    """20 workers, 100 a second: 2,000 gaps a worker are 40,000 in all, so the mean of a gap is
    within 4 standard errors, 4 / sqrt(40000) = 2 %, of 0.2 s. The seed is fixed."""
    law = gaps(Poisson(100), 20)
    streams = Streams(1)
    drawn = np.concatenate([streams.spans(f"gaps/{i}", law).ahead(2_000) for i in range(20)])
    assert drawn.mean() == pytest.approx(200_000, rel=0.02)


@given(st.lists(st.integers(0, 300), max_size=8), st.sampled_from([Poisson(3), Constant(3)]))
def test_gaps_read_in_blocks_are_the_gaps_read_one_at_a_time(blocks, arrivals):
    """Both engines meet the same arrivals: one looks ahead in blocks, the other steps."""
    law = gaps(arrivals, 4)
    by_block = Streams(7).spans("gaps/p0.w0", law)
    one_by_one = Streams(7).spans("gaps/p0.w0", law)
    in_blocks = []
    for count in blocks:
        in_blocks += by_block.ahead(count).tolist()
        by_block.skip(count)
    assert in_blocks == [one_by_one.next() for _ in range(sum(blocks))]


def test_a_rate_beyond_the_resolution_of_time_still_takes_a_tick_a_call():
    """A gap of no time at all would start operations for ever at one instant."""
    assert gaps(Constant(1e9), 1) == distributions.Constant(1)


@pytest.mark.parametrize("law", [Poisson, Constant])
@pytest.mark.parametrize("rate_hz", [0, -1, float("nan")])
def test_a_rate_must_be_positive(law, rate_hz):
    """NaN included: it compares false with everything."""
    with pytest.raises(ValueError, match="rate_hz must be positive"):
        law(rate_hz)
