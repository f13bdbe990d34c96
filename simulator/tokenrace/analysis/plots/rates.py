"""401 rate and failure rate of each strategy, with intervals."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullLocator

from tokenrace.analysis.intervals import Estimate
from tokenrace.analysis.plots.look import BAND, BLUE, ORANGE, PALE, in_lines, title
from tokenrace.analysis.summary import Summary
from tokenrace.analysis.wording import percent

_WIDTH_IN = 12.0
_LINEAR_UP_TO = 0.0001  # the logarithm has no 0; below this the scale is linear
_OFFSET = 0.17  # of a row: the two marks of a strategy do not cover each other


def rates_figure(summary: Summary) -> Figure:
    """Return the plot: one row for each strategy, in the scenario's order."""
    rows = len(summary.strategies)
    figure = Figure(figsize=(_WIDTH_IN, 2.3 + 0.72 * rows), layout="constrained")
    axes = figure.add_subplot()
    _scales(axes, summary)
    for row, figures in enumerate(summary.strategies.values()):
        _seeds(axes, row - _OFFSET, [seed.rate_401 for seed in figures.per_seed], BLUE)
        _seeds(axes, row + _OFFSET, [seed.failure_rate for seed in figures.per_seed], ORANGE)
        _mark(axes, row - _OFFSET, figures.rate_401, colour=BLUE, marker="o", filled=True)
        _mark(axes, row + _OFFSET, figures.failure_rate, colour=ORANGE, marker="D", filled=False)
    _legend(figure, len(summary.seeds))
    figure.suptitle(title(_sentence(summary), _WIDTH_IN), x=0.01, ha="left")
    return figure


def _sentence(summary: Summary) -> str:
    seeds = len(summary.seeds)
    interval = f"95 % interval over {seeds} seeds" if seeds > 1 else "95 % interval from one seed"
    return f"401 rate by strategy, {summary.scenario}: share of API responses refused ({interval})"


def _scales(axes: Axes, summary: Summary) -> None:
    axes.set_xscale("symlog", linthresh=_LINEAR_UP_TO, linscale=0.5)
    axes.set_xlim(-_LINEAR_UP_TO / 4, 1.25)
    axes.set_xticks([0, 0.0001, 0.001, 0.01, 0.1, 1])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda share, _: percent(share)))
    axes.set_xlabel("share (logarithmic scale, with 0 at its left end)")
    axes.grid(axis="x", color=PALE, linewidth=0.6)
    axes.set_axisbelow(True)
    for row in range(1, len(summary.strategies), 2):
        axes.axhspan(row - 0.5, row + 0.5, color=BAND, linewidth=0, zorder=0)
    rows = range(len(summary.strategies))
    axes.set_ylim(len(summary.strategies) - 0.5, -0.5)
    axes.set_yticks(rows, [in_lines(name) for name in summary.strategies])
    values = axes.secondary_yaxis("right")
    values.set_yticks(
        rows,
        [
            f"401: {_words(figures.rate_401, 'no responses')}\n"
            f"failed: {_words(figures.failure_rate, 'no operations')}"
            for figures in summary.strategies.values()
        ],
        fontsize=11,
    )
    values.tick_params(length=0)
    values.spines["right"].set_visible(False)
    axes.tick_params(axis="y", length=0)


def _mark(
    axes: Axes, row: float, share: Estimate | None, *, colour: str, marker: str, filled: bool
) -> None:
    if share is None:
        return
    axes.errorbar(
        [share.mean],
        [row],
        xerr=[[share.mean - share.low], [share.high - share.mean]],
        color=colour,
        marker=marker,
        markersize=9 if filled else 7,
        markerfacecolor=colour if filled else "white",
        linewidth=2.2 if filled else 1.4,
        capsize=4,
        clip_on=False,
    )


def _seeds(axes: Axes, row: float, rates: Sequence[float | None], colour: str) -> None:
    """Draw a stroke for each seed: a mean hides one that is unlike the others."""
    known = [rate for rate in rates if rate is not None]
    if len(known) > 1:
        axes.plot(
            known,
            [row] * len(known),
            color=colour,
            linestyle="",
            marker="|",
            markersize=11,
            alpha=0.7,
            clip_on=False,
            gid="seeds",
        )


def _words(share: Estimate | None, nothing: str) -> str:
    if share is None:
        return nothing
    low, high = percent(share.low).removesuffix(" %"), percent(share.high)
    return f"{percent(share.mean)} ({low} to {high})"


def _legend(figure: Figure, seeds: int) -> None:
    axes = figure.axes[0]
    handles = [
        axes.plot([], [], color=BLUE, marker="o", markersize=9, linewidth=2.2)[0],
        axes.plot([], [], color=ORANGE, marker="D", markerfacecolor="white", linewidth=1.4)[0],
    ]
    labels = ["401 rate: of API responses", "failure rate: of operations, after retries"]
    if seeds > 1:
        handles.append(axes.plot([], [], color=PALE, linestyle="", marker="|", markersize=11)[0])
        labels.append("each seed")
    figure.legend(handles, labels, loc="outside lower left", ncols=3)
