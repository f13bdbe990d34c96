"""``tokenrace schema``."""

from pathlib import Path

import typer

from tokenrace.errors import ResultsError
from tokenrace.files.whole_file import write_whole
from tokenrace.scenario import schema_text
from tokenrace.strategies.catalogue import CATALOGUE


def write_schema(out: Path) -> None:
    """Write the schema to ``out``, or to standard output when that is ``-``.

    Raises:
        ResultsError: the file cannot be written.
    """
    text = schema_text(CATALOGUE)
    if str(out) == "-":
        typer.echo(text, nl=False)
        return
    try:
        write_whole(out, text)
    except OSError as error:
        raise ResultsError(f"{out}: cannot write the schema: {error.strerror}") from None
    typer.echo(f"wrote {out}")
