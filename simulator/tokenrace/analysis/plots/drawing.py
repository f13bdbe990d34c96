"""Which plots there are, and how they become files."""

import re
from collections.abc import Mapping, Sequence
from io import BytesIO, StringIO
from pathlib import Path

from matplotlib.figure import Figure

from tokenrace.analysis.plots import FaultMark
from tokenrace.analysis.plots.failures import failures_figure, strategies_told
from tokenrace.analysis.plots.latency import latency_figure
from tokenrace.analysis.plots.lifelines import lifelines_figure
from tokenrace.analysis.plots.look import our_look, title
from tokenrace.analysis.plots.over_time import over_time_figure
from tokenrace.analysis.plots.rates import rates_figure
from tokenrace.analysis.plots.sweep_lines import lines_figure
from tokenrace.analysis.plots.sweeps import heatmap_figure
from tokenrace.analysis.summary import Summary, scale_in_short
from tokenrace.analysis.surface import Surface
from tokenrace.errors import ResultsError
from tokenrace.files.whole_file import write_whole
from tokenrace.trace.files import RecordedRun

_DOTS_PER_INCH = 150


def draw_all(
    summary: Summary,
    runs: Mapping[str, Sequence[RecordedRun]],
    folder: Path,
    faults: Sequence[FaultMark],
) -> list[Path]:
    """Draw each plot, as ``draw_plots`` promises."""
    with our_look():
        figures = {
            "rate-401": rates_figure(summary),
            "rate-401-over-time": over_time_figure(summary, runs, faults),
            **_failures(summary, runs, faults),
            "token-lifelines": lifelines_figure(summary, runs),
            "latency": latency_figure(summary, runs),
        }
        for figure in figures.values():
            _tell_scale(figure, summary)
        return [path for name, figure in figures.items() for path in _saved(figure, folder, name)]


def _tell_scale(figure: Figure, summary: Summary) -> None:
    """Say below the title of ``figure`` that its runs were scaled, and what is true."""
    told = scale_in_short(summary)
    if told:
        note = title(f"({told})", figure.get_figwidth())
        figure.suptitle(f"{figure.get_suptitle()}\n{note}", x=0.01, ha="left")


def _failures(
    summary: Summary, runs: Mapping[str, Sequence[RecordedRun]], faults: Sequence[FaultMark]
) -> Mapping[str, Figure]:
    """Return the plot of why operations failed, where that was not for 401s alone."""
    if not strategies_told(summary):
        return {}
    return {"failures-over-time": failures_figure(summary, runs, faults)}


def draw_one(surface: Surface, folder: Path, name: str) -> list[Path]:
    """Draw a sweep, as ``draw_surface`` promises."""
    with our_look():
        figure = lines_figure(surface) if surface.y is None else heatmap_figure(surface)
        return _saved(figure, folder, name)


_FINE = re.compile(r"(?<![\w.#])(-?[1-9]\d*\.\d\d)\d+")
_HASHED = re.compile(r"(?<=[#\"])([a-z])[0-9a-f]{10}(?=[\")])")


def _lean(svg: str) -> str:
    """Return ``svg`` without indentation, and to a hundredth of a point: a sixth less.

    What is below 1 stays as it is: it may be a scale. Names that are hashes become numbers: of
    clips they are hashes of a layout's last bits, which differ between equal runs.
    """
    numbers: dict[str, str] = {}

    def numbered(name: re.Match[str]) -> str:
        return numbers.setdefault(name[0], f"{name[1]}{len(numbers) + 1}")

    return re.sub(r"\n +", "\n", _HASHED.sub(numbered, _FINE.sub(r"\1", svg)))


def _saved(figure: Figure, folder: Path, name: str) -> list[Path]:
    png, svg = folder / f"{name}.png", folder / f"{name}.svg"
    try:
        drawn = BytesIO()
        figure.savefig(drawn, format="png", dpi=_DOTS_PER_INCH, metadata={"Software": None})
        write_whole(png, drawn.getvalue())
        # A date or a version in the file would make equal runs differ.
        written = StringIO()
        told = {"Date": None, "Creator": "tokenrace"}
        figure.savefig(written, format="svg", metadata=told)
        write_whole(svg, _lean(written.getvalue()))
    except OSError as error:
        raise ResultsError(f"{folder}: cannot write the plot {name}: {error.strerror}") from None
    return [png, svg]
