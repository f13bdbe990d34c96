"""Sees to it that nothing a run has started outlives it, not even when ``tokenrace`` is killed."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tokenrace.simulation.wire import marked_processes

ENDS_WITHIN_S = 10.0


@contextmanager
def kept(mark: str) -> Iterator[None]:
    """End every process that bears ``mark`` when the block ends, or this process does.

    On Linux; elsewhere the processes of a program's own group end with it, and no others.
    """
    if sys.platform != "linux":
        yield
        return
    program = [sys.executable, "-I", "-S", str(Path(marked_processes.__file__)), mark]
    with subprocess.Popen(  # noqa: S603 - our own file
        program,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # a terminal that is closed or a Ctrl-C is not meant for it
    ) as keeper:
        try:
            yield
        finally:
            _end(keeper, mark)


def _end(keeper: "subprocess.Popen[bytes]", mark: str) -> None:
    assert keeper.stdin is not None
    keeper.stdin.close()
    try:
        keeper.wait(ENDS_WITHIN_S)
    except subprocess.TimeoutExpired:  # it stands still
        keeper.kill()
    marked_processes.end_marked(mark)  # should it have been killed
