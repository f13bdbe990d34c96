"""What callers waited: for each strategy, which share of operations took longer than how long."""

from collections.abc import Mapping, Sequence
from statistics import median

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator
from numpy.typing import NDArray

from tokenrace.analysis.plots.look import PALE, PROCESS_COLOURS, title
from tokenrace.analysis.summary import Summary
from tokenrace.analysis.wording import percent, span_text
from tokenrace.clock import MILLISECOND
from tokenrace.trace.files import RecordedRun
from tokenrace.trace.histogram import Histogram, bucket_bounds

_WIDTH_IN = 12.0
_LINES = ("-", "--", ":", "-.")
"""How a line is drawn the first, second, ... time that its colour comes round."""
_UNLIKE, _RUNS_MIN = 1.5, 3
_FEWEST = 10  # operations; a share of fewer is one operation's luck


def latency_figure(summary: Summary, runs: Mapping[str, Sequence[RecordedRun]]) -> Figure:
    """Return the plot. Latencies are in the engine's time, of operations that got an answer."""
    figure = Figure(figsize=(_WIDTH_IN, 6.0), layout="constrained")
    axes = figure.add_subplot()
    waits = {name: _all_of(runs[name]) for name in summary.strategies}
    _scales(axes, waits)
    widths = np.linspace(5.0, 1.6, len(waits))  # a line on top of others leaves them to be seen
    for place, (name, histogram) in enumerate(waits.items()):
        style = _LINES[place // len(PROCESS_COLOURS) % len(_LINES)]
        colour = PROCESS_COLOURS[place % len(PROCESS_COLOURS)]
        spans, slower = _slower(histogram)
        label = _label(name, histogram)
        axes.plot(
            spans, slower, color=colour, linestyle=style, linewidth=widths[place], label=label
        )
        slowest = slowest_of(runs[name])
        if slowest is not None:
            spans, slower = _slower(slowest.clients.latency)
            label = _label(f"{name}, seed {slowest.header.seed}", slowest.clients.latency)
            axes.plot(spans, slower, color=colour, linestyle=(0, (1, 1)), label=label)
    figure.legend(loc="outside lower left", ncols=2, fontsize=11)
    figure.suptitle(title(_sentence(summary), _WIDTH_IN), x=0.01, ha="left")
    return figure


def _sentence(summary: Summary) -> str:
    seeds = len(summary.seeds)
    over = f"{seeds} seeds together; dotted: a seed unlike them" if seeds > 1 else "one seed"
    return (
        f"What callers waited, {summary.scenario}: share of operations that took longer, retries "
        f"and refreshes included ({over})"
    )


def _all_of(runs: Sequence[RecordedRun]) -> Histogram:
    whole = Histogram()
    for run in runs:
        whole.add(run.clients.latency)
    return whole


def slowest_of(runs: Sequence[RecordedRun]) -> RecordedRun | None:
    """Return the run with the highest p99; None where it is not ``_UNLIKE`` times the median's."""
    waits = [run.clients.latency.quantile(0.99) or 0 for run in runs]
    slowest = max(waits)
    if len(runs) < _RUNS_MIN or slowest <= _UNLIKE * median(waits):
        return None
    return runs[waits.index(slowest)]


def _slower(histogram: Histogram) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the upper bounds of the buckets, in ms, and the share of operations beyond each."""
    counts = histogram.counts()
    bounds = [bucket_bounds(bucket)[1] / MILLISECOND for bucket in counts]
    within = np.cumsum(np.fromiter(counts.values(), dtype=np.float64, count=len(counts)))
    slower = 1 - within / max(1.0, float(within[-1]) if within.size else 1.0)
    return np.array(bounds), np.where(slower > 0, slower, np.nan)


def _label(name: str, histogram: Histogram) -> str:
    spans = [histogram.quantile(share) for share in (0.50, 0.99)]
    words = [span_text(span) for span in spans if span is not None]
    return f"{name}: median {words[0]}, p99 {words[1]}" if words else f"{name}: no answers"


def _scales(axes: Axes, waits: Mapping[str, Histogram]) -> None:
    most = max((histogram.total() for histogram in waits.values()), default=0)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_ylim(min(0.1, _FEWEST / max(most, 1)), 1)
    axes.xaxis.set_major_formatter(FuncFormatter(_span_in_words))
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda share, _: percent(share)))
    axes.set_xlabel("latency a caller saw (logarithmic scale)")
    axes.set_ylabel("share of operations slower")
    axes.grid(color=PALE, linewidth=0.6)
    axes.set_axisbelow(True)


def _span_in_words(in_ms: float, _: int) -> str:
    return span_text(round(in_ms * MILLISECOND))
