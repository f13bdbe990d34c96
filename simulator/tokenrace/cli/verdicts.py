"""What the scenario expected, what was measured, and the verdict, below the result table."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tokenrace.analysis.summary import Summary
from tokenrace.analysis.verdicts import SEEDS_NAMED, Verdict, Word
from tokenrace.cli.fitting_table import natural_width

_STYLES: dict[Word, str] = {"fail": "bold red", "inconclusive": "yellow", "pass": "green"}


def print_verdicts(console: Console, summary: Summary) -> None:
    """Print a row for each expectation, failures first, and what is to be doubted."""
    if summary.verdicts:
        _print_expectations(console, summary)
        _print_ways_back(console, summary)
    for doubt in summary.doubts:
        console.print(Text(f"INCONCLUSIVE  {doubt}", style="yellow"), soft_wrap=True)


def _print_expectations(console: Console, summary: Summary) -> None:
    """Print them as a table, or in lines where the table is wider than the console."""
    table = _table(summary)
    if natural_width(console, table) <= console.width:
        console.print(table)
        return
    console.print(Text(f"expected: {summary.verdict}", style="bold"))
    for each in _worst_first(summary):
        line = Text(f"{each.verdict:<12} ", style=_STYLES[each.verdict])
        line.append(f"{each.strategy}: {each.expected}", style="default")
        measured = ", ".join(part for part in (each.measured, each.why) if part)
        line.append(f"; {measured}" if measured else "", style="default")
        console.print(line, soft_wrap=True, highlight=False)


def _worst_first(summary: Summary) -> list[Verdict]:
    order = list(_STYLES)
    return sorted(summary.verdicts, key=lambda verdict: order.index(verdict.verdict))


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
    for each in _worst_first(summary):
        word = Text(each.verdict, style=_STYLES[each.verdict])
        table.add_row(word, each.strategy, each.expected, each.measured, each.why)
    return table
