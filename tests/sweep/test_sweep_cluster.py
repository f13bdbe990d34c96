"""A sweep on a real Dask cluster: a scheduler and two workers on loopback."""

import signal
import socket
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from tests.sweep.dask_cluster import (
    scheduler,
    scheduler_process,
    with_another_version,
    without_tokenrace,
    worker,
)
from tokenrace.cli.app import app
from tokenrace.cli.sweep_asked import SweepOptions, read_sweep
from tokenrace.errors import SimulatorError
from tokenrace.simulation.cluster import Cluster
from tokenrace.simulation.runners import Processes
from tokenrace.sweep.folder import begin
from tokenrace.sweep.found import Found
from tokenrace.sweep.running import make_all

SMALL = """
name: small
provider: {live_tokens: 1, lifetime: 10m}
fleet: {processes: 4, workers: 2}
workload: {arrivals: {process: closed, think: exponential 30s}, operations: {get_user: 1}}
strategies: [single_flight, shared_lock]
run: {duration: 20m, seeds: 3, engine: virtual}
sweep: {over: {fleet.processes: 1..8}}
"""
CELLS = 8 * 2 * 3


@pytest.fixture(scope="module")
def address():
    """The address of a scheduler that has no workers yet."""
    with scheduler() as address:
        yield address


@pytest.fixture(scope="module")
def scenario(tmp_path_factory):
    """A scenario with a sweep of 48 runs."""
    path = tmp_path_factory.mktemp("scenario") / "small.yaml"
    path.write_text(SMALL, encoding="utf-8")
    return path


class Quiet:
    """Watches a sweep, and does something when so many cells have ended."""

    def __init__(self, after=0, do=None):
        self._ended, self._after, self._do = 0, after, do

    def planned(self, cells):
        """Not minded."""

    def ended(self):
        """Count."""
        self._ended += 1
        if self._ended == self._after:
            self._do()


def cells_of(scenario, folder, runners, watcher):
    """Make the sweep; return the lines of its journal, heading first."""
    asked = read_sweep(scenario, SweepOptions(out=folder))
    with begin(asked.folder, asked.heading) as journal:
        make_all(asked.grid, Found(asked.grid), runners, journal, watcher)
    return (asked.folder / "cells.jsonl").read_bytes().splitlines()


def test_a_scheduler_that_is_not_there_is_said_before_the_first_run(scenario, tmp_path):
    """Nobody listens, or somebody who is no scheduler of Dask's; the text says what to start."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    for address in (f"tcp://127.0.0.1:{port}", "nonsense"):
        words = ["sweep", scenario, "--scheduler", address, "--out", tmp_path / "out"]
        got = CliRunner().invoke(app, [str(word) for word in words])

        assert got.exit_code == 2
        assert f"{address}: no Dask scheduler answers there" in got.stderr
        assert "Start one with 'dask scheduler', or leave --scheduler out" in got.stderr
        assert not (tmp_path / "out").exists()


def test_a_scheduler_without_workers_is_said(address):
    """With the command that starts one."""
    with pytest.raises(SimulatorError) as said:
        Cluster(address)

    assert str(said.value) == (
        f"{address}: the Dask scheduler has no workers. Start some with 'dask worker {address}'"
    )


def test_workers_without_tokenrace_or_with_another_are_said(address, tmp_path):
    """Each worker with what it has: a mixture would make a sweep of two programs."""
    none, other = without_tokenrace(tmp_path / "none"), with_another_version(tmp_path / "other")
    with worker(address, **none), worker(address, **other), pytest.raises(SimulatorError) as said:
        Cluster(address)

    lines = str(said.value).splitlines()
    assert lines[0] == f"{address}: every worker needs tokenrace 0.1.0, as here, but"
    assert sorted(line.split(": ")[1] for line in lines[1:3]) == [
        "has 9.9.9",
        "has none (No package metadata was found for tokenrace)",
    ]


def test_a_scheduler_that_dies_ends_the_sweep_and_what_has_ended_is_kept(scenario, tmp_path):
    """Said in two lines; the processes of this machine can make the rest."""
    out = ["--out", str(tmp_path)]
    with scheduler_process() as (process, own), worker(own):
        command = [sys.executable, "-m", "tokenrace", "sweep", str(scenario), *out]
        child = subprocess.Popen(
            [*command, "--scheduler", own],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for line in child.stderr:  # the progress
            if line.startswith("1 of 48 runs"):
                break
        process.kill()
        _, said = child.communicate(timeout=60)

    assert child.returncode == 1
    assert said.splitlines()[-2:] == [
        f"{own}: the Dask scheduler is gone",
        "What has ended is kept: --resume goes on",
    ]
    assert "Traceback" not in said
    rest = CliRunner().invoke(app, ["sweep", str(scenario), *out, "--resume", "--jobs", "1"])
    assert rest.exit_code == 0, rest.output
    assert "of them are there already" in rest.stdout


def test_a_worker_that_is_killed_costs_no_cell_and_doubles_none(address, scenario, tmp_path):
    """SIGKILL after a few cells, while its next ones are under way; and the same bytes as from the
    processes of this machine."""
    with Processes(2) as processes:
        expected = cells_of(scenario, tmp_path / "here", processes, Quiet())
    with worker(address) as victim, worker(address), Cluster(address) as cluster:
        assert cluster.count == 2
        kill = Quiet(after=5, do=lambda: victim.send_signal(signal.SIGKILL))
        lines = cells_of(scenario, tmp_path / "there", cluster, kill)
        victim.wait(timeout=30)
        with Cluster(address) as later:
            assert later.count == 1
    assert len(lines) == 1 + CELLS
    assert sorted(lines) == sorted(expected)
