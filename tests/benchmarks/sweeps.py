"""Sweeps: two processes beside one, what a run costs beyond itself, memory with many cells."""

import tempfile
import time
from dataclasses import replace
from pathlib import Path
from statistics import median

from tests.benchmarks import virtual_fleet
from tokenrace.cli.sweep_asked import SweepOptions, read_sweep
from tokenrace.clock import HOUR
from tokenrace.simulation.many_runs import in_order
from tokenrace.simulation.recording import InMemory
from tokenrace.simulation.runners import Processes
from tokenrace.sweep.folder import begin
from tokenrace.sweep.found import Found
from tokenrace.sweep.running import make_all

RUNS = 200
CHEAP = """
name: cheap
provider: {live_tokens: 1, lifetime: 1h}
fleet: {processes: 1, workers: 1}
workload: {arrivals: {process: closed, think: 1s}, operations: {get_user: 1}}
network: {token: 100ms, api: 100ms}
strategies: [single_flight]
run: {duration: 2s, seeds: 1, engine: virtual}
"""


class _Unwatched:
    def planned(self, cells):
        """Not minded."""

    def ended(self):
        """Not minded."""


def runs_per_second(processes: int) -> float:
    """Make 200 runs of equal cost, about 30 ms, starting the processes included."""
    plan = replace(virtual_fleet.a_fleet("single_flight", 2 * HOUR, cap=8), seed=1)
    begun = time.perf_counter()
    with Processes(processes) as runners:
        list(in_order([plan] * RUNS, InMemory(), runners))
    return RUNS / (time.perf_counter() - begun)


def two_beside_one(rounds: int) -> list[tuple[float, float]]:
    """Return rates with two processes and with one, in turns."""
    return [(runs_per_second(2), runs_per_second(1)) for _ in range(rounds)]


def overhead_ms(cells: int = 2_000, rounds: int = 3) -> float:
    """Return what a run of a sweep costs beyond itself: processor time of this process for handing
    it out, taking its row in and writing it. It does not depend on what else the machine does."""
    return median(_overhead(cells) for _ in range(rounds))


def _overhead(cells: int) -> float:
    with tempfile.TemporaryDirectory() as folder, Processes(1) as runners:
        asked = _asked(Path(folder), 1, cells)
        list(in_order([0], _nothing, runners))  # starts the process
        begun = time.process_time()
        with begin(asked.folder, asked.heading) as journal:
            make_all(asked.grid, Found(asked.grid), runners, journal, _Unwatched())
        return (time.process_time() - begun) / cells * 1_000


def many_cells(points: int, seeds: int) -> int:
    """Make a sweep of so many cells with two processes; return how many were made."""
    with tempfile.TemporaryDirectory() as folder, Processes(2) as runners:
        asked = _asked(Path(folder), points, seeds)
        found = Found(asked.grid)
        with begin(asked.folder, asked.heading) as journal:
            make_all(asked.grid, found, runners, journal, _Unwatched())
        return found.done()


def _asked(folder: Path, points: int, seeds: int):
    file = folder / "cheap.yaml"
    file.write_text(CHEAP, encoding="utf-8")
    over = [f"provider.live_tokens={','.join(map(str, range(1, points + 1)))}"]
    return read_sweep(file, SweepOptions(over=over, seeds=seeds, out=folder))


def _nothing(_: int) -> None:
    """Take no time."""
