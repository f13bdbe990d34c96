"""Token lifelines: each token a line from its issue to its end."""

from collections.abc import Iterable, Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from tokenrace.analysis.lifelines import End, Lifeline, Lifelines, lifelines_of
from tokenrace.analysis.plots.look import INK, PALE, PROCESS_COLOURS, few_ticks, in_lines, title
from tokenrace.analysis.summary import Summary
from tokenrace.analysis.wording import instant_text, unit_for
from tokenrace.analysis.worst import worst_told
from tokenrace.clock import Ticks
from tokenrace.trace.files import RecordedRun

_WIDTH_IN = 14.0
_ROW_IN = 0.17
_NAME_MAX = 18  # letters; a client of the user's own may be called anything
_MARKERS: dict[End, tuple[str, str]] = {
    "evicted": ("x", "evicted by a newer token"),
    "expired": ("|", "expired"),
    "revoked": ("s", "revoked"),
    "live": (">", "lives on beyond the window"),
}


def lifelines_figure(summary: Summary, runs: Mapping[str, Sequence[RecordedRun]]) -> Figure:
    """Return the plot: one panel for each strategy, of its worst run."""
    worst = {name: worst_told(runs[name]) for name in summary.strategies}
    shown = {name: lifelines_of(run) for name, run in worst.items()}
    columns = min(2, len(shown))
    heights = _heights([len(panel.lines) for panel in shown.values()], columns)
    figure = Figure(figsize=(_WIDTH_IN, 1.5 + sum(heights)), layout="constrained")
    grid = figure.subplots(
        len(heights), columns, squeeze=False, gridspec_kw={"height_ratios": heights}
    )
    colours = _colours(line for panel in shown.values() for line in panel.lines)
    for axes, (name, panel) in zip(grid.flat, shown.items(), strict=False):
        run = worst[name]
        window = _Window(axes, panel, run.header.time_scale)
        for row, line in enumerate(panel.lines):
            window.draw(row, line, colours)
        window.scales(colours)
        axes.set_title(in_lines(_panel_title(name, panel, run), 70), fontsize=11, loc="left")
    for axes in grid.flat[len(shown) :]:
        axes.set_axis_off()
    figure.legend(handles=_handles(), loc="outside lower left", ncols=4)
    figure.suptitle(
        title(
            f"Token lifelines, {summary.scenario}, at the worst moment of the worst seed: a line "
            "is one token, in the colour of the process that asked for it",
            _WIDTH_IN,
        ),
        x=0.01,
        ha="left",
    )
    return figure


class _Window:
    """Draws lines into ``axes``, in the scenario's time."""

    def __init__(self, axes: Axes, shown: Lifelines, time_scale: float) -> None:
        self._axes = axes
        self._shown = shown
        self._scale = time_scale
        self._start, self._end = (round(at * time_scale) for at in (shown.start, shown.end))
        self._unit, self._length = unit_for(self._end - self._start)
        # Far from 0 the numbers on the axis would be long and all alike: count from the window.
        far = self._start > 10 * (self._end - self._start)
        self._origin = self._start if far else 0

    def draw(self, row: int, line: Lifeline, colours: Mapping[str, str]) -> None:
        """Draw one token."""
        shown, colour = self._shown, colours[line.process]
        begins, ends = max(line.issued_at, shown.start), min(line.ended_at, shown.end)
        end: End = line.end if line.ended_at <= shown.end else "live"
        x = [self._x(begins), self._x(ends)]
        self._axes.plot(x, [row, row], color=colour, linewidth=2.2, solid_capstyle="butt")
        if line.issued_at >= shown.start:
            self._axes.plot(x[0], row, color=colour, marker="o", markersize=5)
        for at, process in line.adopted:
            user = f"p{process}"
            if user != line.process and begins <= at <= ends:
                self._adopted(self._x(at), row, colours.get(user, INK))
        marker = _MARKERS[end][0]
        edge = colour if end == "live" else INK
        self._axes.plot(
            x[1], row, color=edge, marker=marker, markersize=6, markeredgewidth=1.6, clip_on=False
        )

    def _adopted(self, x: float, row: int, colour: str) -> None:
        self._axes.plot(
            x, row, color=colour, marker="D", markersize=5, markeredgecolor="white", zorder=3
        )

    def scales(self, colours: Mapping[str, str]) -> None:
        """Label the axes, once every line is drawn."""
        axes, lines = self._axes, self._shown.lines
        axes.set_xlim(self._x(self._shown.start), self._x(self._shown.end))
        axes.xaxis.set_major_locator(few_ticks())
        axes.ticklabel_format(axis="x", useOffset=False, style="plain")
        since = f" after {instant_text(self._origin)}" if self._origin else ""
        axes.set_xlabel(f"scenario time ({self._unit}{since})", fontsize=10)
        axes.tick_params(axis="x", labelsize=10)
        axes.set_ylim(max(len(lines), 1) - 0.4, -0.6)
        axes.set_yticks(
            range(len(lines)), [f"{n.token}  {n.asked_by[:_NAME_MAX]}" for n in lines], fontsize=8
        )
        for label, line in zip(axes.get_yticklabels(), lines, strict=True):
            label.set_color(colours[line.process])
        axes.tick_params(axis="y", length=0)
        axes.grid(axis="x", color=PALE, linewidth=0.6)
        axes.set_axisbelow(True)

    def _x(self, at: Ticks) -> float:
        return (at * self._scale - self._origin) / self._length


def _panel_title(name: str, shown: Lifelines, run: RecordedRun) -> str:
    issued = run.provider.tokens_issued
    if not shown.lines:
        return f"{name}: no token was issued"
    name = f"{name}, seed {run.header.seed}"
    first, last = shown.lines[0].token, shown.lines[-1].token
    if len(shown.lines) == issued:
        return f"{name}: {issued} {'tokens' if issued > 1 else 'token'} in all"
    scale = run.header.time_scale
    start, end = (instant_text(round(at * scale)) for at in (shown.start, shown.end))
    return f"{name}: tokens {first} to {last} of {issued}, from {start} to {end}"


def _heights(rows: Sequence[int], columns: int) -> list[float]:
    return [
        0.95 + _ROW_IN * max(4, *rows[start : start + columns])
        for start in range(0, len(rows), columns)
    ]


def _colours(lines: Iterable[Lifeline]) -> dict[str, str]:
    """Return a colour for each process, the same in every panel; the labels name it, too."""
    names = {line.process for line in lines}
    ordered = sorted(names, key=lambda name: (len(name), name))
    return {
        name: PROCESS_COLOURS[place % len(PROCESS_COLOURS)] for place, name in enumerate(ordered)
    }


def _handles() -> list[Line2D]:
    ends = [
        Line2D([], [], color=INK, linestyle="", marker=marker, markeredgewidth=1.6, label=label)
        for marker, label in _MARKERS.values()
    ]
    issued = Line2D([], [], color=INK, marker="o", markersize=5, linewidth=2.2, label="issued")
    other = Line2D(
        [], [], color=INK, linestyle="", marker="D", label="taken up by the process of that colour"
    )
    return [issued, *ends, other]
