"""Processes of a run on the wire that neither end nor die: it ends all the same, and tells."""

import multiprocessing
import os
import signal
from pathlib import Path

import pytest

from tests.simulation.wire.wire_runs import Silent, a_scenario, one_run
from tokenrace.clock import SECOND
from tokenrace.errors import RunError, RunFailed, RunLost, error_of_all
from tokenrace.simulation.wire.children import Children, await_ready, describe_exit
from tokenrace.simulation.wire.engine import WireEngine

HASTY = WireEngine(end_within=SECOND)
"""Waits one second after a run's end, not ten."""
SPINS = """
class Spins:
    def __init__(self, zoom):
        self.zoom = zoom

    async def token(self):
        while True:
            pass

    async def rejected(self, token):
        return
"""


def stop(name: str) -> None:
    """Send SIGSTOP to our child of that name."""
    (process,) = [child for child in multiprocessing.active_children() if child.name == name]
    os.kill(process.pid, signal.SIGSTOP)


@pytest.mark.parametrize(
    ("name", "who"),
    [("process 1", 1), ("the provider's process", "the provider's process")],
)
def test_a_process_that_is_stopped_is_killed_after_the_run(tmp_path, name, who):
    """SIGSTOP to a client or to the provider, a second into a run of four: it ends a second after
    its end, and says who stood still. What the provider had told by then stands."""
    watcher = Silent(at=1_500_000, act=lambda: stop(name))
    run = one_run(a_scenario("single_flight", cap=3), tmp_path, watcher, HASTY)

    (death,) = run.deaths
    assert death.process == who
    assert death.reason == ("killed 1 s after the run's end: it was stopped by a signal")
    assert death in list(run.events())
    assert sum(run.provider.responses) > 0
    assert not multiprocessing.active_children()


def test_a_class_that_spins_is_killed_and_its_line_told(tmp_path, monkeypatch):
    """``while True: pass`` in a strategy: its process hears neither us nor its own timers. The
    line is the loop's first or second, wherever it is at that instant."""
    (tmp_path / "spinning.py").write_text(SPINS, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    strategy = '{name: ours, python: "spinning:Spins"}'
    run = one_run(a_scenario(strategy, processes=1, duration="20m"), tmp_path, engine=HASTY)

    (death,) = run.deaths
    assert death.process == 0
    assert "killed 1 s after the run's end: it was busy in " in death.reason
    assert "spinning.py:7 (token)" in death.reason or "spinning.py:8 (token)" in death.reason


def test_a_run_is_ended_at_once_by_whoever_watches_it(tmp_path):
    """What a watcher raises ends the run, whatever its processes do: one of them stands still."""

    def enough() -> None:
        stop("process 0")
        raise TimeoutError

    with pytest.raises(TimeoutError):
        one_run(a_scenario("single_flight"), tmp_path, Silent(at=1_000_000, act=enough))
    assert not multiprocessing.active_children()


def test_one_that_does_not_start_ends_the_run_and_says_how(tmp_path):
    """Nobody can tell from it what the strategy is worth: the run is lost, not failed."""

    def kill_first() -> None:
        for child in multiprocessing.active_children():
            if child.name == "spare process 1":
                child.kill()
                watcher.done = True

    watcher = Meddling(kill_first)
    with pytest.raises(RunFailed, match=r"spare process 1 died while starting") as told:
        one_run(a_scenario("single_flight"), tmp_path, watcher)
    assert "killed by SIGKILL" in str(told.value)
    assert told.value.is_lost


class Meddling(Silent):
    """Acts at every report until it is ``done``."""

    def __init__(self, act):
        super().__init__()
        self.act, self.done = act, False

    def reached(self, at):
        """Act."""
        if not self.done:
            self.act()


class Unreadable:
    """What cannot be had in another process: the child fails over it before it begins."""

    def __reduce__(self):
        return _out_of_memory, ()


def _out_of_memory():
    raise MemoryError("no room for numpy")


def test_what_a_process_said_before_it_began_is_told(tmp_path):
    """A child that cannot even be set up has only its standard error to say why; its last line
    stands in the message, and not on the terminal."""
    with Children(tmp_path) as children:
        child = children.start("a spare", print, Unreadable())
        with pytest.raises(RunLost) as told:
            await_ready([child], lambda: None)
        assert (
            describe_exit(child) == "exit status 1; its last output: MemoryError: no room for numpy"
        )
    assert str(told.value) == (
        "a spare died while starting (exit status 1; its last output: "
        "MemoryError: no room for numpy)"
    )


def test_a_process_that_has_begun_has_the_terminal(tmp_path, capfd):
    """Only what it wrote before is kept back."""
    with Children(tmp_path) as children:
        child = children.start("a spare", _speak, None)
        assert not child.connection.poll(30) or child.connection.recv() == "spoken"

    assert capfd.readouterr().err == "hello\n"
    assert [Path(path).read_bytes() for path in tmp_path.glob("*.errors")] == [b""]


def _speak(seat, connection, in_flight):
    os.write(2, b"hello\n")
    connection.send("spoken")


def test_a_process_that_is_stopped_before_the_run_is_said_to_be(tmp_path, monkeypatch):
    """It never gets ready: the run is lost, and the message says why."""
    monkeypatch.setattr("tokenrace.simulation.wire.children.START_UP_S", 0.4)
    with Children(tmp_path) as children:
        child = children.start("a spare", _speak, None)
        os.kill(child.process.pid, signal.SIGSTOP)
        with pytest.raises(RunLost, match=r"did not start within 0 s: it was stopped by a"):
            await_ready([child], lambda: None)


def test_runs_are_lost_together_only_if_each_of_them_is():
    """``run`` and ``compare`` then exit with 3, as the machine failed; else with 1."""
    machine = RunFailed("naive", 1, "a client died", is_lost=True)
    class_ = RunFailed("ours", 2, "ValueError")

    assert type(error_of_all([machine], ["it"])) is RunLost
    assert type(error_of_all([machine, class_], ["it", "that"])) is RunError
    assert str(error_of_all([machine, class_], ["it", "that"])) == "it\nthat"
