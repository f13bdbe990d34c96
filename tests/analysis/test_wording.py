"""Numbers in words: as people write them, never as powers of ten."""

import pytest

from tokenrace.analysis.wording import instant_text, plain, points, span_text, unbroken
from tokenrace.clock import DAY, HOUR, MINUTE, SECOND


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


def test_a_per_cent_sign_stays_with_its_number():
    """In a narrow column the line ends elsewhere: after 'to', say."""
    assert unbroken("99.5 % to 100 %") == "99.5\N{NO-BREAK SPACE}% to 100\N{NO-BREAK SPACE}%"


@pytest.mark.parametrize(
    ("at", "told"),
    [
        (0, "the start"),
        (7 * DAY + 45 * MINUTE, "7 d 45 min"),
        (DAY + 2 * HOUR + 3 * MINUTE + 4 * SECOND, "1 d 2 h 3 min 4 s"),
        (9 * HOUR + 50 * MINUTE, "9 h 50 min"),
    ],
)
def test_an_instant_is_told_in_full(at, told):
    """7 d 45 min was cut to 7 d: of two units, the second was 0 h."""
    assert instant_text(at).replace("\N{NO-BREAK SPACE}", " ") == told


def test_a_span_has_two_units_that_are_not_nothing():
    """A span may be rounded, an instant may not."""
    spans = [7 * DAY + 45 * MINUTE, DAY + 2 * HOUR + 3 * MINUTE]
    told = [span_text(span).replace("\N{NO-BREAK SPACE}", " ") for span in spans]

    assert told == ["7 d 45 min", "1 d 2 h"]
