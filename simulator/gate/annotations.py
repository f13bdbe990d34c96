"""What was found as GitHub annotations: lines of output that mark lines of the scenario files.

GitHub shows ten errors and ten warnings of a step, and passes over the rest, so no more are given:
the summary has all.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from simulator.analysis.verdicts import Word
from simulator.gate.findings import CaseChecked, Checked, Finding, troubles
from simulator.gate.text import in_full

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


def _line(level: str, case: CaseChecked, finding: Finding, root: Path) -> str:
    _, *below = in_full(finding, case.file)
    message = "\n".join([finding.sentence(), *below])
    properties = {
        "file": os.path.relpath(case.file, root),
        "line": str(finding.line),
        "col": str(finding.column),
        "title": f"{case.title}: {finding.verdict}",
    }
    told = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{level} {told}::{_data(message)}"


def _data(text: str) -> str:
    """Escape as GitHub's own toolkit does: a raw line feed would end the annotation."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
