"""A table of strategies' figures that fits its console: what is too wide is told below, whole.

No word is ever cut. First the cells are stacked, then columns leave the table one by one and become
lines under it, and only a name that is wider than the console alone is folded.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table
from rich.text import Text

_WIDE = 10_000
_NOTHING = ("none", "-", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class FittingTable:
    """One row for each strategy, first its name, then a cell under each of ``headings``.

    In a cell ``\\n`` stands where it may be broken if it must. ``caption`` explains headings:
    pairs of a heading, or "" for what is always said, and the words. Columns leave in the order of
    ``leaving``; those of ``told_elsewhere`` without a line below.
    """

    title: str
    caption: Sequence[tuple[str, str]]
    headings: Sequence[str]
    rows: Mapping[str, Sequence[str]]
    leaving: Sequence[str]
    told_elsewhere: frozenset[str] = frozenset()

    def print(self, console: Console) -> None:
        """Print the widest form that fits ``console``."""
        gone: frozenset[str] = frozenset()
        table = self._table(gone, stacked=False)
        for gone, stacked in self._forms():
            table = self._table(gone, stacked=stacked)
            if natural_width(console, table) <= console.width:
                break
        console.print(table)
        for heading in self.headings:
            if heading in gone - self.told_elsewhere:
                self._print_below(console, heading)

    def _forms(self) -> Iterator[tuple[frozenset[str], bool]]:
        """Yield which columns leave and whether cells are stacked, the widest form first."""
        leaving = [heading for heading in self.leaving if heading in self.headings]
        yield frozenset(), False
        for count in range(len(leaving) + 1):
            yield frozenset(leaving[:count]), True

    def _table(self, gone: frozenset[str], *, stacked: bool) -> Table:
        told = {"", *self.headings} - (gone & self.told_elsewhere)
        said = (words for of, words in self.caption if of in told)
        table = Table(
            title=self.title,
            caption="; ".join(said),
            title_justify="left",
            caption_justify="left",
            title_style="bold",
        )
        table.add_column("strategy", overflow="fold")
        for heading in self.headings:
            if heading not in gone:
                is_last = heading == self.headings[-1]
                table.add_column(heading, justify="left" if is_last else "right", overflow="fold")
        for name, cells in self.rows.items():
            shown = (
                cell if stacked else _in_one_line(cell)
                for heading, cell in zip(self.headings, cells, strict=True)
                if heading not in gone
            )
            table.add_row(name, *shown)
        return table

    def _print_below(self, console: Console, heading: str) -> None:
        place = list(self.headings).index(heading)
        for name, cells in self.rows.items():
            if cells[place] not in _NOTHING:
                line = f"{heading}  {name}: {_in_one_line(cells[place])}"
                console.print(Text(line), soft_wrap=True, highlight=False)


def _in_one_line(cell: str) -> str:
    return cell.replace("\n", " ")


def natural_width(console: Console, table: Table) -> int:
    """Return how wide ``table`` is where nothing of it is folded."""
    return console.measure(table, options=console.options.update(width=_WIDE)).maximum
