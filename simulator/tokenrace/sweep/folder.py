"""The folder of a sweep: ``cells.jsonl`` while it goes on, the other files once it is finished.

A sweep that was interrupted is the folder that has the one and not yet the others.
"""

from pathlib import Path

from tokenrace.errors import ResultsError
from tokenrace.sweep.found import Found
from tokenrace.sweep.grid import Grid
from tokenrace.sweep.journal import Heading, Journal, read_cells, read_heading

CELLS, SUMMARY = "cells.jsonl", "sweep.json"


def go_on(folder: Path, grid: Grid, heading: Heading, found: Found) -> Journal:
    """Return the journal of the sweep in ``folder``, whose cells go into ``found``; a new one where
    there is none.

    Raises:
        ResultsError: it is of something else, damaged, or cannot be read or written.
    """
    path = folder / CELLS
    theirs = read_heading(path)
    if theirs is None:
        return begin(folder, heading)
    _check_alike(path, theirs, heading)
    numbers = grid.number_of()
    for line, cell, row in read_cells(path, len(heading.figures)):
        number = numbers.get(cell)
        if number is not None:
            found.add(number, row, line)
    return Journal.go_on(path)


def begin_where_nothing_waits(folder: Path, heading: Heading) -> Journal:
    """Return a new journal in ``folder``, in the place of a finished sweep if there is one.

    Raises:
        ResultsError: a sweep there was not finished, or the folder cannot be written.
    """
    if (folder / CELLS).exists() and not (folder / SUMMARY).exists():
        raise ResultsError(
            f"{folder}: holds a sweep that was not finished; --resume goes on with it, --anew "
            "throws it away"
        )
    return begin(folder, heading)


def begin(folder: Path, heading: Heading) -> Journal:
    """Return a new journal in ``folder``, whatever is there.

    Raises:
        ResultsError: the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / SUMMARY).unlink(missing_ok=True)
    except OSError as error:
        raise ResultsError(
            f"{folder}: cannot write results there: {error.strerror}. Choose another --out"
        ) from None
    return Journal.begin(folder / CELLS, heading)


def _check_alike(path: Path, theirs: Heading, ours: Heading) -> None:
    why = ""
    if theirs.version != ours.version:
        why = f"by tokenrace {theirs.version}, and this is {ours.version}"
    elif theirs.sha256 != ours.sha256:
        why = "of another scenario, or of this one before it was changed"
    elif theirs.over != ours.over:
        why = f"over {', '.join(theirs.over)}, and not over {', '.join(ours.over)}"
    elif theirs.figures != ours.figures:
        why = f"without the figure {ours.figures[-1]}"
    if why:
        raise ResultsError(
            f"{path}: its runs were made {why}; such runs do not go together. --anew throws them "
            "away, another --out keeps them"
        )
