"""The page of a sweep: its picture, and in words where each strategy falls over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tokenrace.analysis.report.page import data_url, page
from tokenrace.analysis.surface import Panel, Surface
from tokenrace.scenario.expectations import written

ROWS_MAX = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the page says beside the picture. ``failed`` are the runs that failed, in words."""

    description: str
    runs: int
    whole_grid: int
    command: str
    table: str
    failed: Sequence[str]


def sweep_page(surface: Surface, picture: Path, told: Told) -> str:
    """Return the page on ``surface``; ``picture`` is its SVG.

    Raises:
        ResultsError: the picture cannot be read.
    """
    return page(
        "sweep.html",
        surface=surface,
        told=told,
        image=data_url(picture),
        boundary=boundary_text(surface),
        rows=boundary_rows(surface),
    )


def boundary_text(surface: Surface) -> str:
    """Return the boundary as a scenario says it; nothing where there is none."""
    if surface.boundary is None:
        return ""
    return f"{surface.figure} = {written(surface.name, surface.boundary)}"


def boundary_rows(surface: Surface) -> list[tuple[str, Mapping[str, str]]]:
    """Return for each value of the second field where each panel is above the boundary."""
    if surface.boundary is None:
        return []
    values = [""] if surface.y is None else surface.y.labels()
    return [
        (label, {panel.title: where_above(surface, panel, y) for panel in surface.panels})
        for y, label in list(enumerate(values))[:ROWS_MAX]
    ]


def where_above(surface: Surface, panel: Panel, y: int) -> str:
    """Return at which values of the first field ``panel`` is above the boundary, and at which
    others some seed is while the mean is not."""
    told = _where_mean_is(surface, panel, y)
    labels = surface.x.labels()
    assert surface.boundary is not None
    hidden = [
        labels[x]
        for x in range(len(surface.x.values))
        if (level := panel.levels.get((x, y))) is not None
        and level.mean <= surface.boundary < level.highest
    ]
    return f"{told}; some seed at {', '.join(hidden)}" if hidden else told


def _where_mean_is(surface: Surface, panel: Panel, y: int) -> str:
    assert surface.boundary is not None
    found = [
        (x, panel.levels[x, y].mean > surface.boundary)
        for x in range(len(surface.x.values))
        if (x, y) in panel.levels
    ]
    if not found:
        return "not measured"
    above = [x for x, is_above in found if is_above]
    labels = surface.x.labels()
    if not above:
        return "nowhere"
    if len(above) == len(found):
        return "everywhere"
    if [x for x, _ in found][-len(above) :] == above:
        return f"from {labels[above[0]]}"
    if [x for x, _ in found][: len(above)] == above:
        return f"up to {labels[above[-1]]}"
    return f"at {', '.join(labels[x] for x in above)}"
