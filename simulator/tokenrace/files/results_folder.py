"""A folder of results that is there whole or not at all.

Everything is written into ``.NAME-XXXXXXXX/results``, beside its final place, and put there when it
is complete. An older folder of the same name stays until that instant, at which the two change
places: there is a whole ``NAME`` at every instant. Where the system cannot swap two folders, the
older one is moved to ``.NAME-XXXXXXXX/old`` first. A run that is killed between the two leaves no
``NAME``, and the next one in that folder puts the new one there.

A run that is killed with SIGKILL leaves its hidden folder; the next one removes it. A ``NAME`` that
is a link stays one: the folder it points at is replaced.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from tokenrace.errors import ResultsError
from tokenrace.files.folder_swap import is_unable, swap
from tokenrace.files.owned_folder import leftover_folders, owned_folder

RESULTS, OLD = "results", "old"
Swap = Callable[[Path, Path], None]
_HIDDEN = re.compile(r"\.(?P<name>.+)-[0-9a-f]{8}")


@contextmanager
def whole_or_not_at_all(named: Path, swapped: Swap = swap) -> Iterator[Path]:
    """Yield a new, empty folder that becomes ``named`` when the block ends without an exception.

    With an exception, Ctrl-C included, nothing stays of it.

    Raises:
        ResultsError: the folder cannot be written; said before the block is entered where possible.
    """
    final = named.resolve() if named.is_symlink() else named
    made = [folder for folder in final.parents if not folder.exists()]
    try:
        with ExitStack() as stack:
            hidden = _hidden_beside(final, stack)
            yield hidden / RESULTS
            _put_in_place(final, hidden, swapped)
    finally:
        for folder in made:
            with suppress(OSError):  # not empty: the results are there
                folder.rmdir()


def remove_leftovers(parent: Path) -> None:
    """Remove what runs that were killed have left in ``parent``; put results in their place that
    were complete."""
    with leftover_folders(parent, ".") as left:
        for each in left:
            hidden = _HIDDEN.fullmatch(each.folder.name)
            if hidden is None:
                continue
            final, new = parent / hidden["name"], each.folder / RESULTS
            if (each.folder / OLD).exists() and new.exists() and not final.exists():
                with suppress(OSError):
                    new.rename(final)
            each.remove()


def _hidden_beside(final: Path, stack: ExitStack) -> Path:
    if final.exists() and not final.is_dir():
        raise ResultsError(f"{final}: is a file; results need a folder there. Choose another --out")
    try:
        final.parent.mkdir(parents=True, exist_ok=True)
        remove_leftovers(final.parent)
        hidden = stack.enter_context(owned_folder(final.parent, f".{final.name}-"))
        (hidden / RESULTS).mkdir()
    except OSError as error:
        raise ResultsError(
            f"{final.parent}: cannot write results there: {error.strerror}. Choose another --out"
        ) from None
    return hidden


def _put_in_place(final: Path, hidden: Path, swapped: Swap) -> None:
    new = hidden / RESULTS
    try:
        if not final.exists():
            new.rename(final)
            return
        try:
            swapped(new, final)
        except OSError as error:
            if not is_unable(error):
                raise
            final.rename(hidden / OLD)
            new.rename(final)
    except OSError as error:
        raise ResultsError(f"{final}: cannot put the results in place: {error.strerror}") from None
