"""What plots say: titles, marks and legends, and the files they are written to."""

import matplotlib as mpl
import pytest
from matplotlib.collections import LineCollection

from tests.analysis.plotted_runs import a_setting, runs_of
from tokenrace.analysis.plots import FaultMark, draw_plots
from tokenrace.analysis.plots.failures import failures_figure
from tokenrace.analysis.plots.latency import latency_figure
from tokenrace.analysis.plots.lifelines import lifelines_figure
from tokenrace.analysis.plots.over_time import over_time_figure
from tokenrace.analysis.plots.rates import rates_figure
from tokenrace.analysis.summary import summarize
from tokenrace.analysis.wording import tied
from tokenrace.clock import MILLISECOND, MINUTE, SECOND
from tokenrace.errors import ResultsError
from tokenrace.trace.events import CAUSES
from tokenrace.trace.outcomes import Failure


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
    assert legend_of(figure)[2:] == ["each seed"]
    strokes = [line for line in axes.lines if line.get_gid() == "seeds"]
    assert [list(line.get_xdata()) for line in strokes] == [[0.75, 0.75], [0, 0], [0, 0], [0, 0]]


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
    assert busy.get_title(loc="left") == f"mint_per_call: {tied('50 % in all of seed 1')}"
    assert calm.get_xlabel() == f"scenario time (min), in bins of {tied('30 s')}"
    assert calm.get_xlim() == (0, 120)
    assert legend_of(figure) == ["evicted", "expired"]


def test_faults_are_marked_in_every_panel_and_named_below(tmp_path):
    """At 45 min of the scenario, whatever the time scale."""
    summary, runs = runs_of(tmp_path, {"mint_per_call": {"evicted": 30}, "shared_lock": {}})

    figure = over_time_figure(summary, runs, [FaultMark(at=45 * MINUTE, label="process 2 crashes")])

    assert [line.get_xdata()[0] for axes in figure.axes for line in axes.lines] == [45, 45]
    assert legend_of(figure) == ["evicted", "1: process 2 crashes"]


def test_faults_at_about_one_instant_share_a_label(tmp_path):
    """Of two hours 1 min is less than 1.5 %, so that the numbers would lie on each other."""
    summary, runs = runs_of(tmp_path, {"shared_lock": {}})
    instants = [60 * MINUTE, 30 * MINUTE, 61 * MINUTE]

    figure = over_time_figure(summary, runs, [FaultMark(at=at, label="x") for at in instants])

    (axes,) = figure.axes
    assert [text.get_text() for text in axes.texts] == ["2", "1, 3"]


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

    assert figure.get_suptitle().startswith(
        "Token lifelines, expiry-stampede, at the worst moment of the worst seed: "
    )
    assert [t.get_text() for t in axes.get_yticklabels()] == ["1  p0.w3", "2  p1.w0"]
    assert [list(line.get_xdata()) for line in lines] == [[0, 10], [10, 70]]
    assert lines[0].get_color() != lines[1].get_color()
    assert markers == ["o", "D", "x", "o", "|"]
    assert axes.get_title(loc="left") == "mint_per_call, seed 1: 2 tokens in all"
    assert "evicted by a newer token" in legend_of(figure)


def test_latencies_fall_from_all_operations_to_the_slowest(tmp_path):
    """Nine took 100 ms and one took 2 s: a tenth were slower than 100 ms, none than 2 s."""
    _, runs = runs_of(tmp_path, {"shared_lock": {}}, seeds=1)
    for wait in [100 * MILLISECOND] * 9 + [2 * SECOND]:
        runs["shared_lock"][0].clients.latency.record(wait)

    figure = latency_figure(summarize(a_setting(1), runs), runs)
    (line,) = figure.axes[0].lines

    assert line.get_ydata()[0] == pytest.approx(0.1)
    assert line.get_xdata()[0] == pytest.approx(100, rel=0.02)
    assert len(line.get_ydata()) == 2
    assert legend_of(figure) == [f"shared_lock: median {tied('99.8 ms')}, p99 {tied('2.01 s')}"]


def test_a_strategy_nobody_answered_has_no_line_but_a_word(tmp_path):
    """Its runs counted no latency."""
    summary, runs = runs_of(tmp_path, {"shared_lock": {}})

    assert legend_of(latency_figure(summary, runs)) == ["shared_lock: no answers"]


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
        "latency.png",
        "latency.svg",
    ]
    for file in files:
        assert file.read_bytes() == (second / file.name).read_bytes()


def test_a_plot_that_cannot_be_written_says_so(tmp_path):
    """One sentence with the folder."""
    summary, runs = runs_of(tmp_path, {"shared_lock": {}})

    with pytest.raises(ResultsError, match=r"nowhere: cannot write the plot rate-401: No such"):
        draw_plots(summary, runs, tmp_path / "nowhere")


def test_failures_over_time_are_the_worst_seeds_not_the_mean(tmp_path):
    """All of a hundred operations fail for a tenth of seed 2; the mean would be 33 %."""
    _, runs = runs_of(tmp_path, {"single_flight": {}}, seeds=3)
    worst = runs["single_flight"][1].clients
    worst.failures[Failure("token_refused", "400 invalid_client")] = (
        [0] * 120 + [100] * 24 + [0] * 96
    )
    worst.operations["ok"][120:144] = [0] * 24
    worst.operations["refused"][120:144] = [100] * 24
    summary = summarize(a_setting(3), runs)

    figure = failures_figure(summary, runs, [])
    axes = figure.axes[0]

    assert figure.get_suptitle().replace("\n", " ").endswith("(the worst of 3 seeds)")
    assert (
        axes.get_title(loc="left") == f"single_flight: {tied('10 %')} of all operations of seed 2"
    )
    drawn, median = axes.patches
    assert max(drawn.get_data().values) == 1.0
    assert max(median.get_data().values) == 0.0
    assert legend_of(figure) == ["token request refused", "median of the seeds"]
