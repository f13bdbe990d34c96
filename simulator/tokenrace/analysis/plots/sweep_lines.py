"""A sweep over one field as lines: one for each strategy, with intervals."""

from collections.abc import Sequence
from itertools import cycle

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullLocator

from tokenrace.analysis.plots.look import INK, PALE, PROCESS_COLOURS, title
from tokenrace.analysis.plots.sweeps import sentence, tick_places
from tokenrace.analysis.surface import Surface
from tokenrace.analysis.wording import percent
from tokenrace.figures import FIGURES
from tokenrace.scenario.expectations import written

_WIDTH_IN = 11.0
_MARKERS = "oDs^vP*X"
_LINEAR_UP_TO = 0.0001


def lines_figure(surface: Surface) -> Figure:
    """Return the plot of ``surface``, which has one field."""
    figure = Figure(figsize=(_WIDTH_IN, 6.2), layout="constrained")
    axes = figure.add_subplot()
    places = _Places(surface)
    looks = zip(surface.panels, cycle(PROCESS_COLOURS), cycle(_MARKERS), strict=False)
    for panel, colour, marker in looks:
        levels = [(x, level) for (x, _), level in sorted(panel.levels.items())]
        axes.errorbar(
            [places.of(x) for x, _ in levels],
            [level.mean for _, level in levels],
            yerr=[
                [level.mean - level.low for _, level in levels],
                [level.high - level.mean for _, level in levels],
            ],
            color=colour,
            marker=marker,
            markersize=7,
            linewidth=2,
            capsize=4,
            label=panel.title,
            clip_on=False,
        )
    for label, points in {c.label: c.points for p in surface.panels for c in p.curves}.items():
        xs, ys = zip(*points, strict=True)
        axes.plot(xs, ys, color=INK, linestyle=(0, (4, 2)), linewidth=1.8, label=label)
    _scales(axes, surface, places)
    figure.legend(loc="outside lower left", ncols=3)
    what = f"{sentence(surface)}, with 95 % intervals" if surface.seeds > 1 else sentence(surface)
    figure.suptitle(title(what, _WIDTH_IN), x=0.01, ha="left")
    return figure


class _Places:
    """Where the values of the field are on the axis: at their numbers, or evenly spaced."""

    def __init__(self, surface: Surface) -> None:
        numbers = surface.x.numbers()
        even = [float(place) for place in range(len(surface.x.values))]
        self.are_numbers = numbers is not None
        self._at: Sequence[float] = even if numbers is None else numbers

    def of(self, place: int) -> float:
        return self._at[place]


def _scales(axes: Axes, surface: Surface, places: _Places) -> None:
    if surface.x.is_logarithmic():
        axes.set_xscale("log")
    shown = tick_places(surface.x)
    labels = [surface.x.labels()[place] for place in shown]
    axes.set_xticks([places.of(place) for place in shown], labels)
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel(surface.x.path)
    axes.set_ylabel(surface.figure)
    if FIGURES[surface.name].unit == "share":
        axes.set_yscale("symlog", linthresh=_LINEAR_UP_TO, linscale=0.5)
        axes.set_ylim(-_LINEAR_UP_TO / 4, 1.25)
        axes.set_yticks([0, 0.0001, 0.001, 0.01, 0.1, 1])
        axes.yaxis.set_major_formatter(FuncFormatter(lambda share, _: percent(share)))
        axes.yaxis.set_minor_locator(NullLocator())
    else:
        axes.set_ylim(bottom=0)
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: written(surface.name, value)))
    if surface.boundary is not None:
        axes.axhline(surface.boundary, color=PALE, linewidth=1.6, zorder=0)
        axes.annotate(
            written(surface.name, surface.boundary),
            (1, surface.boundary),
            xycoords=("axes fraction", "data"),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            fontsize=10,
        )
    axes.grid(axis="y", color=PALE, linewidth=0.5)
    axes.set_axisbelow(True)
