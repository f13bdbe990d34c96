"""What a scenario expects: how it is read, what is refused and where, and what it means."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.scenario.scenario_text import SMALLEST, problems_of, read
from tokenrace.clock import HOUR, MILLISECOND, MINUTE, SECOND
from tokenrace.figures import FIGURES
from tokenrace.scenario.expectations import Expectation, UnknownFigure, read_expectation, written
from tokenrace.scenario.parts import FaultEdge, Part

EVERY, MEAN = "in every run", "on average"


def expecting(entry):
    """Return the smallest scenario with an expectation, on its ninth line."""
    return f"{SMALLEST}expect:\n  single_flight: {{{entry}}}\n"


@pytest.mark.parametrize(
    ("key", "value", "figure", "part", "quantifier", "comparison", "bound"),
    [
        ("rate_401", "<= 0.1%", "rate_401", Part(), MEAN, "<=", 0.001),
        ("rate_401", "==0", "rate_401", Part(), EVERY, "==", 0),
        ("rate_401", "at least 30%", "rate_401", Part(), MEAN, ">=", 0.3),
        ("rate_401", "at most 30%", "rate_401", Part(), MEAN, "<=", 0.3),
        ("rate_401 after 2h", "< 1%", "rate_401", Part(2 * HOUR), MEAN, "<", 0.01),
        ("rate_401 before 1h", "> 1%", "rate_401", Part(ends=HOUR), MEAN, ">", 0.01),
        (
            "count_evicted from 1h to 2h",
            "== 3",
            "count_evicted",
            Part(HOUR, 2 * HOUR),
            EVERY,
            "==",
            3,
        ),
        ("rate_evicted after faults", ">= 1%", "rate_evicted", Part("faults"), MEAN, ">=", 0.01),
        ("rate_401 after fault 1", "== 0", "rate_401", Part(FaultEdge(1, "over")), EVERY, "==", 0),
        (
            "rate_401 between fault 1 and fault 2",
            "== 0",
            "rate_401",
            Part(FaultEdge(1, "over"), FaultEdge(2, "begins")),
            EVERY,
            "==",
            0,
        ),
        (
            "rate_401 during fault 12",
            "== 0",
            "rate_401",
            Part(FaultEdge(12, "begins"), FaultEdge(12, "over")),
            EVERY,
            "==",
            0,
        ),
        (
            "rate_401 from fault 3 to 2h",
            "== 0",
            "rate_401",
            Part(FaultEdge(3, "over"), 2 * HOUR),
            EVERY,
            "==",
            0,
        ),
        ("failure_rate before faults", "== 0", "failure_rate", Part(ends="faults"), EVERY, "==", 0),
        ("recovery", "<= 30s", "recovery", Part(), EVERY, "<=", 30 * SECOND),
        ("latency_p95", "<= 250ms", "latency_p95", Part(), MEAN, "<=", 250 * MILLISECOND),
        ("tokens_per_lifetime", "<= 1.2", "tokens_per_lifetime", Part(), EVERY, "<=", 1.2),
        ("rate_401", "<= 0", "rate_401", Part(), EVERY, "<=", 0),
        ("rate_401", "at least 100%", "rate_401", Part(), EVERY, ">=", 1),
        ("rate_401 in every run", "<= 1%", "rate_401", Part(), EVERY, "<=", 0.01),
        ("recovery on  average", "<= 1s", "recovery", Part(), MEAN, "<=", SECOND),
        ("rate_401 on average after 1h", "== 0", "rate_401", Part(HOUR), MEAN, "==", 0),
        ("rate_401 after 1h in every run", "<= 1%", "rate_401", Part(HOUR), EVERY, "<=", 0.01),
    ],
)
def test_an_expectation_is_read_as_people_mean_it(
    key, value, figure, part, quantifier, comparison, bound
):
    """A figure, perhaps of a part of the run, a comparison, a bound with the figure's unit."""
    assert read_expectation("ours", key, value) == Expectation(
        strategy="ours",
        key=key,
        figure=figure,
        part=part,
        quantifier=quantifier,
        comparison=comparison,
        bound=pytest.approx(bound),
        text=f"{key} {value}",
    )


@pytest.mark.parametrize(
    ("sign", "below", "at", "above"),
    [
        ("<=", True, True, False),
        ("<", True, False, False),
        ("==", False, True, False),
        (">=", False, True, True),
        (">", False, False, True),
    ],
)
def test_a_comparison_means_what_it_says(sign, below, at, above):
    """Below, at and above a bound of 5."""
    expectation = read_expectation("ours", "live_peak", f"{sign} 5")

    assert [expectation.holds(value) for value in (4, 5, 6)] == [below, at, above]


@given(st.sampled_from(sorted(FIGURES)), st.integers(1, 10**6))
def test_every_figure_takes_a_bound_with_its_unit(figure, number):
    """Whatever the number."""
    unit = {"share": "%", "number": "", "span": "ms"}[FIGURES[figure].unit]
    bound = number % 101 if unit == "%" else number
    expectation = read_expectation("ours", figure, f"<= {bound}{unit}")
    size = {"%": 0.01, "": 1, "ms": MILLISECOND}[unit]

    assert expectation.bound == pytest.approx(bound * size)


@given(st.text(max_size=30), st.text(max_size=30))
def test_no_text_breaks_the_reader(key, value):
    """It is read, or refused with a message."""
    with suppress(ValueError):
        assert read_expectation("ours", key, value).figure in FIGURES


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        (
            "rate_401 in each run: == 0",
            (
                "9:19: expect.single_flight.'rate_401 in each run': must be a figure, perhaps of a "
                "part of the run: rate_401 after 1h; over which runs is 'in every run' or "
                "'on average'"
            ),
        ),
        (
            "rate_401 on average in every run: == 0",
            (
                "9:19: expect.single_flight.'rate_401 on average in every run': must say once over "
                "which runs: 'in every run' or 'on average'"
            ),
        ),
        (
            "rate: == 0",
            "9:19: expect.single_flight.rate: unknown figure; did you mean 'rate_401'?",
        ),
        (
            "rate_401: 5",
            (
                "9:29: expect.single_flight.rate_401: must be a comparison and a bound, such as "
                "<= 0.1%, == 0 or at least 5%; got 5"
            ),
        ),
        (
            "rate_401: <= 5",
            "9:29: expect.single_flight.rate_401: needs a unit, such as 1% or 0.05%; got '5'",
        ),
        (
            "recovery: <= 5",
            "9:29: expect.single_flight.recovery: needs a unit, such as 30s, 5m or 1h; got '5'",
        ),
        (
            "live_peak: <= many",
            "9:30: expect.single_flight.live_peak: must be a number, such as 1.2; got 'many'",
        ),
        (
            "live_peak after 1h: <= 1",
            "9:19: expect.single_flight.'live_peak after 1h': live_peak is of a whole run only",
        ),
        (
            "rate_401 from 1h: <= 1%",
            (
                "9:19: expect.single_flight.'rate_401 from 1h': must say from when to when, "
                "such as from 1h to 2h"
            ),
        ),
        (
            "rate_401 after faults: <= 1%",
            ("9:19: expect.single_flight.'rate_401 after faults': the scenario has no faults"),
        ),
        (
            "rate_401 between 10m: <= 1%",
            (
                "9:19: expect.single_flight.'rate_401 between 10m': must say from when to when, "
                "such as between 1h and 2h"
            ),
        ),
        (
            "rate_401 during 10m: <= 1%",
            (
                "9:19: expect.single_flight.'rate_401 during 10m': must name a fault by its "
                "number, such as fault 1; got '10m'"
            ),
        ),
        (
            "rate_401 after 1h: <= 1%",
            (
                "9:19: expect.single_flight.'rate_401 after 1h': the run is over by then: "
                "run.duration is 1h, and this begins at 1h"
            ),
        ),
        (
            "rate_401 from 20m to 10m: <= 1%",
            (
                "9:19: expect.single_flight.'rate_401 from 20m to 10m': is empty: it begins at 20m "
                "and ends at 10m"
            ),
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_place(entry, problem):
    """As every problem of a scenario."""
    assert problems_of(expecting(entry)) == [problem]


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        ("after fault 3", "the scenario has 2 faults, so there is no fault 3"),
        ("between fault 2 and fault 1", "is empty: it begins at 25m and ends at 10m"),
        (
            "after fault 0",
            "must name a fault by its number, such as fault 1; got 'fault 0'",
        ),
    ],
)
def test_a_fault_is_named_by_its_number(key, problem):
    """Two faults: from 10 to 15 and from 20 to 25 minutes. Each problem at its key."""
    cut = "partition: {process: 0, link: api, for: 5m}"
    faults = f"faults: [{{at: 10m, {cut}}}, {{at: 20m, {cut}}}]"
    expect = f"expect:\n  single_flight: {{'rate_401 {key}': == 0}}"
    text = f"{SMALLEST}{faults}\n{expect}\n"

    assert problems_of(text) == [f"10:19: expect.single_flight.'rate_401 {key}': {problem}"]


def test_an_unknown_strategy_is_told_with_the_known_ones():
    """At its key."""
    text = SMALLEST + "expect:\n  singleflight: {rate_401: == 0}\n"

    assert problems_of(text) == [
        "9:3: expect.singleflight: unknown strategy; did you mean 'single_flight'?"
    ]


def test_a_scenario_that_expects_nothing_expects_nothing():
    """And one that does has it in the file's order."""
    assert read(SMALLEST).expect == ()
    several = read(expecting("live_peak: <= 1, rate_401: == 0"))
    assert [wanted.figure for wanted in several.expect] == ["live_peak", "rate_401"]


@pytest.mark.parametrize(
    ("figure", "value", "text"),
    [
        ("rate_401", 0.12345, "12.3 %"),
        ("rate_401", 0, "0 %"),
        ("tokens_issued", 123_456, "123,456"),
        ("recovery", float("inf"), "never"),
        ("recovery", 0, "0 ms"),
        ("recovery", 12_345_678, "12.3 s"),
        ("recovery", 28 * MINUTE + 30 * SECOND + 1, "28m 30s"),
        ("latency_p95", 253_610, "254 ms"),
    ],
)
def test_a_value_is_written_with_its_unit(figure, value, text):
    """Three digits are enough to read."""
    assert written(figure, value) == text


def test_a_figure_unknown_is_the_keys_fault():
    """So that the problem points at the key."""
    with pytest.raises(UnknownFigure):
        read_expectation("ours", "rate_404", "<= 1%")
