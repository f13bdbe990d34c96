"""Numbers in words: as people write them, never as powers of ten."""

import pytest

from simulator.analysis.wording import plain, points


@pytest.mark.parametrize(
    ("number", "told"),
    [(0, "0"), (1.1666, "1.17"), (99.96, "100"), (360, "360"), (278_640, "278,640")],
)
def test_a_number_is_told_without_powers_of_ten(number, told):
    """cold-start is ten seconds of an hour: 774 tokens are 278,640 per lifetime, not 2.79e+05."""
    assert plain(number) == told


@pytest.mark.parametrize(
    ("low", "high", "told"),
    [
        (0.99, 0.9996, "+99 to +100"),
        (-0.5, -0.5, "-50 to -50"),
        (0.0414, 0.112, "+4.1 to +11"),
        (-0.000123, 0.0, "-0.012 to +0"),
    ],
)
def test_an_interval_between_rates_is_told_in_points(low, high, told):
    """99.96 points are +100, where two significant digits used to give +1e+02."""
    assert points(low, high) == told
