"""A Redis and a PostgreSQL of the tests' own, each started when the first test asks for it.

On a free port of loopback, in a folder of its own, with nothing written to the disk for good. They
end with the process that started them, however it ends.
"""

import atexit
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path

from tests.skipped import leave_out

_UNPRIVILEGED = ("postgres", "nobody")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]


def redis_url() -> str:
    """Return the URL of the tests' Redis; leaves the test out where there is no redis-server."""
    return f"redis://127.0.0.1:{redis_port()}/0"


@cache
def redis_port() -> int:
    program = shutil.which("redis-server")
    if program is None:
        leave_out("no redis-server on this machine: install Debian's redis-server to try Redis")
    return Redis(program).port


class Redis:
    """A Redis server of its own, which a test may end."""

    def __init__(self, program: str | None = None):
        program = program or shutil.which("redis-server")
        if program is None:
            leave_out("no redis-server on this machine: install Debian's redis-server")
        self.port = free_port()
        folder = _folder()
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", folder]
        self.process = _started([program, *options], folder)
        _await(self.process, lambda: _connects(self.port), folder)

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"


def postgres_url() -> str:
    """Return the URL of the tests' PostgreSQL; leaves the test out where it is not installed."""
    return _postgres().url


@cache
def _postgres() -> "Postgres":
    return Postgres()


class Postgres:
    """A PostgreSQL server of its own, which a test may end.

    It refuses to run as root, so there it runs as somebody who may do nothing.
    """

    def __init__(self):
        programs = _postgres_programs()
        folder, user = _folder(), _unprivileged()
        data, self.port = f"{folder}/data", free_port()
        if user is not None:
            os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
        init = [f"{programs}/initdb", "-D", data, "-U", "tokenrace", "-A", "trust", "--no-sync"]
        subprocess.run(
            [*init, "--locale=C", "--encoding=UTF8"],
            check=True,
            user=user,
            cwd=folder,
            capture_output=True,
        )
        options = ["-F", "-p", str(self.port), "-h", "127.0.0.1", "-k", folder]
        options += ["-c", "max_connections=200", "-c", "synchronous_commit=off"]
        self.process = _started([f"{programs}/postgres", "-D", data, *options], folder, user)
        _await(self.process, lambda: _serves(programs, self.port), folder)

    @property
    def url(self) -> str:
        return f"postgresql://tokenrace@127.0.0.1:{self.port}/postgres"


def _postgres_programs() -> Path:
    """Debian keeps them out of the way, one folder per version."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    beside = shutil.which("initdb")
    if not found and beside is None:
        leave_out("no PostgreSQL on this machine: install Debian's postgresql to try it")
    return (found[-1] if found else Path(str(beside))).parent


def _unprivileged() -> str | None:
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in _UNPRIVILEGED if name in known)


def _folder() -> str:
    folder = tempfile.mkdtemp(prefix="tokenrace-server-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _started(command: list[str], folder: str, user: str | None = None) -> subprocess.Popen:
    """Start it; with util-linux it is interrupted, and ends in good order, if its parent dies."""
    setpriv = shutil.which("setpriv")
    tied = [setpriv, "--pdeathsig", "INT"] if setpriv else []
    with Path(folder, "log").open("w", encoding="utf-8") as log:
        process = subprocess.Popen([*tied, *command], cwd=folder, user=user, stdout=log, stderr=log)
    atexit.register(_end, process)
    return process


def _end(process: subprocess.Popen) -> None:
    process.send_signal(signal.SIGINT)
    process.wait(30)


def _await(process: subprocess.Popen, answers: Callable[[], bool], folder: str) -> None:
    """Ask until it is so, at most half a minute: a server tells no other way."""
    pause = threading.Event()
    for _ in range(600):
        if answers():
            return
        if process.poll() is not None:
            break
        pause.wait(0.05)
    raise AssertionError(Path(folder, "log").read_text(encoding="utf-8"))


def _connects(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def _serves(programs: Path, port: int) -> bool:
    command = [f"{programs}/pg_isready", "-h", "127.0.0.1", "-p", str(port), "-q"]
    return subprocess.run(command, check=False).returncode == 0
