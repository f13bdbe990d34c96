"""``tokenrace incident``."""

import shlex
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from rich.table import Table
from rich.text import Text

from tokenrace.analysis.report.page import REPORT
from tokenrace.cli.many_runs_progress import ManyRunsProgress
from tokenrace.cli.plain_console import console_of_output, console_of_progress
from tokenrace.files.results_folder import whole_or_not_at_all
from tokenrace.incident.evidence import evidence_in
from tokenrace.incident.explanations import OBSERVATIONS, WORDS
from tokenrace.incident.questions import answers
from tokenrace.incident.report import Finding, Findings, contradictions, write_report
from tokenrace.incident.running import Case, make_columns, read_cases
from tokenrace.incident.table import Cell, Column
from tokenrace.run_results import Made, write_results
from tokenrace.simulation.runners import Processes, processors

NAME = "incident.all"
"""The folder of results: no scenario and no theme of scenarios can be called that."""
_STYLES = {"reproduced": "green", "not reproduced": "red", "can't tell": "yellow"}


def run_incident(folder: Path, *, seeds: int, jobs: int | None, out: Path) -> None:
    """Make the runs of the explanations in ``folder``, write the reports and print the table.

    Raises:
        SimulatorError: a scenario is wrong, a run cannot go on, or the results cannot be written.
    """
    cases, console = read_cases(folder), console_of_output()
    numbers = range(1, seeds + 1)
    command = _command(folder, seeds, out)
    final = out / NAME
    with whole_or_not_at_all(final) as partial:
        with (
            Processes(jobs or processors()) as runners,
            ManyRunsProgress(console_of_progress()) as progress,
        ):
            columns = make_columns(cases, numbers, runners, progress)
        findings = _findings(columns, numbers, command)
        write_report(partial, findings)
        for case, column in zip(cases, columns, strict=True):
            _write_one(partial / case.scenario.name, case, column, numbers)
    console.print(_table(findings))
    for each in contradictions(findings):
        console.print(each, highlight=False, soft_wrap=True)
    console.print(f"report   {final / REPORT}", highlight=False, soft_wrap=True)
    console.print(f"again    {command}", highlight=False, soft_wrap=True)


def _findings(columns: Sequence[Column], seeds: Sequence[int], command: str) -> Findings:
    cells = [column.cells() for column in columns]
    return Findings(
        version=version("tokenrace"),
        command=command,
        seeds=seeds,
        columns=[
            Finding(
                explanation=column.explanation,
                cells=own,
                evidence=evidence_in(column.whole[0], column.phases.trouble),
            )
            for column, own in zip(columns, cells, strict=True)
        ],
        answers=answers(columns, cells),
    )


def _write_one(folder: Path, case: Case, column: Column, seeds: Sequence[int]) -> None:
    folder.mkdir()
    (choice,) = case.scenario.strategies
    words = ["tokenrace", "run", str(case.file), "--seeds", str(len(seeds))]
    made = Made(
        experiment=case.experiment(seeds),
        engine="virtual",
        command=shlex.join(words),
        runs={choice.name: column.whole},
    )
    write_results(folder, made)


def _table(findings: Findings) -> Table:
    letters = [column.explanation.letter for column in findings.columns]
    titles = [f"{c.explanation.letter}: {c.explanation.title}" for c in findings.columns]
    table = Table(
        title=f"401 on every call after a week of calm: {len(findings.seeds)} seeds",
        caption="\n".join(titles),
        title_justify="left",
        caption_justify="left",
        title_style="bold",
    )
    table.add_column("what was seen")
    for letter in letters:
        table.add_column(letter)
    for observation in OBSERVATIONS:
        cells = [_cell(column.cells[observation]) for column in findings.columns]
        table.add_row(WORDS[observation], *cells)
    return table


def _cell(cell: Cell) -> Text:
    words = {"reproduced": "yes", "not reproduced": "no", "nothing to end": "-"}
    word = words.get(cell.outcome, cell.outcome)
    figure = cell.figure.rsplit(", then ", maxsplit=1)[-1].split(" (")[0]
    return Text(f"{word} {figure}".strip(), style=_STYLES.get(cell.outcome, ""))


def _command(folder: Path, seeds: int, out: Path) -> str:
    words = ["tokenrace", "incident", str(folder), "--seeds", str(seeds)]
    words += [] if out == Path("results") else ["--out", str(out)]
    return shlex.join(words)
