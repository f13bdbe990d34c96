"""Why operations failed, over time: one panel for each strategy of which any failed for another
reason than the API's 401."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter
from numpy.typing import NDArray

from simulator.analysis.failure_words import is_told
from simulator.analysis.plots import FaultMark
from simulator.analysis.plots.look import (
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
from simulator.analysis.summary import Summary
from simulator.analysis.wording import percent, span_text, unit_for
from simulator.trace.files import RecordedRun
from simulator.trace.outcomes import KINDS, FailureKind
from simulator.trace.tally import BINS

_WIDTH_IN = 12.0
_MERGED = 4
"""Bins drawn as one: sixty in all."""
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
    edges = np.linspace(0.0, span / length, BINS // _MERGED + 1, dtype=np.float64)
    shares = {name: _shares(runs[name]) for name in names}
    for axes, name in zip(grid.flat, names, strict=True):
        _draw(axes, shares[name], edges)
        for fault in faults:
            axes.axvline(fault.at / length, color=INK, linestyle="--", linewidth=1.2)
        axes.set_title(in_lines(_panel_title(summary, name), 108), loc="left")
        axes.set_ylabel("failed")
    peak = max(float(np.max(sum(of_each.values()))) for of_each in shares.values())
    grid[0, 0].set_xlim(edges[0], edges[-1])
    grid[0, 0].set_ylim(0, min(1.0, 1.1 * peak))
    grid[0, 0].xaxis.set_major_locator(few_ticks())
    grid[0, 0].yaxis.set_major_formatter(FuncFormatter(lambda share, _: percent(share)))
    bins = span_text(span * _MERGED // BINS)
    grid[-1, 0].set_xlabel(f"scenario time ({unit}), in bins of {bins}")
    _legend(figure, shares, faults)
    seeds = len(summary.seeds)
    over = f"{seeds} seeds together" if seeds > 1 else "one seed"
    text = f"Why operations failed, {summary.scenario}: share of all operations ({over})"
    figure.suptitle(title(text, _WIDTH_IN), x=0.01, ha="left")
    return figure


def _shares(runs: Sequence[RecordedRun]) -> dict[FailureKind, Counts]:
    """Return the share of operations that failed, by kind and bin; 0 in empty bins."""
    total = sum(_merged(bins) for run in runs for bins in run.clients.operations.values())
    shares: dict[FailureKind, Counts] = {}
    for kind in KINDS:
        of_kind = [
            _merged(bins)
            for run in runs
            for why, bins in run.clients.failures.items()
            if why.kind == kind
        ]
        if of_kind:
            shares[kind] = sum(of_kind) / np.maximum(total, 1)
    return shares


def _merged(bins: Sequence[int]) -> Counts:
    counts: Counts = np.array(bins, dtype=np.float64).reshape(-1, _MERGED).sum(axis=1)
    return counts


def _draw(axes: Axes, shares: Mapping[FailureKind, Counts], edges: Counts) -> None:
    below = np.zeros(len(edges) - 1)
    for kind, share in shares.items():
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
    axes.grid(axis="y", color=PALE, linewidth=0.6)
    axes.set_axisbelow(True)


def _panel_title(summary: Summary, name: str) -> str:
    figures = summary.strategies[name]
    failed = sum(figures.failures.values())
    return f"{name}: {percent(failed / max(1, figures.operations))} of all operations"


def _legend(
    figure: Figure,
    shares: Mapping[str, Mapping[FailureKind, Counts]],
    faults: Sequence[FaultMark],
) -> None:
    drawn = [kind for kind in KINDS if any(kind in of_each for of_each in shares.values())]
    handles: list[Patch | Line2D] = [
        Patch(facecolor=colour, hatch=hatch, edgecolor="white", linewidth=0, label=words)
        for colour, hatch, words in (LOOKS[kind] for kind in drawn)
    ]
    if faults:
        label = "; ".join(dict.fromkeys(fault.label for fault in faults))
        handles.append(Line2D([], [], color=INK, linestyle="--", label=in_lines(label, 60)))
    figure.legend(handles=handles, loc="outside lower left", ncols=2)
