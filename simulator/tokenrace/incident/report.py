"""The report of the incident: one page and one document, of the same findings."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tokenrace.analysis.report.page import REPORT, page, write_page
from tokenrace.errors import ResultsError
from tokenrace.files.whole_file import write_whole
from tokenrace.incident.evidence import Evidence
from tokenrace.incident.explanations import OBSERVATIONS, WORDS, Explanation, Observation
from tokenrace.incident.questions import Answer
from tokenrace.incident.table import Cell

SCHEMA = 1
DOCUMENT = "incident.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What the runs say of one explanation; their own report is in the folder ``stem``."""

    explanation: Explanation
    cells: Mapping[Observation, Cell]
    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """All that the command found."""

    version: str
    command: str
    seeds: Sequence[int]
    columns: Sequence[Finding]
    answers: Sequence[Answer]


def contradictions(findings: Findings) -> Iterator[str]:
    """Yield a sentence for each cell in which the runs say the opposite of what was expected."""
    for column in findings.columns:
        for observation, cell in column.cells.items():
            if cell.contradicts:
                hoped = "reproduced" if cell.expected else "not reproduced"
                yield (
                    f"{column.explanation.letter}, {WORDS[observation]}: expected {hoped}, the "
                    f"runs say {cell.outcome} ({cell.figure}); the runs win"
                )


def write_report(folder: Path, findings: Findings) -> None:
    """Write the page and the document into ``folder``.

    Raises:
        ResultsError: they cannot be written.
    """
    html = page(
        "incident.html",
        findings=findings,
        observations=[(each, WORDS[each]) for each in OBSERVATIONS],
        contradictions=list(contradictions(findings)),
    )
    write_page(folder / REPORT, html)
    path = folder / DOCUMENT
    try:
        write_whole(path, _document(findings))
    except OSError as error:
        raise ResultsError(f"{path}: cannot be written: {error.strerror}") from None


def _document(findings: Findings) -> str:
    explanations = {
        column.explanation.letter: {
            "title": column.explanation.title,
            "scenario": column.explanation.stem,
            "observations": {name: asdict(cell) for name, cell in column.cells.items()},
            "evidence": asdict(column.evidence),
        }
        for column in findings.columns
    }
    document = {
        "schema": SCHEMA,
        "version": findings.version,
        "command": findings.command,
        "seeds": list(findings.seeds),
        "explanations": explanations,
        "questions": [asdict(answer) for answer in findings.answers],
        "contradictions": list(contradictions(findings)),
    }
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
