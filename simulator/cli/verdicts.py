"""What the scenario expected, what was measured, and the verdict, below the result table."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from simulator.analysis.summary import Summary
from simulator.analysis.verdicts import SEEDS_NAMED, Word

_STYLES: dict[Word, str] = {"fail": "bold red", "inconclusive": "yellow", "pass": "green"}


def print_verdicts(console: Console, summary: Summary) -> None:
    """Print a row for each expectation, failures first, and what is to be doubted."""
    if summary.verdicts:
        console.print(_table(summary))
        _print_ways_back(console, summary)
    for doubt in summary.doubts:
        console.print(Text(f"INCONCLUSIVE  {doubt}", style="yellow"), soft_wrap=True)


def _print_ways_back(console: Console, summary: Summary) -> None:
    """Print the command that repeats each run that is not as expected, each once."""
    ways: dict[str, None] = {}
    for verdict in summary.verdicts:
        ways |= dict.fromkeys(each.again for each in verdict.broken[:SEEDS_NAMED] if each.again)
    for way in ways:
        console.print(Text(f"broken   {way}"), soft_wrap=True)


def _table(summary: Summary) -> Table:
    table = Table(
        title=f"expected: {summary.verdict}", title_justify="left", title_style="bold", box=None
    )
    for heading in ("verdict", "strategy", "expected", "measured", ""):
        table.add_column(heading)
    order = list(_STYLES)
    for each in sorted(summary.verdicts, key=lambda verdict: order.index(verdict.verdict)):
        word = Text(each.verdict, style=_STYLES[each.verdict])
        table.add_row(word, each.strategy, each.expected, each.measured, each.why)
    return table
