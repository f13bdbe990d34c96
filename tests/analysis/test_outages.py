"""Outages: stretches in which most operations failed, found from counts by slice."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.hand_written_runs import a_header, a_run
from tokenrace.analysis.figures import figures_of, value_of
from tokenrace.analysis.outages import outage_figures
from tokenrace.analysis.spread import findings_of
from tokenrace.clock import DAY, HOUR, MINUTE, SECOND
from tokenrace.figures import outages_in
from tokenrace.scenario.expectations import read_expectation
from tokenrace.simulation.virtual.bulk import count_successes
from tokenrace.trace.files import TraceWriter, read_trace
from tokenrace.trace.outages import SliceCounts, outages_of, parts_of_bin
from tokenrace.trace.outcomes import Failure
from tokenrace.trace.tally import BINS, ClientTally, ProviderTally, bin_width


def spans(ended, failed):
    """Return the outages in slices one tick wide, as (begins, ends)."""
    return [(found.begins, found.ends) for found in outages_of(ended, failed, 1)]


def test_an_outage_lasts_while_most_operations_fail():
    """A hundred operations a slice. Slices 3 to 5 lose all of them."""
    ended, failed = [100] * 10, [0, 0, 0, 100, 100, 100, 0, 0, 0, 0]

    (found,) = outages_of(ended, failed, 10 * SECOND)

    assert (found.begins, found.ends) == (30 * SECOND, 60 * SECOND)
    assert (found.operations, found.failed, found.share) == (300, 300, 1.0)


def test_half_is_no_outage_and_one_more_is():
    """An outage begins above a half."""
    assert spans([100] * 3, [0, 50, 0]) == []
    assert spans([100] * 3, [0, 51, 0]) == [(1, 2)]


def test_an_outage_goes_on_until_fewer_than_a_third_fail():
    """40 % in between is neither an end nor a second beginning; 33 % is an end."""
    assert spans([100] * 5, [0, 90, 40, 90, 0]) == [(1, 4)]
    assert spans([100] * 5, [0, 90, 33, 90, 0]) == [(1, 2), (3, 4)]


def test_one_operation_that_fails_on_a_quiet_night_is_no_outage():
    """One operation a slice: a share is of 30 of them at least."""
    failed = [0] * 100
    failed[50] = 1

    assert spans([1] * 100, failed) == []


def test_few_operations_are_taken_together_and_the_edges_are_still_exact():
    """One operation a slice, all of which fail from slice 47 to 146: windows of 30 do not blur."""
    failed = [0] * 47 + [1] * 100 + [0] * 53

    assert spans([1] * 200, failed) == [(47, 147)]


def test_silence_within_an_outage_belongs_to_it():
    """Every caller waits for a token that does not come: nothing ends, then all of it fails."""
    ended = [50, 50, 0, 0, 0, 50, 50]
    failed = [0, 50, 0, 0, 0, 50, 0]

    assert spans(ended, failed) == [(1, 6)]


@pytest.mark.parametrize(
    ("duration", "slice_"),
    [(4 * MINUTE, SECOND), (40 * MINUTE, 10 * SECOND), (DAY, 10 * SECOND), (7 * DAY, 70 * SECOND)],
)
def test_a_slice_is_ten_seconds_on_a_day(duration, slice_):
    """A bin of a day is 6 min, 36 slices of 10 s. No run has more than 8,640 slices."""
    width = bin_width(duration)

    assert SliceCounts(BINS, width).width == slice_
    assert parts_of_bin(width) <= 36


@settings(max_examples=200)
@given(
    st.lists(
        st.tuples(st.sampled_from([0, 1, 7, 30, 400]), st.sampled_from([0, 0.2, 0.45, 0.6, 1])),
        min_size=1,
        max_size=60,
    )
)
def test_outages_are_apart_in_order_and_begin_and_end_in_slices_that_failed(slices):
    """Whatever was counted: no overlap, no slice of an edge in which most went well."""
    ended = [count for count, _ in slices]
    failed = [round(count * share) for count, share in slices]

    found = spans(ended, failed)

    assert all(before[1] < after[0] for before, after in pairwise(found))
    for begins, ends in found:
        assert failed[begins] * 2 > ended[begins]
        assert failed[ends - 1] * 2 > ended[ends - 1]


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 300), st.booleans()), min_size=1, max_size=300))
def test_counting_in_bulk_and_in_parts_is_counting_one_by_one(operations):
    """Calm is counted at once, and a fleet's processes each count for themselves."""
    one, parts = SliceCounts(BINS, SECOND), [SliceCounts(BINS, SECOND) for _ in range(2)]
    for second, is_failed in operations:
        one.count(second * SECOND, failed=is_failed)
        if is_failed:
            parts[0].count(second * SECOND, failed=True)
    calm = [second * SECOND for second, is_failed in operations if not is_failed]
    if calm:
        count_successes(parts[1], np.array(calm))
    parts[0].add(parts[1])

    assert parts[0] == one


def an_hour_out(tmp_path, seed, *, out):
    """A run of 240 s that is told as two hours (time scale 30): ten operations a second."""
    operations = [
        ("refused" if out and 100 <= second < 160 else "ok", second * SECOND)
        for second in range(240)
        for _ in range(10)
    ]
    return a_run(tmp_path, seed=seed, operations=operations)


def test_the_figures_name_the_seed_its_share_and_when(tmp_path):
    """60 s of the engine are 30 min of the scenario, from 100 s on, 50 min."""
    runs = [an_hour_out(tmp_path, seed, out=seed == 3) for seed in (1, 2, 3, 4, 5)]

    figures = outage_figures(runs)

    assert (figures.number, figures.seeds, figures.of_seeds) == (1, 1, 5)
    assert figures.longest.seed == 3
    assert figures.longest.begins_s == 3000.0
    assert figures.longest.lasts_s == 1800.0
    assert figures.in_short().replace("\N{NO-BREAK SPACE}", " ") == "1, 30 min, 1/5"
    assert figures.sentence().replace("\N{NO-BREAK SPACE}", " ") == (
        "in 1 of 5 seeds every operation failed for 30 min, from 50 min (seed 3)"
    )


def test_what_the_means_hide_is_said(tmp_path):
    """The failure rate is 5 % on average: 25 % in one seed, 0 in the others."""
    runs = [an_hour_out(tmp_path, seed, out=seed == 3) for seed in (1, 2, 3, 4, 5)]

    told = [each.replace("\N{NO-BREAK SPACE}", " ") for each in findings_of("x", figures_of(runs))]

    assert told == [
        "x: in 1 of 5 seeds every operation failed for 30 min, from 50 min (seed 3)",
        "x: seeds differ: failure rate 25 % in seed 3, 0 % in the median seed",
    ]


def test_seeds_that_are_alike_are_not_remarked_upon(tmp_path):
    """Nothing failed anywhere."""
    runs = [an_hour_out(tmp_path, seed, out=False) for seed in (1, 2, 3)]

    assert list(findings_of("x", figures_of(runs))) == []


def test_a_scenario_can_expect_something_of_outages(tmp_path):
    """The longest is a span of the scenario's time, 0 where there is none."""
    calm, out = (an_hour_out(tmp_path, 1, out=out) for out in (False, True))

    assert value_of(calm, "outages") == value_of(calm, "outage_longest") == 0
    assert value_of(out, "outages") == 1
    assert value_of(out, "outage_longest") == 30 * MINUTE
    assert read_expectation("x", "outage_longest", "<= 30s").bound == 30 * SECOND
    assert not read_expectation("x", "outages", "== 0").holds(1)


def test_a_trace_tells_of_the_outages_and_not_of_the_slices(tmp_path):
    """Read again, it has the same ones; one that is no outage is damage."""
    run = an_hour_out(tmp_path, 1, out=True)
    path = tmp_path / "run.jsonl"
    with TraceWriter(path, a_header()) as writer:
        writer.finish(ProviderTally(width=SECOND), run.clients)

    again = read_trace(path)

    assert outages_in(again) == outages_in(run)
    assert again.clients == run.clients
    text = path.read_text()
    assert text.count('"tally":"outage"') == 1
    path.write_text(text.replace('"failed":600', '"failed":601'))
    with pytest.raises(Exception, match="not an outage"):
        read_trace(path)


def test_of_a_program_that_tells_of_no_operation_the_answers_are_looked_at(tmp_path):
    """A user's program: every response of 20 bins, 20 s, 10 min of the scenario, is a 401."""
    answers = [
        (second * SECOND, "evicted" if 40 <= second < 60 else None)
        for second in range(240)
        for _ in range(40)
    ]

    (found,) = outages_in(a_run(tmp_path, answers=answers))

    assert (found.begins, found.lasts) == (20 * MINUTE, 10 * MINUTE)


def test_a_tally_settles_to_its_outages():
    """What goes from one process to another is small; nothing can be lost by it."""
    tally = ClientTally(width=bin_width(HOUR))
    for second in range(600):
        lost = Failure("timed_out", "api")
        tally.finished("unknown", started_at=0, at=second * SECOND, failure=lost)
    before = tally.slices.outages()

    tally.slices.settle()

    assert tally.slices.outages() == before
    assert [(each.begins, each.ends) for each in before] == [(0, 600 * SECOND)]


def test_what_hangs_is_out_from_when_it_was_wanted():
    """One a second from 20 min on waits to the end of the hour: 40 min, not the last instant."""
    tally = ClientTally(width=bin_width(HOUR))
    for second in range(3600):
        if second < 1200:
            tally.finished("ok", started_at=second * SECOND, at=second * SECOND)
        else:
            hung = Failure("hung", "tokens.py:7")
            tally.finished("unknown", started_at=second * SECOND, at=HOUR, failure=hung)

    (found,) = tally.slices.outages()

    assert (found.begins, found.lasts) == (20 * MINUTE, 40 * MINUTE)
