"""Why operations failed, over time: one panel for each strategy of which any failed for another
reason than the API's 401. It shows the seed that failed the worst: the mean of seeds is no run."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter
from numpy.typing import NDArray

from tokenrace.analysis.failure_words import is_told
from tokenrace.analysis.plots import FaultMark
from tokenrace.analysis.plots.look import (
    BLUE,
    GREEN,
    INK,
    ORANGE,
    PALE,
    PURPLE,
    SKY,
    VERMILLION,
    YELLOW,
    few_ticks,
    in_lines,
    title,
)
from tokenrace.analysis.summary import Summary
from tokenrace.analysis.wording import percent, span_text, tied, unit_for
from tokenrace.analysis.worst import failed_share, merge, most_failed_run, shown_bins
from tokenrace.trace.files import RecordedRun
from tokenrace.trace.outcomes import KINDS, FailureKind
from tokenrace.trace.tally import BINS

_WIDTH_IN = 12.0
_RUNS_FOR_MEDIAN = 3
LOOKS: Mapping[FailureKind, tuple[str, str, str]] = {
    "call_401": (VERMILLION, "", "401 from the API"),
    "call_refused": (ORANGE, "ooo", "another refusal of the API"),
    "token_refused": (PURPLE, "xxx", "token request refused"),
    "no_token": (YELLOW, "...", "no token, for the strategy's own reason"),
    "store_unavailable": (GREEN, "\\\\\\", "the store did not answer"),
    "hung": ("#555555", "---", "waited in vain for a token"),
    "timed_out": (BLUE, "+++", "no answer in time"),
    "connection_lost": (SKY, "///", "connection lost"),
    "unreadable_answer": (SKY, "", "unreadable answer"),
    "cancelled": (PALE, "///", "caller cancelled"),
    "user_code": (PALE, "...", "raised by the client"),
}
"""Colour, hatch and words of each kind of failure."""
Counts = NDArray[np.float64]


def strategies_told(summary: Summary) -> list[str]:
    """Return the strategies that have a panel."""
    return [name for name, figures in summary.strategies.items() if is_told(figures.failures)]


def failures_figure(
    summary: Summary, runs: Mapping[str, Sequence[RecordedRun]], faults: Sequence[FaultMark]
) -> Figure:
    """Return the plot; some strategy must be told of. Times are the scenario's."""
    names = strategies_told(summary)
    figure = Figure(figsize=(_WIDTH_IN, 1.9 + 1.9 * len(names)), layout="constrained")
    grid = figure.subplots(len(names), 1, sharex=True, sharey=True, squeeze=False)
    span = round(summary.duration_s * 1_000_000)
    unit, length = unit_for(span)
    merged = shown_bins(runs)
    edges = np.linspace(0.0, span / length, BINS // merged + 1, dtype=np.float64)
    panels = {name: _Panel(runs[name], merged) for name in names}
    for axes, (name, panel) in zip(grid.flat, panels.items(), strict=True):
        _draw(axes, panel, edges)
        for fault in faults:
            axes.axvline(fault.at / length, color=INK, linestyle="--", linewidth=1.2)
        axes.set_title(in_lines(_panel_title(summary, name, panel), 108), loc="left")
        axes.set_ylabel("failed")
    peak = max(panel.peak() for panel in panels.values())
    grid[0, 0].set_xlim(edges[0], edges[-1])
    grid[0, 0].set_ylim(0, min(1.0, 1.1 * peak) or 0.01)
    grid[0, 0].xaxis.set_major_locator(few_ticks())
    grid[0, 0].yaxis.set_major_formatter(FuncFormatter(lambda share, _: percent(share)))
    bins = span_text(span * merged // BINS)
    grid[-1, 0].set_xlabel(f"scenario time ({unit}), in bins of {bins}")
    _legend(figure, panels, faults)
    seeds = len(summary.seeds)
    over = f"the worst of {seeds} seeds" if seeds > 1 else "one seed"
    text = f"Why operations failed, {summary.scenario}: share of all operations ({over})"
    figure.suptitle(title(text, _WIDTH_IN), x=0.01, ha="left")
    return figure


class _Panel:
    """The shares of the operations of the worst of a strategy's ``runs`` that failed, by kind.

    ``median`` is the failure rate of the median run, bin by bin; empty with fewer than three.
    """

    def __init__(self, runs: Sequence[RecordedRun], merged: int) -> None:
        worst = most_failed_run(runs)
        self.seed = worst.header.seed
        self.rate = failed_share(worst)
        self.shares = _shares(worst, merged)
        self.median = _median_rates(runs, merged) if len(runs) >= _RUNS_FOR_MEDIAN else None

    def peak(self) -> float:
        """Return the largest failure rate of a bin."""
        return float(np.max(_rate(self.shares)))


def _shares(run: RecordedRun, merged: int) -> dict[FailureKind, Counts]:
    """Return the share of operations that failed, by kind and bin; 0 in empty bins."""
    total = sum(_merged(bins, merged) for bins in run.clients.operations.values())
    shares: dict[FailureKind, Counts] = {}
    for kind in KINDS:
        of_kind = [
            _merged(bins, merged) for why, bins in run.clients.failures.items() if why.kind == kind
        ]
        if of_kind:
            shares[kind] = sum(of_kind) / np.maximum(total, 1)
    return shares


def _rate(shares: Mapping[FailureKind, Counts]) -> Counts:
    return np.asarray(sum(shares.values(), np.zeros(1)), dtype=np.float64)


def _median_rates(runs: Sequence[RecordedRun], merged: int) -> Counts:
    rates = [_rate(_shares(run, merged)) + np.zeros(BINS // merged) for run in runs]
    return np.asarray(np.median(rates, axis=0), dtype=np.float64)


def _merged(bins: Sequence[int], merged: int) -> Counts:
    return np.array(merge(bins, merged), dtype=np.float64)


def _draw(axes: Axes, panel: _Panel, edges: Counts) -> None:
    below = np.zeros(len(edges) - 1)
    for kind, share in panel.shares.items():
        colour, hatch, _ = LOOKS[kind]
        axes.stairs(
            below + share,
            edges,
            baseline=below,
            fill=True,
            facecolor=colour,
            edgecolor="white",
            hatch=hatch,
            linewidth=0,
        )
        below = below + share
    if panel.median is not None:
        axes.stairs(panel.median, edges, color=INK, linewidth=1.4, gid="median")
    axes.grid(axis="y", color=PALE, linewidth=0.6)
    axes.set_axisbelow(True)


def _panel_title(summary: Summary, name: str, panel: _Panel) -> str:
    of_seed = f" of seed {panel.seed}" if len(summary.seeds) > 1 else ""
    return f"{name}: {tied(percent(panel.rate))} of all operations{of_seed}"


def _legend(figure: Figure, panels: Mapping[str, _Panel], faults: Sequence[FaultMark]) -> None:
    drawn = [kind for kind in KINDS if any(kind in panel.shares for panel in panels.values())]
    handles: list[Patch | Line2D] = [
        Patch(facecolor=colour, hatch=hatch, edgecolor="white", linewidth=0, label=words)
        for colour, hatch, words in (LOOKS[kind] for kind in drawn)
    ]
    if any(panel.median is not None for panel in panels.values()):
        handles.append(Line2D([], [], color=INK, linewidth=1.4, label="median of the seeds"))
    if faults:
        label = "; ".join(dict.fromkeys(fault.label for fault in faults))
        handles.append(Line2D([], [], color=INK, linestyle="--", label=in_lines(label, 60)))
    figure.legend(handles=handles, loc="outside lower left", ncols=2)
