"""The table of contents of the reference runs, which a forge shows where somebody opens them."""

import re
from collections.abc import Iterator
from itertools import groupby

from tests.reference.making import PICTURE, kept_of
from tests.reference.places import RESULTS, place_of, scenario_files, theme_of
from tokenrace.analysis.report.page import REPORT
from tokenrace.analysis.summary import Summary, read_summary
from tokenrace.analysis.wording import percent

_HEAD = """\
# Reference runs

What every scenario of [scenarios/](../scenarios/README.md) comes to: a folder each, by theme, with
`summary.json`, a picture and, of some, the whole `report.html`. All on virtual time, where the same
seed gives the same run, so that a figure that differs tells of a change. `make results` makes them
and this page; a test fails where one no longer tells what the code gives. A forge shows the source
of a report: open it from a checkout.

Left out are traces, the other reports and plots, which `tokenrace run scenarios/NAME.yaml` makes,
and the [sweeps](../docs/sweeps.md), which `tokenrace sweep scenarios/sweeps/NAME.yaml` makes.
Both commands and `make demo` write to `results/NAME/`, one folder less deep, which git ignores:
what you run yourself changes no file here.

The rates are of API responses that were 401, the mean of the seeds.
"""
_LABEL = re.compile(r"^(Failure mode|Explanation)s? [^.:]+[.:] ")


def index() -> str:
    """Return the page, made of the summaries that are there."""
    return "\n".join([_HEAD, *_themes()])


def _themes() -> Iterator[str]:
    for theme, files in groupby(scenario_files(), theme_of):
        yield f"## {theme}\n"
        yield "| scenario | what happens | 401 rates | expected |"
        yield "|---|---|---|---|"
        for file in files:
            place = place_of(file)
            summary = read_summary(place / "summary.json")
            folder = place.relative_to(RESULTS).as_posix()
            name = f"[{summary.scenario}]({folder}/{PICTURE})"
            report = f" ([report]({folder}/{REPORT}))" if REPORT in kept_of(file) else ""
            cells = (name + report, _first_sentence(summary), _rates(summary), _verdict(summary))
            yield f"| {' | '.join(cells)} |"
        yield ""


def _first_sentence(summary: Summary) -> str:
    text = _LABEL.sub("", " ".join(summary.description.split()))
    first = text.partition(". ")[0].rstrip(".")
    return first[0].upper() + first[1:]


def _rates(summary: Summary) -> str:
    return ", ".join(
        f"{name} {'none counted' if of.rate_401 is None else percent(of.rate_401.mean)}"
        for name, of in summary.strategies.items()
    )


def _verdict(summary: Summary) -> str:
    return summary.verdict if summary.verdicts or summary.doubts else "nothing"
