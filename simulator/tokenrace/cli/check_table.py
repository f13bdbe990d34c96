"""What a check found, on a terminal: a line for each scenario, its troubles in full below."""

from rich.console import Console
from rich.text import Text

from tokenrace.analysis.verdicts import Word
from tokenrace.gate.findings import CaseChecked, Checked, Finding, count, troubles
from tokenrace.gate.text import in_full

_STYLES: dict[Word, str] = {"fail": "bold red", "inconclusive": "yellow", "pass": "green"}
_WIDTH = max(map(len, _STYLES))


def print_checked(console: Console, checked: Checked) -> None:
    """Print what was found, the verdict on all of it last."""
    title_width = max((len(case.title) for case in checked.cases), default=0)
    for case in checked.cases:
        _print_case(console, case, title_width)
    for note in checked.notes:
        _print(console, Text(f"note  {note}"))
    line = Text()
    line.append(checked.verdict, _STYLES[checked.verdict])
    line.append(f"  {checked.in_short()}")
    _print(console, line)
    _print(console, Text(f"again  {checked.command}"))


def _print_case(console: Console, case: CaseChecked, title_width: int) -> None:
    line = Text()
    line.append(f"{case.verdict:<{_WIDTH}}", _STYLES[case.verdict])
    engine = " on the wire" if case.engine == "wire" else ""
    runs = f"{count(case.runs, 'run')}{engine}, {len(case.findings)} checked"
    runs += "" if case.story is None else f": {case.story.promised}"
    line.append(f"  {case.title:<{title_width}}  {runs}")
    _print(console, line)
    for finding in troubles(case.findings):
        _print_trouble(console, case, finding)
    for note in case.notes:
        _print(console, Text(f"  note  {note}"))


def _print_trouble(console: Console, case: CaseChecked, finding: Finding) -> None:
    line = Text("  ")
    line.append(finding.verdict, _STYLES[finding.verdict])
    line.append(f"  {finding.sentence()}")
    _print(console, line)
    for below in in_full(finding, case.file):
        _print(console, Text(f"    {below}"))


def _print(console: Console, line: Text) -> None:
    console.print(line, soft_wrap=True, highlight=False)
