"""The report of a run: one HTML file with everything in it, which needs no script and no network.

It is made of ``summary.json`` and the plots beside it, so that it can be made again without the
traces. Pictures are embedded as they are; each has its sentence as its alternative text.
"""

import base64
import re
import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from os.path import realpath
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, TemplateError
from markupsafe import Markup

from tokenrace.analysis.blame_svg import svg_of
from tokenrace.analysis.blames import Blamed
from tokenrace.analysis.failure_words import failures_in_words
from tokenrace.analysis.figures import StrategyFigures
from tokenrace.analysis.intervals import Estimate
from tokenrace.analysis.scale_note import misleading
from tokenrace.analysis.spread import findings_of
from tokenrace.analysis.summary import Summary, read_summary, scale_in_short
from tokenrace.analysis.wording import instant_text, percent, plain, several, span_text, unbroken
from tokenrace.clock import ticks
from tokenrace.errors import ResultsError
from tokenrace.fields.quoting import shown
from tokenrace.files.whole_file import write_whole
from tokenrace.replay_command import replay_command

_PICTURE_NAME = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*")
SUMMARY = "summary.json"
REPORT = "report.html"
"""The report's name in a folder of results."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """A folder of results, read: its summary, and its pictures as data URLs by their names."""

    folder: Path
    summary: Summary
    images: dict[str, str]


def read_results(folder: Path) -> Results:
    """Return what is in ``folder``. A picture whose file is missing is left out.

    Raises:
        ResultsError: there is no summary in it, or a file cannot be read.
    """
    summary = read_summary(folder / SUMMARY)
    files = {picture.name: _picture(folder, picture.name) for picture in summary.pictures}
    images = {name: data_url(path) for name, path in files.items() if path is not None}
    return Results(folder=folder, summary=summary, images=images)


def _picture(folder: Path, name: str) -> Path | None:
    """Return where the picture called ``name`` is in ``folder``; None where it is not.

    What a summary names may be anything: a file elsewhere is never read for it.

    Raises:
        ResultsError: it is not a picture in the folder.
    """
    path = folder / f"{name}.svg"
    if len(name) > 64 or not _PICTURE_NAME.fullmatch(name) or not _is_in(folder, path):
        raise ResultsError(f"{folder}: {shown(name)} is not a picture in this folder")
    return path if path.is_file() else None


def _is_in(folder: Path, path: Path) -> bool:
    return Path(realpath(path)).parent == Path(realpath(folder))  # resolve() raises at a loop


@contextmanager
def drawn_from_files(*results: Results) -> Iterator[None]:
    """Make a page in the block, of ``results`` that were read: whoever changed them may have
    written values of the right kinds that do not go together.

    Raises:
        ResultsError: they do not.
    """
    try:
        yield
    except (ArithmeticError, LookupError, TypeError, ValueError, TemplateError) as odd:
        files = " or ".join(str(each.folder / SUMMARY) for each in results)
        raise ResultsError(f"{files}: damaged: its values contradict each other: {odd}") from None


def report_on(results: Results) -> str:
    """Return the page on one folder of results."""
    return page("report.html", summary=results.summary, images=results.images)


def write_page(path: Path, html: str) -> None:
    """Write ``html`` to ``path``.

    Raises:
        ResultsError: the file cannot be written.
    """
    try:
        write_whole(path, html)
    except OSError as error:
        raise ResultsError(f"{path}: cannot be written: {error.strerror}") from None


def page(template: str, **values: Any) -> str:
    """Return the page that ``template`` makes of ``values``."""
    return _templates().get_template(template).render(values)


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=PackageLoader("tokenrace.analysis.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "rate": _rate,
        "interval": _interval,
        "unknown": _unknown,
        "causes": _causes,
        "outages": _outages,
        "findings": lambda figures, name: list(findings_of(name, figures)),
        "failures": _failures,
        "replay": _replay,
        "drawn": _drawn,
        "instant": lambda seconds: instant_text(ticks(seconds)),
        "misleading": _misleading,
        "in_short": scale_in_short,
        "scaled_effect": lambda note: note.effect[:1].upper() + note.effect[1:],
        "plain": plain,
        "unbroken": unbroken,
        "span": lambda seconds: span_text(ticks(seconds)),
    }
    environment.globals["several"] = several
    return environment


def _drawn(blamed: Blamed, name: str) -> Markup:
    return Markup(svg_of(blamed.diagram, name))  # noqa: S704 - every text in it is escaped there


def _rate(estimate: Estimate | None) -> str:
    return "none counted" if estimate is None else percent(estimate.mean)


def _interval(estimate: Estimate | None) -> str:
    if estimate is None:
        return ""
    return f"{percent(estimate.low).removesuffix(' %')} to {percent(estimate.high)}"


def _misleading(summary: Summary) -> Sequence[str]:
    return () if summary.scale is None else misleading(summary.scale, summary.strategies)


def _unknown(figures: StrategyFigures) -> str:
    unknown = figures.operations_by_outcome["unknown"]
    return percent(unknown / figures.operations) if figures.operations else "none counted"


def _causes(figures: StrategyFigures) -> str:
    causes = [f"{cause} {count:,}" for cause, count in figures.causes.items() if count]
    return ", ".join(causes) or "none"


def _outages(figures: StrategyFigures) -> str:
    return "not looked for" if figures.outages is None else figures.outages.in_short()


def _failures(figures: StrategyFigures) -> str:
    return failures_in_words(figures.failures) or "none"


def _replay(summary: Summary, strategy: str) -> str:
    """Return the command that shows the first run of ``strategy``; the file is in the summary's."""
    file = shlex.split(summary.command)[2]
    return replay_command(file, strategy, summary.seeds[0])


def data_url(path: Path) -> str:
    """Return the SVG at ``path`` as a data URL.

    Raises:
        ResultsError: it cannot be read.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ResultsError(f"{path}: cannot read the picture: {error.strerror}") from None
    return f"data:image/svg+xml;base64,{base64.b64encode(content).decode()}"
