"""Nothing that a run on the wire has started outlives it, whoever is killed."""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.stores.store_servers import Redis, free_port
from tokenrace.files.owned_folder import owned_folder
from tokenrace.simulation.wire.leftovers import note_of, remove_what_runs_left
from tokenrace.stores.places import PostgresServer, RedisServer, SqliteFile

SCENARIO = """
name: mine
provider: {{live_tokens: 1, lifetime: 1h}}
fleet: {{processes: 1, workers: 1}}
workload: {{arrivals: {{process: closed, think: 50ms}}, operations: {{get_user: 1}}}}
store: memory
strategies: [{{name: ours, command: {command}}}]
run: {{duration: {duration}, seeds: 1, engine: wire}}
"""
STARTS_OTHERS = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
sleep = [sys.executable, "-c", "import time; time.sleep(600)"]
mine = subprocess.Popen(sleep)
apart = subprocess.Popen(sleep, start_new_session=True)
with open(sys.argv[1] + ".new", "w") as file:
    file.write(f"{os.getppid()} {os.getpid()} {mine.pid} {apart.pid}")
os.rename(sys.argv[1] + ".new", sys.argv[1])
time.sleep(600)
"""
"""Ignores SIGTERM, and has two children, of which one leaves its process group."""


def wait_until(condition):
    """Ask until it is so, at most two minutes: the operating system tells no other way."""
    pause = threading.Event()
    for _ in range(2_400):
        if condition():
            return
        pause.wait(0.05)
    raise AssertionError(condition)


def is_alive(pid):
    """Return whether there is such a process, and not only what is left for its parent to read."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def begun(tmp_path, duration):
    """``tokenrace run`` of that program, and the ids of the client, the program and its two."""
    pids = tmp_path / "pids"
    command = json.dumps([sys.executable, "-c", STARTS_OTHERS, str(pids)])
    scenario = tmp_path / "mine.yaml"
    scenario.write_text(SCENARIO.format(command=command, duration=duration), encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, "-m", "tokenrace", "run", str(scenario), "--out", "out"],
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wait_until(pids.exists)
    return process, [int(each) for each in pids.read_text(encoding="ascii").split()]


@pytest.mark.parametrize("victim", ["tokenrace", "the client", "nobody"])
def test_a_program_and_all_it_has_started_end_with_their_run(tmp_path, victim):
    """SIGKILL to the run, to the client process that started the program, or its end after two
    seconds: no child of the program's is left, not even one in a session of its own."""
    process, pids = begun(tmp_path, "2s" if victim == "nobody" else "20s")
    if victim == "tokenrace":
        process.kill()
    elif victim == "the client":
        os.kill(pids[0], signal.SIGKILL)
    try:
        wait_until(lambda: not any(map(is_alive, pids)))
    finally:
        process.terminate()
        process.wait(60)


LEAVES_A_NOTE = """
import os, signal, sys
from pathlib import Path
from tokenrace.files.owned_folder import owned_folder
with owned_folder(Path(sys.argv[1]), "tokenrace-", sys.argv[2]):
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """A folder for temporary files of the test's own."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def killed_with(folder, note):
    """Have a process make its folder, note ``note`` and be killed."""
    command = [sys.executable, "-c", LEAVES_A_NOTE, str(folder), note]
    subprocess.run(command, check=False, timeout=60)
    assert len(list(folder.glob("*.owner"))) == 1


def test_keys_of_a_run_that_was_killed_are_removed_by_the_next(temporary):
    """From the server that its note names; another run's keys on it stay."""
    redis = Redis()
    for key in ("tokenrace_1:record", "tokenrace_1:lease", "tokenrace_2:record"):
        redis_answers(redis, "SET", key, "x")
    killed_with(temporary, note_of(RedisServer(redis.url, "tokenrace_1")))

    assert remove_what_runs_left(environment={}) == []
    assert redis_answers(redis, "KEYS", "*") == "tokenrace_2:record"
    assert not list(temporary.glob("*.owner"))


def test_what_cannot_be_removed_is_named_and_tried_again(temporary):
    """The server is not there now: the note stays, and says how to be rid of it."""
    url = f"redis://127.0.0.1:{free_port()}/0"
    killed_with(temporary, note_of(RedisServer(url, "tokenrace_1")))
    for _ in range(2):
        (told,) = remove_what_runs_left(environment={})
        assert told.startswith(f"A run left the keys tokenrace_1:* on {url}, which")
        assert ".owner to forget it" in told


def test_a_note_holds_no_password(temporary):
    """It is found again by the URL without; what is in a file needs no note."""
    note = note_of(PostgresServer("postgresql://me:secret@127.0.0.1/d", "tokenrace_1"))
    assert "secret" not in note
    assert "tokenrace_1" in note
    assert note_of(SqliteFile(temporary / "store.db")) == ""


def test_a_run_that_lives_is_left_alone(temporary):
    """Its folder and its keys."""
    note = note_of(RedisServer(f"redis://127.0.0.1:{free_port()}/0", "tokenrace_1"))
    with owned_folder(temporary, "tokenrace-", note) as folder:
        assert remove_what_runs_left(environment={}) == []
        assert folder.is_dir()
    assert not list(temporary.iterdir())


def redis_answers(redis, *words):
    """What redis-cli says, without its last line's end."""
    command = ["redis-cli", "-p", str(redis.port), *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
