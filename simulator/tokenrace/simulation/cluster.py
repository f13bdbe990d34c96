"""Runners on other machines: the workers of a Dask cluster, through Dask's own executor.

Dask has a task done again elsewhere when the worker that had it dies, and takes each result once.
Before anything is handed out it is made sure that a scheduler is there, that it has workers, and
that every worker has this version of tokenrace: a mixture would give cells of two programs.
"""

import asyncio
import logging
from collections.abc import Mapping
from concurrent.futures import CancelledError, Executor
from importlib import import_module
from importlib.metadata import version
from typing import Any, Self

from tokenrace.clock import SECOND, Ticks
from tokenrace.errors import NotInstalledError, RunError, SimulatorError
from tokenrace.machine_clock import MachineClock

_PATIENCE_S = 5
_OURS = "tokenrace"
_TALKATIVE = ("distributed", "distributed.client", "tornado.application")
"""Who would write tracebacks about a lost connection, of which we say one line."""
_COUNTED_FOR: Ticks = 5 * SECOND


class Cluster:
    """The workers of the scheduler at ``address``. A context manager that says goodbye.

    Raises, when it is made:
        SimulatorError: no scheduler answers, it has no workers, or they are of another version.
    """

    def __init__(self, address: str) -> None:
        try:
            distributed: Any = import_module("distributed")  # of an extra, and half typed
        except ModuleNotFoundError:
            raise NotInstalledError("a sweep on a cluster", "tokenrace[cluster]") from None
        self._address = address
        for name in _TALKATIVE:
            logging.getLogger(name).setLevel(logging.CRITICAL)
        _check_scheduler(distributed, address)
        self._client = distributed.Client(address, timeout=_PATIENCE_S, set_as_default=False)
        self.lost: tuple[type[Exception], ...] = (distributed.KilledWorker, CancelledError)
        try:
            self._check_workers()
        except BaseException:
            self._client.close()
            raise
        self._clock = MachineClock.starting_in(0)
        self._count_anew_at: Ticks = 0
        self._count = 1
        self.executor: Executor = self._client.get_executor(pure=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.executor.shutdown(wait=False)
        self._client.close()

    @property
    def count(self) -> int:
        """How many threads all workers have together, or had a few seconds ago."""
        if self._clock.now() >= self._count_anew_at:
            self._count_anew_at = self._clock.now() + _COUNTED_FOR
            threads: list[int] = [worker["nthreads"] for worker in self._workers().values()]
            self._count = sum(threads) or self._count
        return self._count

    @property
    def dashboard(self) -> str | None:
        """The address of the scheduler's page; None where it has none."""
        has_one = "dashboard" in self._client.scheduler_info().get("services", {})
        return str(self._client.dashboard_link) if has_one else None

    def renewed(self) -> Executor:
        """Return the executor: Dask replaces what it lost.

        Raises:
            RunError: the scheduler is gone.
        """
        self.make_sure()
        return self.executor

    def make_sure(self) -> None:
        """Make sure that the scheduler is there: work handed out just as it went never ends.

        Raises:
            RunError: it is gone.
        """
        if self._client.status != "running":
            raise RunError(f"{self._address}: the Dask scheduler is gone")

    def _workers(self) -> Mapping[str, Any]:
        """Return what is known of each worker; nothing when the scheduler is gone."""
        workers: Mapping[str, Any] = self._client.scheduler_info().get("workers", {})
        return workers

    def _check_workers(self) -> None:
        if not self._workers():
            raise SimulatorError(
                f"{self._address}: the Dask scheduler has no workers. "
                f"Start some with 'dask worker {self._address}'"
            )
        ours = version(_OURS)
        told = self._client.run(version, _OURS, on_error="return")
        wrong = [
            f"  {worker}: {_has(found)}" for worker, found in sorted(told.items()) if found != ours
        ]
        if wrong:
            lines = "\n".join(wrong)
            raise SimulatorError(
                f"{self._address}: every worker needs tokenrace {ours}, as here, but\n{lines}\n"
                f"Install it there with 'pip install tokenrace[cluster]=={ours}'"
            )


def _check_scheduler(distributed: Any, address: str) -> None:
    """Ask whoever listens at ``address`` what they are: a client that finds no scheduler there
    would not let go of it for half a minute."""

    async def ask() -> object:
        async with asyncio.timeout(_PATIENCE_S), distributed.rpc(address) as there:
            return (await there.identity())["type"]

    try:
        kind = asyncio.run(ask())
    except TimeoutError:
        kind = f"nothing within {_PATIENCE_S} s"
    except (OSError, ValueError, TypeError, KeyError, MemoryError) as error:
        kind = _in_short(error)  # what is no scheduler may answer anything
    if kind != "Scheduler":
        raise SimulatorError(
            f"{address}: no Dask scheduler answers there ({kind}). Start one with 'dask "
            "scheduler', or leave --scheduler out to use this machine"
        )


def _has(found: object) -> str:
    if isinstance(found, Exception):
        return f"has none ({_in_short(found)})"
    return f"has {found}"


def _in_short(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
