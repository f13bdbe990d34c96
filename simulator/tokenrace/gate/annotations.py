"""What was found as GitHub annotations: lines of output that mark lines of the scenario files.

GitHub shows ten errors and ten warnings of a step, and passes over the rest, so no more are given:
the summary has all.
"""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from tokenrace.analysis.verdicts import Word
from tokenrace.errors import ScenarioError
from tokenrace.gate.cases import BadInput
from tokenrace.gate.findings import CaseChecked, Checked, Finding, troubles
from tokenrace.gate.text import in_full

SHOWN_MAX = 10
_LEVELS: dict[Word, str] = {"fail": "error", "inconclusive": "warning"}


def annotations(checked: Checked, root: Path) -> Iterator[str]:
    """Yield a line for each trouble; files are named from ``root``, the folder of the checkout."""
    for word, level in _LEVELS.items():
        found = [
            (case, finding)
            for case in checked.cases
            for finding in troubles(case.findings)
            if finding.verdict == word
        ]
        for case, finding in found[:SHOWN_MAX]:
            yield _line(level, case, finding, root)


def annotations_of_wrong_input(wrong: BadInput, root: Path) -> Iterator[str]:
    """Yield an error for each problem; one that is of no scenario marks no line."""
    found = [line for problem in wrong.problems for line in _errors(problem, root)]
    yield from found[:SHOWN_MAX]


def _errors(problem: str | ScenarioError, root: Path) -> Iterator[str]:
    if isinstance(problem, str):
        yield _annotation("error", {"title": "wrong input"}, problem)
        return
    for each in problem.problems:
        place = {"line": str(each.line), "col": str(each.column)} if each.line else {}
        properties = {"file": os.path.relpath(problem.path, root), **place, "title": "wrong input"}
        key = f"{each.key}: " if each.key else ""
        yield _annotation("error", properties, f"{key}{each.message}")


def _line(level: str, case: CaseChecked, finding: Finding, root: Path) -> str:
    _, *below = in_full(finding, case.file)
    message = "\n".join([finding.sentence(), *below])
    properties = {
        **_place(case, finding, root),
        "title": f"{case.title}: {finding.verdict}",
    }
    return _annotation(level, properties, message)


def _place(case: CaseChecked, finding: Finding, root: Path) -> dict[str, str]:
    """Return the place to mark: of the scenario, or of the class that a suite has on trial."""
    if case.story is None:
        place = {"line": str(finding.line), "col": str(finding.column)}
        return {"file": os.path.relpath(case.file, root), **place}
    if not case.story.source:
        return {}
    return {"file": os.path.relpath(case.story.source, root), "line": str(case.story.line)}


def _annotation(level: str, properties: Mapping[str, str], message: str) -> str:
    told = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{level} {told}::{_data(message)}"


def _data(text: str) -> str:
    """Escape as GitHub's own toolkit does: a raw line feed would end the annotation."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
