"""What was found as JUnit XML: a suite for each scenario, a case for each thing that was checked.

A finding that is inconclusive is an ``error``, not ``skipped``: JUnit means by an error that a test
could not say, GitLab and Jenkins show errors among what went wrong, and a job that ends with exit
code 3 must not have a report in which all is well. Written after the schema of Ant's JUnit task,
which is the strictest around; readers that want less take it too.
"""

import re
from collections import Counter
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

from tokenrace.gate.findings import CaseChecked, Checked, Finding
from tokenrace.gate.text import in_full

_FORBIDDEN = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, not even escaped."""
_TAGS = {"fail": "failure", "inconclusive": "error"}


def junit_xml(checked: Checked) -> bytes:
    """Return the document."""
    root = ET.Element("testsuites")
    for number, case in enumerate(checked.cases):
        root.append(_suite(case, number, checked))
    ET.indent(root)
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _suite(case: CaseChecked, number: int, checked: Checked) -> ET.Element:
    words = Counter(finding.verdict for finding in case.findings)
    suite = ET.Element(
        "testsuite",
        {
            "name": case.title,
            "package": "tokenrace",
            "id": str(number),
            "timestamp": datetime.fromtimestamp(checked.began_at, UTC).strftime(
                "%Y-%m-%dT%H:%M:%S"
            ),
            "hostname": "localhost",
            "tests": str(len(case.findings)),
            "failures": str(words["fail"]),
            "errors": str(words["inconclusive"]),
            "time": f"{case.took_s:.3f}",
        },
    )
    properties = ET.SubElement(suite, "properties")
    facts = {"file": case.file, "engine": case.engine, "tokenrace": checked.version}
    for name, value in facts.items():
        ET.SubElement(properties, "property", {"name": name, "value": _allowed(value)})
    for finding in case.findings:
        suite.append(_case(case, finding))
    ET.SubElement(suite, "system-out").text = _allowed("\n".join(case.notes))
    ET.SubElement(suite, "system-err")
    return suite


def _case(case: CaseChecked, finding: Finding) -> ET.Element:
    element = ET.Element(
        "testcase",
        {
            "name": _allowed(f"{finding.strategy}: {finding.what}"),
            "classname": f"tokenrace.{case.title}",
            "time": f"{finding.took_s:.3f}",
        },
    )
    if finding.verdict != "pass":
        trouble = ET.SubElement(
            element,
            _TAGS[finding.verdict],
            {"message": _allowed(finding.sentence()), "type": finding.verdict},
        )
        trouble.text = _allowed("\n".join([finding.sentence(), *in_full(finding, case.file)]))
    return element


def _allowed(text: str) -> str:
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)
