"""Processes that die during a run on the wire engine: a client, the provider, the parent."""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.simulation.wire.wire_runs import SMALL, THINKING, Silent, a_scenario, one_run
from tokenrace.analysis.doubts import doubts_about
from tokenrace.analysis.figures import figures_of
from tokenrace.cli.exits import told_to_the_user
from tokenrace.trace.events import ProcessStarted
from tokenrace.trace.files import read_trace


def test_a_process_that_dies_is_reported_and_its_requests_are_unknown(tmp_path):
    """SIGKILL to one client half-way: the others go on, and the trace says who died and how.

    One that only waited for the crash that is planned dies as well: that is no death of the fleet,
    and another starts in its place when it is wanted.
    """
    watcher = Silent(at=1_000_000, act=lambda: (kill("process 2"), kill("spare process 4")))
    faults = "[{at: 40m, crash: {process: 1, restart: 0s}}]"
    run = one_run(a_scenario("single_flight", cap=3, faults=faults), tmp_path, watcher)

    (death,) = run.deaths
    assert (death.process, death.reason) == (2, "killed by SIGKILL")
    assert death in list(run.events())
    (started,) = (event for event in run.events() if isinstance(event, ProcessStarted))
    assert (started.process, started.life) == (1, 2)
    assert read_trace(run.trace).deaths == run.deaths
    assert run.clients.unknown >= death.in_flight
    assert figures_of([run]).operations > 100


def test_a_provider_that_dies_ends_the_run(tmp_path):
    """Without the provider there is nothing to measure: the run ends there and then, with what was
    counted by then and the provider's death, so that nobody takes it for a whole one."""
    watcher = Silent(at=2_000_000, act=lambda: kill("the provider's process"))
    run = one_run(a_scenario("single_flight", cap=3), tmp_path, watcher)

    (death,) = run.deaths
    assert (death.process, death.reason) == ("the provider's process", "killed by SIGKILL")
    assert death.at < run.header.duration
    assert death in list(run.events())
    assert read_trace(run.trace).deaths == run.deaths
    assert sum(run.provider.responses) > 0
    (doubt,) = doubts_about({"single_flight": [run]}, {})
    assert doubt == (
        "single_flight, seed 1: the provider's process died unexpectedly (killed by SIGKILL)"
    )


def kill(name: str) -> None:
    """By name: process ids start over at 32,768, so the last one started may have the lowest, and
    the highest may be multiprocessing's resource tracker, which must not die."""
    (process,) = [child for child in multiprocessing.active_children() if child.name == name]
    process.kill()


def children_of(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    return [int(child) for child in text.split()]


def all_below(pid: int) -> list[int]:
    below = children_of(pid)
    return below + [deeper for child in below for deeper in all_below(child)]


def stands_still(pid: int) -> bool:
    """Stopped by a signal: T is the third field of Linux's stat, after a name in brackets."""
    return (
        Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] == "T"
    )


VIRTUAL = """
name: small
provider: {live_tokens: 1, lifetime: 1h}
fleet: {processes: 2, workers: 1}
workload: {arrivals: {process: closed, think: 1m}, operations: {get_user: 1}}
strategies: [single_flight]
run: {duration: 2h, seeds: 1, engine: virtual}
"""


def environment(tmp_path):
    """Ours, with a folder for temporary files of the test's own."""
    (tmp_path / "temporary").mkdir(exist_ok=True)
    return {**os.environ, "TMPDIR": str(tmp_path / "temporary")}


@pytest.fixture
def started(tmp_path):
    """``tokenrace run`` of a long scenario with one process under SIGSTOP and one that is spare."""
    scenario = tmp_path / "long.yaml"
    text = SMALL.format(
        cap=1,
        processes=2,
        arrivals=THINKING,
        strategy="single_flight",
        duration="20h",
        faults="[{at: 0s, pause: {process: 0, for: 1h}}, {at: 19h, crash: {process: 1}}]",
    )
    scenario.write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "tokenrace", "run", str(scenario), "--out", "out"]
    # A shell starts background jobs with SIGINT ignored, and children inherit that.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    with subprocess.Popen(
        command,
        cwd=tmp_path,
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        signal.signal(signal.SIGINT, before)
        first = next(line for line in process.stdout if not line.startswith("WARNING"))
        assert first.startswith("run 1 of 1: single_flight")
        await_children(process.pid, 5)  # resource tracker, provider, two clients, one spare
        wait_until(lambda: any(map(stands_still, all_below(process.pid))))
        yield process
        process.kill()


def await_children(pid: int, count: int) -> None:
    wait_until(lambda: len(all_below(pid)) >= count)


def wait_until(condition) -> None:
    """Ask until it is so, at most a minute: the operating system tells no other way."""
    pause = threading.Event()
    for _ in range(1_200):
        if condition():
            return
        pause.wait(0.05)
    raise AssertionError(condition)


def test_ctrl_c_ends_every_process_and_leaves_no_results(started, tmp_path):
    """Exit code 130; the terminal sends SIGINT to the whole group, here to the parent alone."""
    below = all_below(started.pid)
    started.send_signal(signal.SIGINT)
    output, _ = started.communicate(timeout=30)

    assert started.returncode == 130
    assert output == "Interrupted: all processes were ended and nothing was written.\n"
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in below))
    assert not (tmp_path / "out").exists()


def test_being_terminated_cleans_up_as_well(started, tmp_path):
    """SIGTERM is how a CI job is cancelled: no process, no folder."""
    below = all_below(started.pid)
    started.send_signal(signal.SIGTERM)
    started.communicate(timeout=30)

    assert started.returncode == 143
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in below))
    assert not (tmp_path / "out").exists()


def test_a_terminal_that_is_closed_ends_a_command_as_sigterm_does():
    """By the same way, with another exit code."""
    before = {each: signal.getsignal(each) for each in (signal.SIGHUP, signal.SIGTERM)}
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    try:
        with pytest.raises(SystemExit) as ended, told_to_the_user():
            signal.raise_signal(signal.SIGHUP)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert ended.value.code == 129


def test_killing_the_parent_leaves_no_process_behind(started, tmp_path):
    """SIGKILL cannot be caught; the children notice that nobody is there any more, and the kernel
    ends the one that cannot notice anything, as it stands still. The folders it had stay, until
    the next run removes them."""
    below = all_below(started.pid)
    started.kill()
    started.wait()

    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in below))
    (hidden,) = (tmp_path / "out").glob(".*[0-9a-f]")
    (temporary,) = (tmp_path / "temporary").glob("tokenrace-*[0-9a-f]")
    assert hidden.is_dir()
    assert temporary.is_dir()

    small = tmp_path / "small.yaml"
    small.write_text(VIRTUAL, encoding="utf-8")
    again = [sys.executable, "-m", "tokenrace", "run", str(small), "--out", "out"]
    subprocess.run(again, cwd=tmp_path, env=environment(tmp_path), timeout=300, check=True)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["small"]
    assert not list((tmp_path / "temporary").iterdir())
