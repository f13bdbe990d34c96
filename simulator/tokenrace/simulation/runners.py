"""Who makes many runs: processes of this machine, each a runner, behind an executor.

Nothing here knows what a run is. Another kind of runners has the same three members; Dask's are in
``cluster.py``.
"""

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, ClassVar, Protocol, Self

from tokenrace.simulation.wire.parent_bond import die_with_parent

_HASH_SEED = "PYTHONHASHSEED"
_LOADED = ["tokenrace.simulation.recording"]
"""What every runner needs; nothing that draws or serves."""


class Runners(Protocol):
    """Somewhere to have work done.

    Where a runner dies over its work, the work ends with one of the errors ``lost``, and
    ``renewed`` is called before more is handed out.
    """

    @property
    def lost(self) -> tuple[type[Exception], ...]:
        """The errors that say so."""
        ...

    @property
    def executor(self) -> Executor:
        """Takes the work. What it is given and returns is pickled."""
        ...

    @property
    def count(self) -> int:
        """How many pieces of work go on at once."""
        ...

    def renewed(self) -> Executor:
        """Return an executor that can be used after the last one was lost."""
        ...

    def make_sure(self) -> None:
        """Make sure that what was handed out can still end; asked now and then.

        Raises:
            RunError: it cannot, and nothing would say so.
        """
        ...


class Processes:
    """``count`` processes of this machine. A context manager: leaving it ends them at once.

    They are forked from one process that has loaded what a run needs, where the system can do that.
    They end with this process, however it ends, and leave Ctrl-C to it. What a runner has started
    ends with it.
    """

    lost: ClassVar[tuple[type[Exception], ...]] = (BrokenProcessPool,)

    def __init__(self, count: int) -> None:
        self.count = count
        ways = multiprocessing.get_all_start_methods()
        self._context = multiprocessing.get_context("forkserver" if "forkserver" in ways else None)
        self._context.set_forkserver_preload(_LOADED)
        if "forkserver" in ways:
            _start_forkserver()
        self._lifeline, self._ours = self._context.Pipe(duplex=False)
        self.executor = self._pool()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with _interrupts_ignored():
            self._ours.close()  # every runner sees it, and ends, unless it is in C code for good
            self._lifeline.close()
            self._kill()
            self.executor.shutdown(cancel_futures=True)

    def renewed(self) -> ProcessPoolExecutor:
        """Return a new pool in the place of one that broke."""
        self._kill()
        self.executor.shutdown(cancel_futures=True)
        self.executor = self._pool()
        return self.executor

    def make_sure(self) -> None:
        """Do nothing: the work of a process that is gone ends with an error."""

    def _kill(self) -> None:
        """Kill every runner, whatever it does, and what it started."""
        # Python 3.14 has kill_workers() for it, which leaves what they started.
        runners = self.executor._processes or {}  # noqa: SLF001
        for process in list(runners.values()):
            _kill_group(process)

    def _pool(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(
            self.count,
            mp_context=self._context,
            initializer=_begin_runner,
            initargs=(self._lifeline,),
        )


def _start_forkserver() -> None:
    """Start what runners are forked from, with one order of a set of texts for all of them: a
    class of the user's that goes by it gives the same figures in every check."""
    had_none = _HASH_SEED not in os.environ
    if had_none:
        os.environ[_HASH_SEED] = "0"
    try:
        forkserver.ensure_running()
    finally:
        if had_none:
            del os.environ[_HASH_SEED]


def processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _kill_group(process: BaseProcess) -> None:
    pid = process.pid
    if pid is None:
        return
    with suppress(ProcessLookupError, PermissionError):  # it has no group yet, or is gone
        os.killpg(pid, signal.SIGKILL)
    if process.is_alive():
        process.kill()


def _begin_runner(lifeline: Connection) -> None:
    os.setpgid(0, 0)
    die_with_parent()
    _let_forkserver_end()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_end_with, args=(lifeline,), daemon=True).start()


def _let_forkserver_end() -> None:
    """Close our end of the pipe by which the process we were forked from knows that it is wanted.

    Every runner is given one. It would keep that process alive when the one that started both is
    killed, and us with it, where we are in C code and our thread never has its turn.
    """
    inherited: Any = forkserver._forkserver  # noqa: SLF001
    if inherited._forkserver_alive_fd is not None:  # noqa: SLF001
        os.close(inherited._forkserver_alive_fd)  # noqa: SLF001
        inherited._forkserver_alive_fd = None  # noqa: SLF001


def _end_with(lifeline: Connection) -> None:
    """End this process when the one that started it closes ``lifeline``, or dies."""
    lifeline.poll(None)
    os.killpg(0, signal.SIGKILL)


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread is interrupted
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
