"""The folder that a command has its intermediate files in; what killed ones left is removed."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tokenrace.errors import ResultsError
from tokenrace.files.owned_folder import leftover_folders, owned_folder

PREFIX = "tokenrace-"


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Yield a new folder that is removed when the block ends.

    Raises:
        ResultsError: there can be none.
    """
    remove_leftovers()
    parent = Path(tempfile.gettempdir())
    with ExitStack() as stack:
        try:
            folder = stack.enter_context(owned_folder(parent, PREFIX))
        except OSError as error:
            raise ResultsError(f"{parent}: no folder can be made there: {error.strerror}") from None
        yield folder


def remove_leftovers() -> None:
    """Remove the folders of processes that were killed, but those that are all that tells of
    something elsewhere."""
    with leftover_folders(Path(tempfile.gettempdir()), PREFIX) as left:
        for each in left:
            if not each.note:
                each.remove()
