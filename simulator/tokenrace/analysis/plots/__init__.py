"""Pictures of what runs meant. The only place that draws; matplotlib is loaded when it does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tokenrace.analysis.summary import Summary
from tokenrace.analysis.surface import Surface
from tokenrace.clock import Ticks
from tokenrace.trace.files import RecordedRun


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultMark:
    """A fault to mark in a plot. ``at`` is in ticks of the scenario's time."""

    at: Ticks
    label: str


def draw_surface(surface: Surface, folder: Path, name: str) -> list[Path]:
    """Draw ``surface`` into ``folder`` as PNG and SVG called ``name``, and return the files.

    Raises:
        ResultsError: a file cannot be written.
    """
    from tokenrace.analysis.plots.drawing import draw_one  # noqa: PLC0415 - as below

    return draw_one(surface, folder, name)


def draw_plots(
    summary: Summary,
    runs: Mapping[str, Sequence[RecordedRun]],
    folder: Path,
    faults: Sequence[FaultMark] = (),
) -> list[Path]:
    """Draw every plot into ``folder``, as PNG and SVG, and return the files.

    ``runs`` has the runs of each strategy of ``summary``, at least one each. The same runs give the
    same SVG bytes, whatever the machine's matplotlib settings.

    Raises:
        ResultsError: a file cannot be written, or a trace cannot be read.
    """
    # Half a second of loading that only a command that draws should pay for.
    from tokenrace.analysis.plots.drawing import draw_all  # noqa: PLC0415

    return draw_all(summary, runs, folder, faults)
