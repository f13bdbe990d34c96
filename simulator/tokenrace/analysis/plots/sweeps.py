"""A sweep over two fields as heatmaps: a panel for each strategy, all on one colour scale."""

import math
from collections.abc import Iterator

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import Colormap, LogNorm, Normalize, SymLogNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FuncFormatter, NullLocator
from numpy.typing import NDArray

from tokenrace.analysis.plots.look import INK, PALE, VERMILLION, in_lines, title
from tokenrace.analysis.surface import Curve, Panel, Scale, Surface
from tokenrace.analysis.wording import percent
from tokenrace.figures import FIGURES
from tokenrace.scenario.expectations import written

Dashes = tuple[int, tuple[float, ...]]
_DASHES: tuple[Dashes, ...] = ((0, (4, 2)), (0, (1, 1)))
_PANEL_IN = 4.8
_COLUMNS = 3
_LETTERED_MAX = 12
"""Values of a field up to which every place has its number written in."""
_DRAWN_SINGLY_MAX = 2_500
"""Places of a panel up to which each is a shape of its own in an SVG, and not a picture's dot."""
_TICKS_MAX = 14
_LINEAR_UP_TO = 0.001
"""The logarithm has no 0; below this share the scale is linear."""
_WIDE = 30.0
"""Figures whose largest is so many times the smallest get a logarithmic scale."""
_COLOURS: Colormap = colormaps["cividis_r"]
"""Made for colour-blind people, and darker for more: right in grey as well."""

Levels = NDArray[np.float64]


def heatmap_figure(surface: Surface) -> Figure:
    """Return the plot of ``surface``, which has two fields."""
    columns = min(_COLUMNS, len(surface.panels))
    rows = -(-len(surface.panels) // columns)
    width = max(9.0, columns * _PANEL_IN + 1.4)
    figure = Figure(figsize=(width, rows * (_PANEL_IN - 0.4) + 1.8), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False)
    norm = _norm(surface)
    for axes, panel in zip(grid.flat, surface.panels, strict=False):
        _HeatPanel(axes, surface, panel, norm).draw()
    for axes in grid.flat[len(surface.panels) :]:
        axes.set_axis_off()
    bar = figure.colorbar(ScalarMappable(norm, _COLOURS), ax=grid, fraction=0.05, pad=0.02)
    bar.set_label(surface.figure)
    bar.outline.set_visible(False)
    bar.ax.yaxis.set_minor_locator(NullLocator())
    bar.ax.tick_params(labelsize=10)
    if FIGURES[surface.name].unit == "share":
        bar.set_ticks([0, 0.001, 0.01, 0.1, 1])
        bar.ax.yaxis.set_major_formatter(FuncFormatter(lambda share, _: percent(share)))
    else:
        bar.ax.yaxis.set_major_formatter(
            FuncFormatter(lambda value, _: _short(surface.name, value))
        )
    _legend(figure, surface)
    figure.suptitle(title(sentence(surface), width), x=0.01, ha="left")
    return figure


def sentence(surface: Surface) -> str:
    """Return what the picture of ``surface`` shows."""
    seeds = f"mean of {surface.seeds} seeds" if surface.seeds > 1 else "one seed"
    fields = surface.x.path if surface.y is None else f"{surface.x.path} and {surface.y.path}"
    return f"{surface.figure} over {fields}, {surface.scenario} ({seeds})"


def tick_places(scale: Scale) -> list[int]:
    """Return the places of ``scale`` to name, the first and no more than can be read."""
    step = -(-len(scale.values) // _TICKS_MAX)
    return list(range(0, len(scale.values), step))


class _HeatPanel:
    """Draws one strategy into ``axes``. Places are drawn evenly spaced, whatever their values."""

    def __init__(self, axes: Axes, surface: Surface, panel: Panel, norm: Normalize) -> None:
        assert surface.y is not None
        self._axes, self._surface, self._panel, self._norm = axes, surface, panel, norm
        self._y = surface.y
        shape = len(self._y.values), len(surface.x.values)
        self._levels: Levels = np.full(shape, np.nan)
        for (x, y), level in panel.levels.items():
            self._levels[y, x] = level.mean
        self._filled = self._levels if surface.is_whole else _nearest(self._levels)

    def draw(self) -> None:
        """Draw everything."""
        axes = self._axes
        axes.set_facecolor("white")
        axes.pcolormesh(
            np.ma.masked_invalid(np.minimum(self._filled, self._norm.vmax or np.inf)),
            cmap=_COLOURS,
            norm=self._norm,
            edgecolor="white",
            linewidth=0.4 if max(self._levels.shape) <= 2 * _LETTERED_MAX else 0,
            rasterized=self._levels.size > _DRAWN_SINGLY_MAX,
        )
        if max(self._levels.shape) <= _LETTERED_MAX:
            self._letters()
        elif not self._surface.is_whole:
            self._dots()
        self._boundary()
        dashes = _dashes(self._surface)
        for curve in self._panel.curves:
            self._curve(curve, dashes[curve.label])
        self._scales()

    def _letters(self) -> None:
        for (x, y), level in self._panel.levels.items():
            dark = self._norm(min(level.mean, self._norm.vmax or np.inf)) > 0.45
            self._axes.text(
                x + 0.5,
                y + 0.5,
                _short(self._surface.name, level.mean),
                ha="center",
                va="center",
                fontsize=8,
                color="white" if dark else INK,
                zorder=5,
            )

    def _dots(self) -> None:
        places = np.array(list(self._panel.levels)) + 0.5
        self._axes.plot(
            *places.T,
            linestyle="",
            marker="o",
            markersize=3.4,
            color=INK,
            markeredgecolor="white",
            markeredgewidth=0.7,
        )

    def _boundary(self) -> None:
        if self._surface.boundary is None:
            return
        edges = list(_edges(self._filled, self._surface.boundary))
        halo = withStroke(linewidth=5.5, foreground="white")
        self._axes.add_collection(
            LineCollection(
                edges, colors=INK, linewidths=3, capstyle="projecting", path_effects=[halo]
            )
        )

    def _curve(self, curve: Curve, dashes: Dashes) -> None:
        xs, ys = self._surface.x.numbers(), self._y.numbers()
        if xs is None or ys is None:
            return
        inside = [(x, y) for x, y in curve.points if xs[0] <= x <= xs[-1] and ys[0] <= y <= ys[-1]]
        if not inside:
            return
        places = [(_place(self._surface.x, x) + 0.5, _place(self._y, y) + 0.5) for x, y in inside]
        halo = withStroke(linewidth=4.5, foreground="white")
        self._axes.plot(
            *zip(*places, strict=True),
            color=VERMILLION,
            linestyle=dashes,
            linewidth=2.4,
            marker="o" if len(places) == 1 else "",
            path_effects=[halo],
        )

    def _scales(self) -> None:
        axes, x, y = self._axes, self._surface.x, self._y
        labels = [x.labels()[place] for place in tick_places(x)]
        is_long = max(map(len, labels)) > 5
        axes.set_xticks(
            [place + 0.5 for place in tick_places(x)],
            labels,
            rotation=45 if is_long else 0,
            ha="right" if is_long else "center",
            rotation_mode="anchor",
            fontsize=10,
        )
        axes.set_yticks(
            [place + 0.5 for place in tick_places(y)],
            [y.labels()[place] for place in tick_places(y)],
            fontsize=10,
        )
        axes.tick_params(length=0)
        axes.set_xlabel(x.path)
        axes.set_ylabel(y.path)
        axes.set_title(in_lines(self._panel.title, 40), loc="left")
        for spine in axes.spines.values():
            spine.set_visible(False)


def _dashes(surface: Surface) -> dict[str, Dashes]:
    """Return how each law's curve is dashed, by its label: the first long, the next short."""
    labels = dict.fromkeys(curve.label for panel in surface.panels for curve in panel.curves)
    return {label: _DASHES[place % len(_DASHES)] for place, label in enumerate(labels)}


def _legend(figure: Figure, surface: Surface) -> None:
    handles = []
    if surface.boundary is not None:
        where = f"boundary: {surface.figure} = {written(surface.name, surface.boundary)}"
        handles.append(Line2D([], [], color=INK, linewidth=3, label=where))
    handles += [
        Line2D([], [], color=VERMILLION, linestyle=dashes, linewidth=2.4, label=label)
        for label, dashes in _dashes(surface).items()
    ]
    if not surface.is_whole:
        label = "measured (elsewhere: the nearest measured value)"
        handles.append(
            Line2D([], [], color=INK, linestyle="", marker="o", markersize=3.4, label=label)
        )
    if any(len(panel.levels) < _places(surface) for panel in surface.panels) and surface.is_whole:
        handles.append(
            Line2D(
                [],
                [],
                color=PALE,
                linestyle="",
                marker="s",
                markerfacecolor="white",
                label="no value",
            )
        )
    if handles:
        figure.legend(handles=handles, loc="outside lower left", ncols=2)


def _places(surface: Surface) -> int:
    return len(surface.x.values) * (1 if surface.y is None else len(surface.y.values))


def _norm(surface: Surface) -> Normalize:
    if FIGURES[surface.name].unit == "share":
        return SymLogNorm(_LINEAR_UP_TO, linscale=0.4, vmin=0, vmax=1, base=10)
    found = [level.mean for panel in surface.panels for level in panel.levels.values()]
    finite = [value for value in found if np.isfinite(value)] or [0.0]
    low, high = min(finite), max(finite)
    if low > 0 and high > _WIDE * low:
        return LogNorm(low, high)
    return Normalize(min(low, 0.0), high or 1.0)


def _edges(levels: Levels, boundary: float) -> Iterator[list[tuple[int, int]]]:
    """Yield the sides of places between neighbours of which one is above ``boundary``."""
    side = np.where(np.isnan(levels), 0, np.where(levels > boundary, 1, -1))
    for y, x in np.argwhere(side[:, 1:] * side[:, :-1] < 0).tolist():
        yield [(x + 1, y), (x + 1, y + 1)]
    for y, x in np.argwhere(side[1:] * side[:-1] < 0).tolist():
        yield [(x, y + 1), (x + 1, y + 1)]


def _nearest(levels: Levels) -> Levels:
    """Return ``levels`` with each gap filled by the nearest level."""
    known = np.argwhere(~np.isnan(levels))
    filled = levels.copy()
    for place in np.argwhere(np.isnan(levels)) if known.size else ():
        nearest = known[np.abs(known - place).sum(axis=1).argmin()]
        filled[tuple(place)] = levels[tuple(nearest)]
    return filled


def _place(scale: Scale, number: float) -> float:
    """Return where ``number`` is among the places of ``scale``."""
    numbers = scale.numbers()
    assert numbers is not None
    if scale.is_logarithmic():
        return float(np.interp(math.log(number), np.log(numbers), range(len(numbers))))
    return float(np.interp(number, numbers, range(len(numbers))))


def _short(figure: str, value: float) -> str:
    match FIGURES[figure].unit:
        case "span":
            return written(figure, value)
        case "number":
            return f"{value:.3g}"
    shown = 100 * value
    if shown == 0:
        return "0"
    return f"{shown:.0f} %" if shown >= 10 else f"{shown:.2g} %"
