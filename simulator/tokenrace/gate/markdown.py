"""What was found as Markdown, for the summary of a CI job or a comment on a change.

The troubles stand open, what went well is folded away. A file of a thousand failures helps nobody,
and GitHub takes no summary over a mebibyte: ``SHOWN_MAX`` are shown, and the others are counted.
"""

import re
from collections.abc import Iterator

from tokenrace.analysis.verdicts import Word
from tokenrace.gate.findings import CaseChecked, Checked, Finding, troubles
from tokenrace.gate.text import in_full

SHOWN_MAX = 40
_LINES_MAX = 30
_TITLES: dict[Word, str] = {
    "pass": "passed",
    "fail": "failed",
    "inconclusive": "cannot tell",
}
_CELLS: dict[Word, str] = {"pass": "pass", "fail": "**FAIL**", "inconclusive": "*inconclusive*"}


def markdown(checked: Checked) -> str:
    """Return the text."""
    return "\n".join(_lines(checked)) + "\n"


def _lines(checked: Checked) -> Iterator[str]:
    yield f"## tokenrace check {_TITLES[checked.verdict]}"
    yield ""
    yield f"{checked.in_short()}."
    for note in checked.notes:
        yield f"- {_plain(note)}"
    yield ""
    wrong = [(case, finding) for case in checked.cases for finding in troubles(case.findings)]
    wrong.sort(key=lambda each: each[1].verdict != "fail")
    for case, finding in wrong[:SHOWN_MAX]:
        yield from _trouble(case, finding)
    if len(wrong) > SHOWN_MAX:
        yield f"And {len(wrong) - SHOWN_MAX} more."
        yield ""
    for case in checked.cases:
        for note in case.notes:
            yield f"- {_plain(case.title)}: {_plain(note)}"
    if any(case.notes for case in checked.cases):
        yield ""
    yield from _table(checked)
    yield f"Again: `{checked.command}`"


def _trouble(case: CaseChecked, finding: Finding) -> Iterator[str]:
    yield f"### {_CELLS[finding.verdict]} {_plain(case.title)}, {_plain(finding.sentence())}"
    yield ""
    lines = list(in_full(finding, case.file))
    if len(lines) > _LINES_MAX:  # a traceback's last lines say most
        lines = [lines[0], "...", *lines[2 - _LINES_MAX :]]
    ticks = max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, ticks + 1)
    yield f"{fence}text"
    yield from lines
    yield fence
    yield ""


def _table(checked: Checked) -> Iterator[str]:
    yield f"<details><summary>All {len(checked.cases)} scenarios</summary>"
    yield ""
    yield "| scenario | engine | runs | checked | verdict |"
    yield "|---|---|---:|---:|---|"
    for case in checked.cases:
        cells = [
            _plain(case.title),
            case.engine,
            f"{case.runs:,}",
            f"{len(case.findings):,}",
            _CELLS[case.verdict],
        ]
        yield f"| {' | '.join(cells)} |"
    yield ""
    yield "</details>"
    yield ""


def _plain(text: str) -> str:
    """Return ``text`` on one line, with nothing in it that Markdown would take for its own."""
    for mark in "\\`*_{}[]<>|#":
        text = text.replace(mark, f"\\{mark}")
    return " ".join(text.split())
