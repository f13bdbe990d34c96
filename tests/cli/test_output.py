"""Standard output that goes away loses nothing that was finished: a pipe, a full disk, none."""

import json
import os
import subprocess
import sys

import pytest

from tests.checked import without_progress

SCENARIO = """
name: small
provider: {live_tokens: 1, lifetime: 1h}
fleet: {processes: 2, workers: 1}
workload: {arrivals: {process: closed, think: 1m}, operations: {get_user: 1}}
strategies: [single_flight]
run: {duration: 2h, seeds: 1, engine: virtual}
"""
TOKENRACE = [sys.executable, "-m", "tokenrace"]


@pytest.fixture
def folder(tmp_path):
    """A folder with a scenario in it."""
    (tmp_path / "small.yaml").write_text(SCENARIO, encoding="utf-8")
    return tmp_path


def ran(folder, *words, out):
    """``tokenrace`` with its standard output at ``out``: how it ended, and its standard error."""
    done = subprocess.run(
        [*TOKENRACE, *words],
        cwd=folder,
        stdout=out,
        stderr=subprocess.PIPE,
        text=True,
        timeout=300,
        check=False,
    )
    return done.returncode, done.stderr


def test_a_reader_that_has_read_enough_costs_no_results(folder):
    """``tokenrace run small.yaml | head -1``: nobody reads on from the very beginning, and the
    results are written all the same. Nothing is said about it: the user has chosen that."""
    reads, writes = os.pipe()
    os.close(reads)
    code, error = ran(folder, "run", "small.yaml", out=writes)
    os.close(writes)

    assert (code, without_progress(error)) == (0, [])
    summary = json.loads((folder / "results/small/summary.json").read_text(encoding="utf-8"))
    assert summary["strategies"]["single_flight"]["operations"] > 0


@pytest.mark.parametrize("command", ["run", "validate"])
def test_a_full_disk_is_told_in_one_line(folder, command):
    """Exit code 2, as for any file that cannot be written; the results are there."""
    with (folder / "../../../../../../../../dev/full").open("wb") as full:
        code, error = ran(folder, command, "small.yaml", out=full)

    assert (code, without_progress(error)) == (
        2,
        ["standard output cannot be written: No space left on device"],
    )
    assert (folder / "results/small/summary.json").exists() == (command == "run")


def test_output_that_is_closed_is_no_file_of_ours(folder):
    """``>&-``: what the run opens next is not taken for its standard output."""
    command = f"{sys.executable} -m tokenrace run small.yaml >&- 2>&- <&-"
    done = subprocess.run(["/bin/sh", "-c", command], cwd=folder, timeout=300, check=False)

    assert done.returncode == 0
    first = next((folder / "results/small/trace").iterdir()).read_text(encoding="ascii")
    assert first.startswith('{"trace":2,')
