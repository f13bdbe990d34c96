"""The values a sweep gives to a field, as people write them."""

import pytest

from tokenrace.scenario.sweep_values import read_values


@pytest.mark.parametrize(
    ("written", "values"),
    [
        ("1,2,4,8", (1, 2, 4, 8)),
        ("1..4", (1, 2, 3, 4)),
        ("1..10 step 3", (1, 4, 7, 10)),
        ("1..9 step 3", (1, 4, 7)),
        ("0.1..0.5 step 0.1", (0.1, 0.2, 0.3, 0.4, 0.5)),
        ("1..1000 log 7", (1, 3, 10, 32, 100, 316, 1000)),
        ("1..4 log 9", (1, 2, 3, 4)),
        ("1s..10s step 3s", ("1s", "4s", "7s", "10s")),
        ("100ms..10s log 5", ("100ms", "316ms", "1s", "3s 160ms", "10s")),
        ("10/s..100/s step 45/s", ("10/s", "55/s", "100/s")),
        ("1%..5% step 2%", ("1%", "3%", "5%")),
        ("1..3,8,none", (1, 2, 3, 8, "none")),
        ("lognormal 200ms p95 600ms,1s", ("lognormal 200ms p95 600ms", "1s")),
        ("2,2,1..2", (2, 1)),
        (["1..3", 8], (1, 2, 3, 8)),
        (7, (7,)),
        (["30s", "1m"], ("30s", "1m")),
    ],
)
def test_values_are_read_as_people_write_them(written, values):
    """Ranges include their ends where a step meets them; the same value twice is one."""
    assert read_values(written) == values


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("", "must be values, such as 1,2,4 or 1..10 or 1s..10s step 3s or 1..1000 log 7; got ''"),
        ([], "must be values, such as 1,2,4 or 1..10 or 1s..10s step 3s or 1..1000 log 7; got a"),
        ("5..1", "a range must rise, got '5..1'"),
        ("1..5s", "a range needs the same unit throughout, got '1..5s'"),
        ("1s..5s step 2", "a range needs the same unit throughout, got '1s..5s step 2'"),
        ("1s..5s", "between these ends a range needs a step, such as '1s..5s step 1s'"),
        ("a..b", "a range goes from one number or span to another"),
        ("0..8 log 3", "a logarithmic range must begin above 0, got '0..8 log 3'"),
        ("1..8 log 1", "log needs how many values, 2 to 10000, such as '1..1000 log 7'"),
        ("1..8 log x", "log needs how many values, 2 to 10000, such as '1..1000 log 7'"),
        ("1..8 step 0", "a step must be more than 0, got '1..8 step 0'"),
        ("1..99999", "must be at most 10000 values, got 99999 from '1..99999'"),
        ({"a": 1}, "must be values, such as"),
    ],
)
def test_what_makes_no_values_is_said(written, message):
    """With what would do."""
    with pytest.raises(ValueError) as wrong:  # noqa: PT011 - the message is compared
        read_values(written)

    assert str(wrong.value).startswith(message)
