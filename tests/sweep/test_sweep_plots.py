"""The pictures of a sweep: what is drawn where."""

import math

import pytest
from matplotlib.collections import LineCollection

from tokenrace.analysis.plots import draw_surface
from tokenrace.analysis.plots.sweep_lines import lines_figure
from tokenrace.analysis.plots.sweeps import heatmap_figure
from tokenrace.analysis.report.sweep import where_above
from tokenrace.analysis.surface import Curve, Level, Panel, Scale, Surface

X = Scale("fleet.processes", (1, 2, 3))
Y = Scale("provider.live_tokens", (1, 2))
STAIRCASE = {(0, 0): 0.0, (1, 0): 0.5, (2, 0): 0.66, (0, 1): 0.0, (1, 1): 0.0, (2, 1): 0.33}


def exactly(mean):
    return Level(mean, mean, mean, 2)


def a_surface(levels=STAIRCASE, *, x=X, y=Y, is_whole=True, curves=(), **more):
    levels = {place: exactly(mean) for place, mean in levels.items()}
    wanted = {
        "scenario": "small",
        "figure": "rate_401 after 2h",
        "name": "rate_401",
        "seeds": 2,
        "boundary": 0.01,
        "panels": [Panel(title="single_flight", levels=levels, curves=curves)],
    }
    return Surface(x=x, y=y, is_whole=is_whole, **(wanted | more))


def boundary_of(figure):
    (lines,) = [each for each in figure.axes[0].collections if isinstance(each, LineCollection)]
    return {tuple(map(tuple, segment)) for segment in lines.get_segments()}


def legend_of(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


def test_the_boundary_runs_between_places_on_either_side_of_it():
    """Of 401 rates 0 50 66 below and 0 0 33 above: up beside the first, over the second, up."""
    assert boundary_of(heatmap_figure(a_surface())) == {
        ((1, 0), (1, 1)),
        ((1, 1), (2, 1)),
        ((2, 1), (2, 2)),
    }


def test_every_place_has_its_number_and_the_title_says_what_it_is():
    """So that colour does not stand alone."""
    figure = heatmap_figure(a_surface())
    said = {text.get_text() for text in figure.axes[0].texts}

    assert said == {"0", "50 %", "66 %", "33 %"}
    title = "rate_401 after 2h over fleet.processes and provider.live_tokens, small"
    assert title in figure.get_suptitle().replace("\n", " ")
    assert legend_of(figure) == ["boundary: rate_401 after 2h = 1 %"]


def test_all_panels_have_one_colour_scale():
    """Else the eye compares what cannot be compared."""
    low = Panel(title="low", levels={(0, 0): exactly(0.001)})
    high = Panel(title="high", levels={(0, 0): exactly(0.9)})
    figure = heatmap_figure(a_surface(panels=[low, high]))

    norms = [axes.collections[0].norm for axes in figure.axes[:2]]
    assert norms[0] is norms[1]
    assert (norms[0].vmin, norms[0].vmax) == (0, 1)


def test_a_place_that_was_not_measured_shows_its_nearest_neighbour_and_is_told_apart():
    """Measured places have a dot."""
    wide = Scale("fleet.processes", tuple(range(1, 21)))
    figure = heatmap_figure(a_surface({(0, 0): 0.0, (19, 0): 0.5}, x=wide, is_whole=False))

    dots = next(line for line in figure.axes[0].lines if line.get_marker() == "o")
    assert sorted(dots.get_xdata()) == [0.5, 19.5]
    assert boundary_of(figure) == {((10, 0), (10, 1)), ((10, 1), (10, 2))}
    assert "measured (elsewhere: the nearest measured value)" in legend_of(figure)


def test_a_law_goes_through_the_places_of_its_values():
    """From 1 to 2 on both fields: from the middle of the first place to that of the second."""
    figure = heatmap_figure(a_surface(curves=[Curve("holder rule", ((1.0, 1.0), (2.0, 2.0)))]))
    (line,) = figure.axes[0].lines

    assert list(line.get_xdata()) == list(line.get_ydata()) == [0.5, 1.5]
    assert legend_of(figure)[1] == "holder rule"


def test_a_law_over_logarithmic_values_is_straight_where_it_is_a_power():
    """10 s lies in the middle between 1 s and 100 s."""
    x = Scale("network.token", ("1s", "10s", "1m 40s"))
    y = Scale("network.api", ("1s", "1m 40s", "2h 46m 40s"))
    surface = a_surface({(0, 0): 0.0}, x=x, y=y, curves=[Curve("law", ((1e6, 1e6), (1e8, 1e8)))])
    (line,) = heatmap_figure(surface).axes[0].lines

    assert list(line.get_xdata()) == [0.5, 2.5]
    assert list(line.get_ydata()) == [0.5, 1.5]


def test_lines_have_intervals_and_stand_at_the_numbers_of_their_values():
    """One line for each strategy, over a field of whole numbers."""
    levels = {(0, 0): Level(0.1, 0.05, 0.15, 5), (2, 0): Level(0.3, 0.3, 0.3, 5)}
    panels = [Panel(title=name, levels=levels) for name in ("a", "b")]
    figure = lines_figure(a_surface(y=None, panels=panels))
    first, second = figure.axes[0].containers

    assert list(first.lines[0].get_xdata()) == [1, 3]
    assert [bar.get_segments()[0].tolist() for bar in first.lines[2]] == [[[1, 0.05], [1, 0.15]]]
    assert first.lines[0].get_marker() != second.lines[0].get_marker()
    assert figure.axes[0].get_xscale() == "linear"


@pytest.mark.parametrize(
    ("values", "labels", "numbers", "is_logarithmic"),
    [
        ((1, 2, 3), ["1", "2", "3"], (1, 2, 3), False),
        ((1, 10, 100), ["1", "10", "100"], (1, 10, 100), True),
        (("1s", "1s 540ms", "2m"), ["1s", "1.54s", "2m"], (1e6, 1.54e6, 120e6), True),
        (("1%", "2%"), ["1%", "2%"], (0.01, 0.02), False),
        (("10/s", "20/s"), ["10/s", "20/s"], (10, 20), False),
        ((1, 2, "none"), ["1", "2", "none"], None, False),
        ((3, 2, 1), ["3", "2", "1"], None, False),
        ((True, False), ["True", "False"], None, False),
    ],
)
def test_values_are_numbers_where_they_can_be(values, labels, numbers, is_logarithmic):
    """Rising ones only: an axis cannot show others at their places."""
    scale = Scale("some.field", values)

    assert scale.labels() == labels
    assert scale.numbers() == (None if numbers is None else pytest.approx(numbers))
    assert scale.is_logarithmic() == is_logarithmic


@pytest.mark.parametrize(
    ("levels", "words"),
    [
        ({}, "not measured"),
        ({(0, 0): 0.0, (1, 0): 0.0}, "nowhere"),
        ({(0, 0): 0.5, (1, 0): 0.5}, "everywhere"),
        ({(0, 0): 0.0, (1, 0): 0.5, (2, 0): 0.5}, "from 2"),
        ({(0, 0): 0.5, (1, 0): 0.5, (2, 0): 0.0}, "up to 2"),
        ({(0, 0): 0.5, (1, 0): 0.0, (2, 0): 0.5}, "at 1, 3"),
        ({(0, 0): 0.01, (2, 0): 0.5}, "from 3"),
    ],
)
def test_the_page_says_in_words_where_a_strategy_is_above_the_boundary(levels, words):
    """Of the values that were measured; at the boundary is not above it."""
    surface = a_surface(levels)

    assert where_above(surface, surface.panels[0], 0) == words


def test_a_surface_is_drawn_whatever_it_lacks(tmp_path):
    """No level at all, an endless recovery, words for values: a picture."""
    words = Scale("provider.profile", ("zoom-2022", "zoom-2023"))
    surfaces = {
        "empty": a_surface({}),
        "never": a_surface({(0, 0): math.inf, (1, 0): 5e6}, figure="recovery", name="recovery"),
        "words": a_surface({(0, 0): 3.0}, x=words, y=None, figure="live_peak", name="live_peak"),
    }
    for name, surface in surfaces.items():
        png, svg = draw_surface(surface, tmp_path, name)
        assert png.stat().st_size > 1_000
        assert svg.stat().st_size > 1_000


def test_the_same_surface_gives_the_same_bytes(tmp_path):
    """No date, no chance in them."""
    first, again = (draw_surface(a_surface(), tmp_path, name) for name in ("first", "again"))

    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in again]
