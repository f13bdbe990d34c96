"""A folder of results that is there whole or not at all.

Everything is written beside its final place, under a hidden name, and renamed when it is complete.
An older folder of the same name stays until that instant.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from simulator.errors import ResultsError


@contextmanager
def whole_or_not_at_all(final: Path) -> Iterator[Path]:
    """Yield a new, empty folder that becomes ``final`` when the block ends without an exception.

    With an exception, Ctrl-C included, nothing stays of it.

    Raises:
        ResultsError: the folder cannot be written; said before the block is entered where possible.
    """
    made = [folder for folder in final.parents if not folder.exists()]
    partial = _make_beside(final)
    try:
        yield partial
        _replace(final, partial)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        for folder in made:
            with suppress(OSError):  # not empty: the results are there
                folder.rmdir()


def _make_beside(final: Path) -> Path:
    if final.exists() and not final.is_dir():
        raise ResultsError(f"{final}: is a file; results need a folder there. Choose another --out")
    try:
        final.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f".{final.name}-", dir=final.parent))
        partial.chmod(0o777 & ~_umask())
    except OSError as error:
        raise ResultsError(
            f"{final.parent}: cannot write results there: {error.strerror}. Choose another --out"
        ) from None
    return partial


def _replace(final: Path, partial: Path) -> None:
    try:
        if final.exists():
            old = Path(tempfile.mkdtemp(prefix=f".{final.name}-old-", dir=final.parent))
            final.replace(old / final.name)
            partial.replace(final)
            shutil.rmtree(old)
        else:
            partial.replace(final)
    except OSError as error:
        raise ResultsError(f"{final}: cannot put the results in place: {error.strerror}") from None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
