"""How plots look, so far as a program can tell: the rest, eyes must judge."""

import itertools

import matplotlib as mpl
import pytest

from tests.analysis.plotted_runs import PER_BIN, runs_of
from tokenrace.analysis.plots import FaultMark
from tokenrace.analysis.plots.lifelines import lifelines_figure
from tokenrace.analysis.plots.look import CAUSE_LOOKS, in_lines, our_look
from tokenrace.analysis.plots.over_time import over_time_figure
from tokenrace.analysis.plots.rates import rates_figure
from tokenrace.analysis.wording import percent, span_text, tied, unit_for
from tokenrace.clock import DAY, HOUR, MILLISECOND, MINUTE, SECOND
from tokenrace.trace.events import CAUSES

TEN = [f"strategy_with_a_rather_long_name_number_{n}_of_ten" for n in range(10)]

MARKS = [
    FaultMark(at=HOUR, label="process 1 dies with its lock not released yet"),
    FaultMark(at=HOUR, label="process 0: leader cancelled"),
    FaultMark(at=HOUR + SECOND, label="deploy of single_flight and secret"),
    *[FaultMark(at=n * 20 * MINUTE, label=f"scaled to {n} processes") for n in range(6)],
]


@pytest.mark.parametrize(
    "refused",
    [
        {"only": {}},
        {"storm": {"evicted": PER_BIN}, "calm": {}, "mixed": dict.fromkeys(CAUSES, 1)},
        {name: {"evicted": 10 * n} for n, name in enumerate(TEN)},
    ],
    ids=["one strategy without a 401", "three with none, all and every cause", "ten long names"],
)
def test_no_text_is_cut_off_or_lies_on_another(tmp_path, refused):
    """Every visible text is inside its figure, and no two overlap."""
    summary, runs = runs_of(tmp_path, refused)

    with our_look():
        for figure in (
            rates_figure(summary),
            over_time_figure(summary, runs, MARKS),
            lifelines_figure(summary, runs),
        ):
            figure.draw_without_rendering()
            assert clashes(figure) == []


def clashes(figure):
    """Return the texts that leave the figure, and the pairs that lie on one another."""
    texts = [t for t in figure.findobj(mpl.text.Text) if t.get_visible() and t.get_text()]
    hidden = never_drawn(figure)
    boxes = [(t.get_text(), t.get_window_extent()) for t in texts if id(t) not in hidden]
    assert len(boxes) > 5
    page = figure.bbox.padded(1)
    cut = [text for text, box in boxes if page.x0 > box.x0 or page.x1 < box.x1]
    cut += [text for text, box in boxes if page.y0 > box.y0 or page.y1 < box.y1]
    pairs = itertools.combinations(boxes, 2)
    return cut + [(text, other) for (text, box), (other, by) in pairs if overlap(box, by)]


def never_drawn(figure):
    """Return the tick labels outside the view, and all of axes that are off."""
    return {
        id(tick.label1)
        for axes in figure.axes
        for axis in (axes.xaxis, axes.yaxis)
        for tick in axis.majorTicks
        if not (axes.axison and min(axis.get_view_interval()) <= tick.get_loc())
        or tick.get_loc() > max(axis.get_view_interval())
    }


def overlap(one, other):
    """By more than a pixel: the boxes of neighbours may touch."""
    return (
        min(one.x1, other.x1) - max(one.x0, other.x0) > 1
        and min(one.y1, other.y1) - max(one.y0, other.y0) > 1
    )


def test_every_cause_has_a_colour_and_a_hatch_of_its_own():
    """Two causes must differ for those who see no colour, too."""
    assert tuple(CAUSE_LOOKS) == CAUSES
    assert len({colour for colour, _ in CAUSE_LOOKS.values()}) == len(CAUSES)
    assert len({hatch for _, hatch in CAUSE_LOOKS.values()}) == len(CAUSES)


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0, "0 %"),
        (0.0005, "0.05 %"),
        (0.012, "1.2 %"),
        (0.7525, "75.2 %"),
        (1, "100 %"),
        (0.0000012, "0.0001 %"),
    ],
)
def test_shares_read_as_per_cent(share, text):
    """Three significant digits, never an exponent."""
    assert percent(share) == text


@pytest.mark.parametrize(
    ("span", "text", "unit"),
    [
        (0, "0 s", "ms"),
        (350 * MILLISECOND, "350 ms", "ms"),
        (12_340 * MILLISECOND, "12.3 s", "s"),
        (100 * SECOND, "1 min 40 s", "s"),
        (2 * HOUR + 5 * MINUTE, "2 h 5 min", "min"),
        (2 * HOUR + 5 * SECOND, "2 h 5 s", "min"),
        (7 * DAY, "7 d", "d"),
    ],
)
def test_spans_read_in_the_units_of_their_size(span, text, unit):
    """Two units at most, tied by spaces at which no line is broken."""
    assert span_text(span) == tied(text)
    assert unit_for(span)[0] == unit


def test_a_long_name_is_cut_where_it_can_be_read():
    """After an underscore or a space, and nothing of it is lost."""
    assert in_lines("shared_lock") == "shared_lock"
    assert in_lines("lease_cas_with_a_very_long_name", 12) == "lease_cas_\nwith_a_very_\nlong_name"
    assert in_lines("shared_lock (lock_ttl 2s)", 13) == "shared_lock\n(lock_ttl 2s)"
