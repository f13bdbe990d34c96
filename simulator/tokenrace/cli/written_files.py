"""Files that a command writes for the user to keep: never over others, unless it is told to."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from tokenrace.errors import SimulatorError
from tokenrace.files.whole_file import write_whole


def write_files(files: Mapping[Path, str], *, also: Sequence[Path] = (), is_forced: bool) -> None:
    """Write all of ``files``, or none where one of them, or of ``also``, is there.

    Raises:
        SimulatorError: one is there and ``is_forced`` is False, or one cannot be written.
    """
    there = [str(path) for path in (*files, *also) if path.exists()]
    if there and not is_forced:
        it = "it" if len(there) == 1 else "them"
        what = f"{', '.join(there)}: already there, nothing was written"
        raise SimulatorError(f"{what}. Add --force to write over {it}")
    for path, text in files.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, text)
        except OSError as error:
            raise SimulatorError(f"{path}: cannot be written: {error.strerror}") from None
