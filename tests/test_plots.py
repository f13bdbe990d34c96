"""What plots say: titles, marks and legends. Whether they are fit to be shown, eyes must judge."""

import itertools

import matplotlib as mpl
import pytest
from matplotlib.collections import LineCollection

from simulator.analysis.plots import FaultMark, draw_plots
from simulator.analysis.plots.lifelines import lifelines_figure
from simulator.analysis.plots.look import (
    CAUSE_LOOKS,
    in_lines,
    our_look,
    percent,
    span_text,
    tied,
    unit_for,
)
from simulator.analysis.plots.over_time import over_time_figure
from simulator.analysis.plots.rates import rates_figure
from simulator.analysis.summary import Setting, summarize
from simulator.clock import DAY, HOUR, MILLISECOND, MINUTE, SECOND
from simulator.errors import ResultsError
from simulator.trace.events import CAUSES, TokenAdopted, TokenEvicted, TokenIssued
from simulator.trace.files import TraceHeader, TraceWriter, read_trace
from simulator.trace.tally import ClientTally, ProviderTally

DURATION = 12 * SECOND  # 2 h of the scenario; a bin is 50 ms, 30 s of the scenario
PER_BIN = 100
TEN = [f"strategy_with_a_rather_long_name_number_{n}_of_ten" for n in range(10)]


def a_setting(seeds):
    return Setting(
        scenario="expiry-stampede",
        description="Forty workers find their token expired in the same instant.",
        scenario_sha256="5e" * 32,
        version="0.1.0",
        engine="wire",
        seeds=tuple(range(1, seeds + 1)),
        duration_s=7200.0,
        time_scale=600.0,
        provider={},
        fleet={},
        command="tokenrace run scenarios/expiry-stampede.yaml",
    )


def a_run(folder, strategy, seed, refused):
    """Each bin answers 100 requests, of which ``refused`` names how many were 401 and why.

    Process 0 gets token 1 and process 1 takes it up; a second later token 2 displaces it.
    """
    header = TraceHeader(
        scenario="expiry-stampede",
        strategy=strategy,
        seed=seed,
        engine="wire",
        duration=DURATION,
        lifetime=6 * SECOND,
        time_scale=600.0,
        version="0.1.0",
    )
    provider = ProviderTally(width=header.width, tokens_issued=2, live_peak=1)
    clients = ClientTally(width=header.width)
    for bin_ in range(240):
        provider.responses[bin_] = PER_BIN
        clients.operations["ok"][bin_] = PER_BIN
        for cause, count in refused.items():
            provider.refused[cause][bin_] = count
    path = folder / f"{strategy}-{seed}.jsonl"
    with TraceWriter(path, header) as writer:
        for event in (
            TokenIssued(at=0, token=1, expires_at=6 * SECOND, asked_by="p0.w3"),
            TokenAdopted(at=1, token=1, process=0),
            TokenAdopted(at=SECOND // 2, token=1, process=1),
            TokenIssued(at=SECOND, token=2, expires_at=7 * SECOND, asked_by="p1.w0"),
            TokenEvicted(at=SECOND, token=1, displaced_by=2, asked_by="p1.w0"),
        ):
            writer.write(event)
        writer.finish(provider, clients)
    return read_trace(path)


def runs_of(folder, refused_by_strategy, seeds=2):
    runs = {
        strategy: [a_run(folder, strategy, seed, refused) for seed in range(1, seeds + 1)]
        for strategy, refused in refused_by_strategy.items()
    }
    return summarize(a_setting(seeds), runs), runs


def legend_of(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


def test_the_rates_have_a_row_for_each_strategy_with_its_numbers(tmp_path):
    """75 of 100 refused is 75 %; its interval has no width, for the two runs are alike."""
    summary, _ = runs_of(tmp_path, {"mint_per_call": {"evicted": 75}, "shared_lock": {}})

    figure = rates_figure(summary)
    axes = figure.axes[0]
    values = axes.child_axes[0]

    assert figure.get_suptitle() == (
        "401 rate by strategy, expiry-stampede: share of API responses refused"
        " (95 % interval over 2 seeds)"
    )
    assert [t.get_text() for t in axes.get_yticklabels()] == ["mint_per_call", "shared_lock"]
    assert values.get_yticklabels()[0].get_text() == (
        "401: 75 % (75 to 75 %)\nfailed: 0 % (0 to 0.008 %)"
    )
    assert len([c for c in axes.collections if isinstance(c, LineCollection)]) == 4
    assert len(legend_of(figure)) == 2


def test_a_strategy_without_responses_has_no_mark_but_a_word(tmp_path):
    """An empty row would look like a rate of 0."""
    _, runs = runs_of(tmp_path, {"idle": {}}, seeds=1)
    runs["idle"][0].provider.responses[:] = [0] * 240

    axes = rates_figure(summarize(a_setting(1), runs)).axes[0]

    assert axes.child_axes[0].get_yticklabels()[0].get_text().startswith("401: no responses\n")
    assert len([c for c in axes.collections if isinstance(c, LineCollection)]) == 1


def test_rates_over_time_stack_the_causes_that_occurred(tmp_path):
    """30 evicted and 20 expired of 100: a step at 0.3 and one on it to 0.5, in every bin."""
    summary, runs = runs_of(
        tmp_path, {"mint_per_call": {"evicted": 30, "expired": 20}, "shared_lock": {}}
    )

    figure = over_time_figure(summary, runs, [])
    busy, calm = figure.axes

    assert [patch.get_label() for patch in busy.patches] == ["evicted", "expired"]
    assert set(busy.patches[0].get_data().values) == {0.3}
    assert set(busy.patches[1].get_data().values) == {0.5}
    assert set(busy.patches[1].get_data().baseline) == {0.3}
    assert not calm.patches
    assert busy.get_title(loc="left") == f"mint_per_call: {tied('50 % in all')}"
    assert calm.get_xlabel() == f"scenario time (min), in bins of {tied('30 s')}"
    assert calm.get_xlim() == (0, 120)
    assert legend_of(figure) == ["evicted", "expired"]


def test_faults_are_marked_in_every_panel_and_named_below(tmp_path):
    """At 45 min of the scenario, whatever the time scale."""
    summary, runs = runs_of(tmp_path, {"mint_per_call": {"evicted": 30}, "shared_lock": {}})

    figure = over_time_figure(summary, runs, [FaultMark(at=45 * MINUTE, label="process 2 crashes")])

    assert [line.get_xdata()[0] for axes in figure.axes for line in axes.lines] == [45, 45]
    assert legend_of(figure) == ["evicted", "1: process 2 crashes"]


def test_bins_without_responses_are_shaded(tmp_path):
    """The first half of the run had no responses: one grey span of 60 of 120 minutes."""
    _, runs = runs_of(tmp_path, {"late": {}})
    for run in runs["late"]:
        run.provider.responses[:120] = [0] * 120

    figure = over_time_figure(summarize(a_setting(2), runs), runs, [])
    (span,) = figure.axes[0].patches

    assert (span.get_x(), span.get_width()) == (0, 60)
    assert legend_of(figure) == ["no 401 at all", "no responses"]


def test_lifelines_name_each_token_and_who_asked(tmp_path):
    """Token 1 lives from 0 to 10 min, token 2 until it expires at 70 min."""
    summary, runs = runs_of(tmp_path, {"mint_per_call": {}})

    figure = lifelines_figure(summary, runs)
    axes = figure.axes[0]
    lines = [line for line in axes.lines if len(line.get_xdata()) == 2]
    markers = [line.get_marker() for line in axes.lines if len(line.get_xdata()) == 1]

    assert figure.get_suptitle().startswith("Token lifelines, expiry-stampede, seed 1: ")
    assert [t.get_text() for t in axes.get_yticklabels()] == ["1  p0.w3", "2  p1.w0"]
    assert [list(line.get_xdata()) for line in lines] == [[0, 10], [10, 70]]
    assert lines[0].get_color() != lines[1].get_color()
    assert markers == ["o", "D", "x", "o", "|"]
    assert axes.get_title(loc="left") == "mint_per_call: 2 tokens in all"
    assert "evicted by a newer token" in legend_of(figure)


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
            over_time_figure(summary, runs, [FaultMark(at=HOUR, label="pause of process 0")]),
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


def test_equal_runs_give_equal_svg_bytes(tmp_path):
    """No date, no random ids, and no setting of the machine's user."""
    summary, runs = runs_of(tmp_path, {"mint_per_call": dict.fromkeys(CAUSES, 1)})
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()

    files = draw_plots(summary, runs, first)
    with mpl.rc_context({"font.size": 30, "lines.linewidth": 9, "svg.hashsalt": "theirs"}):
        draw_plots(summary, runs, second)

    assert [file.name for file in files] == [
        "rate-401.png",
        "rate-401.svg",
        "rate-401-over-time.png",
        "rate-401-over-time.svg",
        "token-lifelines.png",
        "token-lifelines.svg",
    ]
    for file in files:
        assert file.read_bytes() == (second / file.name).read_bytes()


def test_a_plot_that_cannot_be_written_says_so(tmp_path):
    """One sentence with the folder."""
    summary, runs = runs_of(tmp_path, {"shared_lock": {}})

    with pytest.raises(ResultsError, match=r"nowhere: cannot write the plot rate-401: No such"):
        draw_plots(summary, runs, tmp_path / "nowhere")


def test_every_cause_has_a_colour_and_a_hatch_of_its_own():
    """Two causes must differ for those who see no colour, too."""
    assert tuple(CAUSE_LOOKS) == CAUSES
    assert len({colour for colour, _ in CAUSE_LOOKS.values()}) == len(CAUSES)
    assert len({hatch for _, hatch in CAUSE_LOOKS.values()}) == len(CAUSES)


@pytest.mark.parametrize(
    ("share", "text"),
    [(0, "0 %"), (0.0005, "0.05 %"), (0.7525, "75.2 %"), (1, "100 %"), (0.0000012, "0.0001 %")],
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
        (2 * HOUR + 5 * SECOND, "2 h", "min"),
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
