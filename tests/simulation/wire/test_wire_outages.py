"""A real store that fails unasked in a run on the wire: told, and the run says nothing."""

import subprocess

import pytest

from tests.simulation.wire.test_wire_stores import a_scenario
from tests.simulation.wire.wire_runs import Silent, one_run
from tests.stores.store_servers import Redis
from tokenrace.analysis.doubts import doubts_about
from tokenrace.clock import MILLISECOND, SECOND
from tokenrace.faults.planned import Pause, StoreTrouble
from tokenrace.simulation.wire.store_troubles import StoreTroubles
from tokenrace.simulation.wire.strikes import Strikes
from tokenrace.stores.contract import StoreUnavailable, UnplannedOutage
from tokenrace.trace.tally import AS_PLANNED


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    """A folder for temporary files of the test's own: a store that is killed leaves a note."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


def said(redis, *words):
    """What the server answers to a command."""
    command = ["redis-cli", "-p", str(redis.port), *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


TROUBLES = {
    "killed": (lambda redis: redis.process.kill(), "Redis: "),
    "read-only": (
        lambda redis: said(redis, "REPLICAOF", "127.0.0.1", "1"),
        "against a read only replica)",
    ),
    "full": (
        lambda redis: said(redis, "CONFIG", "SET", "maxmemory", "1"),
        "not allowed when used memory > 'maxmemory')",
    ),
}


@pytest.mark.parametrize(("cause", "reason"), TROUBLES.values(), ids=TROUBLES)
def test_a_store_that_fails_unasked_makes_the_run_inconclusive(tmp_path, cause, reason):
    """Redis is killed, becomes a replica that only reads, or has no memory left, half a second into
    a run: how many calls failed, since when and why is told, and whose fault it was not."""
    redis = Redis()
    store = f"{{kind: redis, url: '{redis.url}'}}"
    scenario = a_scenario("shared_lock", store, duration="80m")  # a token lasts 60
    watcher = Silent(at=500 * MILLISECOND, act=lambda: cause(redis))
    run = one_run(scenario, tmp_path, watcher)

    (doubt,) = doubts_about({"shared_lock": [run]}, {})
    assert doubt.startswith("shared_lock, seed 1: ")
    assert " of the store failed from " in doubt
    assert "which no fault of the scenario explains (" in doubt
    assert reason in doubt


def test_a_file_that_cannot_be_written_is_told(tmp_path, temporary):
    """The folder of the host file is taken away half-way: nobody can write it."""
    scenario = a_scenario("host_file_lock", "{kind: host_file}")
    taken = []

    def take_away():
        for spool in temporary.glob("tokenrace-*/store.json*"):
            spool.unlink()
            spool.mkdir()
            taken.append(spool)

    run = one_run(scenario, tmp_path, Silent(at=500 * MILLISECOND, act=take_away))

    assert taken
    (doubt,) = doubts_about({"host_file_lock": [run]}, {})
    assert "host file: " in doubt


def troubles(tmp_path, now, *, down=(), pauses=()):
    """A process's troubles at the instant ``now``, with calls that take a second at most."""
    return StoreTroubles(
        troubles=down,
        pauses=pauses,
        clock=Stopped(now),
        strikes=Strikes(tmp_path / "x.jsonl"),
        answer_within=SECOND,
    )


class Stopped:
    """A clock that stands still."""

    def __init__(self, at):
        self.at = at

    def now(self):
        """Return the instant."""
        return self.at


DOWN = StoreTrouble(fault=0, at=10 * SECOND, until=20 * SECOND, kind="down")
PAUSE = Pause(fault=1, at=10 * SECOND, process=0, span=10 * SECOND)


@pytest.mark.parametrize("planned", [{"down": [DOWN]}, {"pauses": [PAUSE]}], ids=["down", "pause"])
@pytest.mark.parametrize(
    ("made_at", "now", "is_planned"),
    [
        (8 * SECOND, 10 * SECOND - 1, False),
        (8 * SECOND, 10 * SECOND, True),
        (15 * SECOND, 16 * SECOND, True),
        (21 * SECOND - 1, 22 * SECOND, True),
        (21 * SECOND, 22 * SECOND, False),
    ],
)
def test_a_failure_is_explained_by_a_fault_that_it_met(tmp_path, planned, made_at, now, is_planned):
    """Of ten seconds from 10 s on, and a call's second more: a store that was away takes a call to
    answer, and who stands still may hold what others wait for."""
    told = troubles(tmp_path, now, **planned).told(StoreUnavailable("Redis: no answer"), made_at)

    assert isinstance(told, UnplannedOutage) != is_planned
    assert str(told).startswith(AS_PLANNED) == is_planned
    assert str(told).endswith("Redis: no answer")


def test_what_has_been_told_once_stays(tmp_path):
    """A row lock's failure passes through twice."""
    clock = troubles(tmp_path, 0)
    first = clock.told(StoreUnavailable("SQLite: database is locked"), 0)
    assert clock.told(first, 0) is first
    planned = troubles(tmp_path, 15 * SECOND, down=[DOWN])
    second = planned.told(StoreUnavailable("x"), 15 * SECOND)
    assert planned.told(second, 15 * SECOND) is second
