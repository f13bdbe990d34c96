"""``tokenrace report``."""

from collections.abc import Sequence
from pathlib import Path

from tokenrace.analysis.report.comparison import comparison_of
from tokenrace.analysis.report.page import (
    REPORT,
    drawn_from_files,
    read_results,
    report_on,
    write_page,
)
from tokenrace.cli.plain_console import console_of_output
from tokenrace.errors import SimulatorError


def write_report(folders: Sequence[Path], out: Path | None) -> None:
    """Write the report on one folder of results into it, or on what two folders differ in.

    Raises:
        SimulatorError: there are more folders than two, one is none of ours, or the report cannot
            be written.
    """
    results = [read_results(folder) for folder in folders]
    with drawn_from_files(*results):
        match results:
            case [only]:
                path, html = out or only.folder / REPORT, report_on(only)
            case [before, after]:
                path, html = out or Path("comparison.html"), comparison_of(before, after)
            case _:
                raise SimulatorError(f"a report is on one folder or on two, got {len(folders)}")
    write_page(path, html)
    console_of_output().print(f"report   {path}", highlight=False, soft_wrap=True)
