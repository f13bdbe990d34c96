"""Sweeps that are stopped in the middle, as a user's or a machine's hand does it."""

import os
import resource
import signal
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from tests.checked import without_progress
from tokenrace.cli.app import app

SCENARIO = """
name: long
provider: {live_tokens: 2, lifetime: 10m}
fleet: {processes: 4, workers: 4}
workload: {arrivals: {process: closed, think: exponential 20s}, operations: {get_user: 1}}
strategies: [single_flight]
run: {duration: 3h, engine: virtual}
sweep: {over: {fleet.processes: 1..10}}
"""
CELLS = 40


@pytest.fixture(scope="module")
def scenario(tmp_path_factory):
    """A scenario whose sweep takes some seconds."""
    path = tmp_path_factory.mktemp("scenario") / "long.yaml"
    path.write_text(SCENARIO, encoding="utf-8")
    return path


def words(scenario, out):
    return ["sweep", str(scenario), "--seeds", "4", "--jobs", "2", "--out", str(out)]


def command(scenario, out):
    return [sys.executable, "-m", "tokenrace", *words(scenario, out)]


def in_this_process(scenario, out, *more):
    return CliRunner().invoke(app, [*words(scenario, out), *more])


@pytest.fixture(scope="module")
def whole(scenario, tmp_path_factory):
    """The table of the sweep, made at one go."""
    out = tmp_path_factory.mktemp("whole")
    assert in_this_process(scenario, out).exit_code == 0
    return (out / "long.sweep" / "table.parquet").read_bytes()


def begun(scenario, out):
    """A sweep that has ended its first run. It is the head of a process group of its own."""
    child = subprocess.Popen(
        command(scenario, out),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    said = []
    for line in child.stderr:
        if line.startswith("1 of 40 runs"):
            return child
        said.append(line)
    raise AssertionError(said)


def cells_in(out):
    return len((out / "long.sweep" / "cells.jsonl").read_bytes().splitlines()) - 1


def assert_goes_on(scenario, out, whole):
    """The rest is made, and the table is as if nothing had happened."""
    assert 0 < cells_in(out) < CELLS
    got = in_this_process(scenario, out, "--resume")
    assert got.exit_code == 0, got.output
    assert "of them are there already" in got.stdout
    assert cells_in(out) == CELLS
    assert (out / "long.sweep" / "table.parquet").read_bytes() == whole


def test_ctrl_c_ends_a_sweep_at_once_and_it_goes_on_later(scenario, whole, tmp_path):
    """The whole group gets the signal, as from a terminal. One line is said, and no process stays:
    the output of all of them is closed."""
    child = begun(scenario, tmp_path)
    os.killpg(child.pid, signal.SIGINT)
    _, errors = child.communicate(timeout=30)
    (said,) = without_progress(errors)  # an interrupted write of progress may come twice

    assert child.returncode == 130
    assert said.startswith("Interrupted: ")
    assert said.endswith("/long.sweep/cells.jsonl. The same command with --resume goes on.")
    assert_goes_on(scenario, tmp_path, whole)


def test_sigkill_leaves_no_process_behind_and_no_cell_lost(scenario, whole, tmp_path):
    """What had ended is there; the processes that made the runs end with the one that is killed,
    or their output would never be at its end."""
    child = begun(scenario, tmp_path)
    child.kill()
    child.communicate(timeout=30)

    assert child.returncode == -signal.SIGKILL
    assert_goes_on(scenario, tmp_path, whole)


def test_a_full_disk_is_said_and_the_sweep_goes_on_when_there_is_room(scenario, whole, tmp_path):
    """Here no file may have more than 6 kB: the heading and some twenty cells."""

    def small_files():
        resource.setrlimit(resource.RLIMIT_FSIZE, (6_000, resource.RLIM_INFINITY))

    got = subprocess.run(
        command(scenario, tmp_path),
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=small_files,
    )

    assert got.returncode == 2
    assert "cells.jsonl: cannot be written: File too large. What it holds stays" in got.stderr
    assert "Traceback" not in got.stderr
    assert_goes_on(scenario, tmp_path, whole)
