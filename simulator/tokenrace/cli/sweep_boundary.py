"""Where each strategy of a sweep falls over, as a table in the terminal."""

from rich.console import Console
from rich.table import Table

from tokenrace.analysis.report.sweep import boundary_rows, boundary_text
from tokenrace.analysis.surface import Surface

ROWS_SHOWN = 20


def show_boundary(surface: Surface, console: Console) -> None:
    """Print where each panel of ``surface`` is above its boundary.

    Prints nothing where there is no boundary, and no more than the first rows of a tall grid: the
    report has more.
    """
    rows = boundary_rows(surface)
    if not rows:
        return
    heading = f"values of {surface.x.path} where it is above {boundary_text(surface)}"
    console.print(heading, style="bold", highlight=False, soft_wrap=True)
    table = Table()
    if surface.y is not None:
        table.add_column(surface.y.path, justify="right", overflow="fold")
    for panel in surface.panels:
        table.add_column(panel.title, overflow="fold")
    for label, cells in rows[:ROWS_SHOWN]:
        told = [cells[panel.title] for panel in surface.panels]
        table.add_row(*([] if surface.y is None else [label]), *told)
    console.print(table)
    if len(rows) > ROWS_SHOWN:
        console.print(f"the first {ROWS_SHOWN} rows; the report has more", highlight=False)
