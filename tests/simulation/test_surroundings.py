"""Where the machine refuses something, one line says what, and no traceback."""

import errno
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from tokenrace.cli.exits import told_to_the_user

ROOT = Path(__file__).parents[2]
SCENARIO = """\
name: small
fleet: {processes: 2, workers: 1}
provider: {live_tokens: 1, lifetime: 10s}
workload: {arrivals: {process: closed, think: exponential 1s}}
strategies: [single_flight]
run: {duration: 1m, seeds: 2, engine: virtual}
"""


def told_of(trouble, capsys):
    """Raise ``trouble`` within a command; return its exit code and what it prints."""
    with pytest.raises(typer.Exit) as ended, told_to_the_user():
        raise trouble
    got = capsys.readouterr()
    assert got.out == ""
    assert len(got.err.splitlines()) == 1
    return ended.value.exit_code, got.err


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        (OSError(errno.EROFS, "Read-only file system", "/dev/x"), "/dev/x: Read-only file system"),
        (OSError(errno.EMFILE, "Too many open files"), "raise the limit: ulimit -n 1024"),
        (EOFError(), "a process it started ended before it answered"),
        (OSError("odd"), "odd"),
    ],
    ids=["read-only", "descriptors", "a process that died", "without a number"],
)
def test_what_the_machine_refuses_is_told_in_a_line(trouble, words, capsys):
    """With the place where it was met, which a report of it needs. Exit code 2: nothing failed."""
    code, line = told_of(trouble, capsys)

    assert code == 2
    assert line.startswith("tokenrace cannot continue: ")
    assert words in line
    assert "(met in " in line


def test_that_nobody_reads_the_output_is_not_told_to_them():
    """It is passed on: ``run | head`` has an end of its own."""
    with pytest.raises(BrokenPipeError), told_to_the_user():
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")


def commanded(folder, *words, before=None):
    """Run ``tokenrace`` in a process of its own in ``folder``. What killed runs of others left in
    the machine's temporary folder is none of it."""
    temporary = folder.parent / "temporary"
    temporary.mkdir(exist_ok=True)
    return subprocess.run(
        [sys.executable, "-m", "tokenrace", *words],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(temporary)},
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=before,
        timeout=300,
    )


@pytest.mark.parametrize(
    "words", [("run",), ("check",), ("baseline",), ("sweep", "--over", "fleet.processes=1,2")]
)
def test_a_working_folder_that_was_deleted_is_told_of(words, tmp_path):
    """The scenario is elsewhere, and is found; the results have no place."""
    file = tmp_path / "s.yaml"
    file.write_text(SCENARIO)
    folder = tmp_path / "gone"
    folder.mkdir()

    got = commanded(folder, words[0], str(file), *words[1:], before=folder.rmdir)

    assert got.returncode == 2, got.stderr
    assert len(got.stderr.splitlines()) == 1


def test_too_few_descriptors_are_told_of(tmp_path):
    """Twelve: a run on real HTTP needs more, for its pipes alone."""
    (tmp_path / "s.yaml").write_text(SCENARIO.replace("virtual", "wire").replace("1m", "2s"))

    def few():
        resource.setrlimit(resource.RLIMIT_NOFILE, (12, 12))

    got = commanded(tmp_path, "run", "s.yaml", before=few)

    assert got.returncode == 2, got.stderr
    assert "Too many open files" in got.stderr
    assert "Traceback" not in got.stderr
