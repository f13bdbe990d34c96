"""What was found as JSON, for programs.

Keys may be added within a schema number, never renamed or removed. ``verdict`` stands beside what
it is the worst of.
"""

import json
from dataclasses import asdict

from tokenrace.gate.findings import CaseChecked, Checked, Finding
from tokenrace.trace.json_lines import event_values

SCHEMA = 1


def json_text(checked: Checked) -> str:
    """Return the document, a line feed at its end."""
    values = asdict(checked) | {
        "schema": SCHEMA,
        "verdict": checked.verdict,
        "cases": [_case(case) for case in checked.cases],
    }
    first = {"schema": SCHEMA, "verdict": checked.verdict}
    return json.dumps(first | values, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _case(case: CaseChecked) -> dict[str, object]:
    findings = [_finding(finding) for finding in case.findings]
    return asdict(case) | {"verdict": case.verdict, "findings": findings}


def _finding(finding: Finding) -> dict[str, object]:
    """Return a finding; the events of its chain are as a trace has them."""
    values = asdict(finding)
    if finding.way_back is not None:
        chain = [event_values(event) for event in finding.way_back.chain]
        values["way_back"] = asdict(finding.way_back) | {"chain": chain}
    return values
