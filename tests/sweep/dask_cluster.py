"""A real Dask scheduler and workers on loopback, each a process of its own."""

import os
import re
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import distributed

SCHEDULER = "from distributed.cli.dask_scheduler import main; main()"
WORKER = "from distributed.cli.dask_worker import main; main()"


@contextmanager
def scheduler():
    """Yield the address of a scheduler."""
    with scheduler_process() as (_, address):
        yield address


def scheduler_process():
    """Yield the process of a scheduler, and its address."""
    words = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard"]
    return process([sys.executable, "-c", SCHEDULER, *words], r"Scheduler at:\s+(tcp://\S+)")


@contextmanager
def worker(address, *, python=(), env=None):
    """Yield the process of a worker of one thread, once it is known to the scheduler."""
    words = [address, "--nthreads", "1", "--no-nanny", "--no-dashboard", "--host", "127.0.0.1"]
    command = [sys.executable, *python, "-c", WORKER, *words]
    with process(command, r"Registered to:\s+(tcp://\S+)", env) as (child, _):
        yield child


@contextmanager
def process(command, ready, env=None):
    """Yield a process and what it says when it is ready; end it afterwards."""
    child = subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, env={**os.environ, **(env or {})}
    )
    try:
        said = []
        for line in child.stderr:
            said.append(line)
            if (found := re.search(ready, line)) is not None:
                break
        else:
            raise AssertionError("".join(said))
        yield child, found[1]
    finally:
        child.kill()
        child.communicate()


def without_tokenrace(folder: Path):
    """Make ``folder`` a place from which all that is installed here can be imported but us."""
    installed = Path(distributed.__file__).parents[1]
    folder.mkdir()
    for item in installed.iterdir():
        if "tokenrace" not in item.name:
            (folder / item.name).symlink_to(item)
    return {"python": ("-S",), "env": {"PYTHONPATH": str(folder)}}


def with_another_version(folder: Path):
    """Make ``folder`` say that tokenrace 9.9.9 is installed."""
    info = folder / "tokenrace-9.9.9.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: tokenrace\nVersion: 9.9.9\n")
    return {"env": {"PYTHONPATH": str(folder)}}
