"""401 rate over time, stacked by cause: one panel for each strategy, on common axes."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator
from numpy.typing import NDArray

from tokenrace.analysis.plots import FaultMark
from tokenrace.analysis.plots.look import CAUSE_LOOKS, INK, PALE, few_ticks, in_lines, title
from tokenrace.analysis.summary import Summary
from tokenrace.analysis.wording import percent, span_text, tied, unit_for
from tokenrace.analysis.worst import median_rates, merge, shown_bins, worst_run
from tokenrace.clock import Ticks
from tokenrace.figures import outages_in, responses_401
from tokenrace.trace.events import CAUSES, Cause
from tokenrace.trace.files import RecordedRun
from tokenrace.trace.tally import BINS

_WIDTH_IN = 12.0
_TITLE_LETTERS = 54
_LEGEND_LETTERS, _HANDLE_LETTERS = 126, 7
"""How many letters of a legend are as wide as the figure, and how many one entry's line takes."""
_LABEL_SHARE = 0.015
"""Numbers of marks nearer to each other than this share of the time axis would overlap."""
_RUNS_FOR_MEDIAN = 3
_EMPTY = "#EEEEEE"
_BAR_FROM = 0.97
"""An outage is a bar along the top, from here up, as a share of the panel."""

Counts = NDArray[np.int64]


class _Panel:
    """The counts of the worst of a strategy's ``runs``, ``merged`` bins to one.

    ``outages`` are its stretches in ticks of the scenario. ``median`` is the 401 rate of the median
    run, bin by bin; empty with fewer than three.
    """

    def __init__(self, runs: Sequence[RecordedRun], merged: int) -> None:
        worst = worst_run(runs)
        self.seed = worst.header.seed
        self.rate = responses_401(worst).share()
        self.responses = _counts(worst.provider.responses, merged)
        self.refused = {cause: _counts(worst.provider.refused[cause], merged) for cause in CAUSES}
        self.outages = [(found.begins, found.ends) for found in outages_in(worst)]
        self.median = median_rates(runs, merged) if len(runs) >= _RUNS_FOR_MEDIAN else []

    def share(self, cause: Cause) -> NDArray[np.float64]:
        """Return the share of responses refused for ``cause``, by bin; 0 in empty bins."""
        shares: NDArray[np.float64] = self.refused[cause] / np.maximum(self.responses, 1)
        return shares

    def peak(self) -> float:
        """Return the largest 401 rate of a bin."""
        return float(np.max(sum(self.share(cause) for cause in CAUSES)))


def over_time_figure(
    summary: Summary, runs: Mapping[str, Sequence[RecordedRun]], faults: Sequence[FaultMark]
) -> Figure:
    """Return the plot. Times are the scenario's."""
    merged = shown_bins(runs)
    panels = {name: _Panel(runs[name], merged) for name in summary.strategies}
    columns = 1 if len(panels) <= 3 else 2
    rows = -(-len(panels) // columns)
    figure = Figure(figsize=(_WIDTH_IN, 1.9 + 1.9 * rows), layout="constrained")
    grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    span = round(summary.duration_s * 1_000_000)
    unit, length = unit_for(span)
    edges = np.linspace(0.0, span / length, BINS // merged + 1, dtype=np.float64)
    for axes, (name, panel) in zip(grid.flat, panels.items(), strict=False):
        _draw(axes, panel, edges)
        for begins, ends in panel.outages:
            axes.axvspan(
                begins / length, ends / length, ymin=_BAR_FROM, color=INK, linewidth=0, gid="outage"
            )
        _mark_faults(axes, faults, length, span)
        axes.set_title(
            in_lines(_panel_title(summary, name, panel), _TITLE_LETTERS * 2 // columns), loc="left"
        )
    for axes in grid.flat[len(panels) :]:
        axes.set_axis_off()
    _scales(grid[0, 0], panels, edges)
    time_label = f"scenario time ({unit}), in bins of {span_text(span * merged // BINS)}"
    for axes in grid.flat[len(panels) - columns : len(panels)]:
        axes.set_xlabel(time_label)
        axes.tick_params(labelbottom=True)
    for axes in grid[:, 0]:
        axes.set_ylabel("refused")
    _legend(figure, panels, faults)
    figure.suptitle(title(_sentence(summary), _WIDTH_IN), x=0.01, ha="left")
    return figure


def _sentence(summary: Summary) -> str:
    seeds = len(summary.seeds)
    over = f"the worst of {seeds} seeds" if seeds > 1 else "one seed"
    return (
        f"401 rate over time, {summary.scenario}: share of API responses refused, by cause ({over})"
    )


def _panel_title(summary: Summary, name: str, panel: _Panel) -> str:
    if panel.rate is None:
        return f"{name}: {tied('no responses')}"
    rate = f"{percent(panel.rate)} in all"
    several_seeds = len(summary.seeds) > 1
    return f"{name}: {tied(f'{rate} of seed {panel.seed}' if several_seeds else rate)}"


def _counts(bins: Sequence[int], merged: int) -> Counts:
    return np.array(merge(bins, merged), dtype=np.int64)


def _draw(axes: Axes, panel: _Panel, edges: NDArray[np.float64]) -> None:
    for start, end in _runs_of(panel.responses == 0):
        axes.axvspan(edges[start], edges[end], color=_EMPTY, linewidth=0, gid="no responses")
    below = np.zeros(len(panel.responses))
    for cause, (colour, hatch) in CAUSE_LOOKS.items():
        if panel.refused[cause].any():
            above = below + panel.share(cause)
            axes.stairs(
                above,
                edges,
                baseline=below,
                fill=True,
                facecolor=colour,
                edgecolor="white",
                hatch=hatch,
                linewidth=0,
                label=cause,
            )
            below = above
    if panel.median:
        axes.stairs(panel.median, edges, color=INK, linewidth=1.4, gid="median")
    axes.grid(axis="y", color=PALE, linewidth=0.6)
    axes.set_axisbelow(True)


def _runs_of(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return the half-open ranges over which ``flags`` are true."""
    steps = np.flatnonzero(np.diff(np.concatenate(([0], flags.astype(np.int8), [0]))))
    return [(int(start), int(end)) for start, end in steps.reshape(-1, 2)]


def _scales(axes: Axes, panels: Mapping[str, _Panel], edges: NDArray[np.float64]) -> None:
    peak = max(panel.peak() for panel in panels.values())
    axes.set_xlim(edges[0], edges[-1])
    axes.set_ylim(0, min(1.0, peak * 1.1) if peak else 0.01)
    axes.xaxis.set_major_locator(few_ticks())
    axes.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda share, _: percent(share)))


def _mark_faults(axes: Axes, faults: Sequence[FaultMark], length: Ticks, span: Ticks) -> None:
    for fault in faults:
        axes.axvline(fault.at / length, color=INK, linestyle="--", linewidth=1.2)
    for at, text in _mark_labels(faults, round(span * _LABEL_SHARE)):
        axes.annotate(
            text,
            (at / length, 1),
            xycoords=("data", "axes fraction"),
            xytext=(3, -2),
            textcoords="offset points",
            va="top",
            fontsize=10,
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1},
        )


def _mark_labels(faults: Sequence[FaultMark], near: Ticks) -> list[tuple[Ticks, str]]:
    """Return where to write which numbers; those of faults ``near`` each other go together."""
    labels: list[tuple[Ticks, str]] = []
    last_at = None
    for number, fault in sorted(enumerate(faults, start=1), key=lambda mark: mark[1].at):
        if last_at is not None and fault.at - last_at <= near:
            at, text = labels[-1]
            labels[-1] = (at, f"{text}, {number}")
        else:
            labels.append((fault.at, str(number)))
        last_at = fault.at
    return labels


def _legend(figure: Figure, panels: Mapping[str, _Panel], faults: Sequence[FaultMark]) -> None:
    handles: list[Patch | Line2D] = [
        Patch(facecolor=colour, hatch=hatch, edgecolor="white", linewidth=0, label=cause)
        for cause, (colour, hatch) in CAUSE_LOOKS.items()
        if any(panel.refused[cause].any() for panel in panels.values())
    ] or [Patch(facecolor="white", edgecolor="white", label="no 401 at all")]
    if any((panel.responses == 0).any() for panel in panels.values()):
        handles.append(Patch(facecolor=_EMPTY, label="no responses"))
    if any(panel.outages for panel in panels.values()):
        handles.append(Patch(facecolor=INK, label="bar at the top: outage"))
    if any(panel.median for panel in panels.values()):
        handles.append(Line2D([], [], color=INK, linewidth=1.4, label="median of the seeds"))
    handles += [
        Line2D([], [], color=INK, linestyle="--", label=f"{number}: {fault.label}")
        for number, fault in enumerate(faults, start=1)
    ]
    longest = max(len(str(handle.get_label())) for handle in handles)
    columns = max(1, min(4, _LEGEND_LETTERS // (longest + _HANDLE_LETTERS)))
    figure.legend(handles=handles, loc="outside lower left", ncols=columns)
