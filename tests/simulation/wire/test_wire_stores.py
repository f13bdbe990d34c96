"""Stores that are servers in runs on the wire: where they are, gone, or not there at all."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulation.wire.wire_runs import SMALL, THINKING, Silent, one_run
from tests.stores.store_servers import Redis, free_port
from tokenrace.clock import MILLISECOND
from tokenrace.errors import RunFailed, SimulatorError
from tokenrace.scenario import parse
from tokenrace.simulation.experiment import Experiment, outcomes_of
from tokenrace.simulation.planning import plan_run
from tokenrace.simulation.wire.engine import WireEngine
from tokenrace.simulation.wire.leftovers import remove_what_runs_left
from tokenrace.simulation.wire.store_place import place_of
from tokenrace.store_choice import StoreChoice
from tokenrace.stores.places import PostgresServer, RedisServer
from tokenrace.strategies.catalogue import CATALOGUE
from tokenrace.trace.files import RecordedRun


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    """A folder for temporary files of the test's own: a store that is killed leaves a note."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


def a_text(strategy, store, duration="20m"):
    text = SMALL.format(
        strategy=strategy,
        cap=3,
        processes=2,
        arrivals=THINKING,
        duration=duration,
        faults="[]",
    )
    return text + f"store: {store}\n"


def a_scenario(strategy, store, duration="20m"):
    return parse(a_text(strategy, store, duration).encode(), CATALOGUE, Path("x.yaml"))


def test_a_store_that_disappears_is_the_strategys_trouble_and_ends_no_run(tmp_path):
    """Redis is killed half-way. The run goes on, and nobody knows what would have become of the
    operations that needed it: they are unknown, not refused."""
    server = Redis()
    scenario = a_scenario("shared_lock", f"{{kind: redis, url: '{server.url}'}}")

    run = one_run(scenario, tmp_path, Silent(at=500 * MILLISECOND, act=server.process.kill))

    ended = {outcome: sum(bins) for outcome, bins in run.clients.operations.items()}
    assert ended["ok"] > 0
    assert ended["unknown"] > 0
    assert run.deaths == ()


@pytest.mark.parametrize(
    ("kind", "url", "starts_with"),
    [
        ("redis", "redis://me:secret@127.0.0.1:{port}/0", "redis-server"),
        ("postgres", "postgresql://me:secret@127.0.0.1:{port}/db", "docker run"),
    ],
)
def test_a_store_that_is_not_there_ends_the_command_before_it_begins(
    tmp_path, kind, url, starts_with
):
    """Exit code 2: which, where without the password, and how to start one. Nothing is written."""
    port = free_port()
    scenario = tmp_path / "x.yaml"
    scenario.write_text(a_text("shared_lock", f"{{kind: {kind}, url: '{url.format(port=port)}'}}"))
    command = [sys.executable, "-m", "tokenrace", "run", str(scenario), "--out", "out"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.returncode == 2
    first, start, or_say = done.stderr.splitlines()[-3:]
    assert first.startswith(f"store {kind}: cannot be reached at {kind}")
    assert f"me@127.0.0.1:{port}" in first
    assert "secret" not in done.stderr
    assert start.startswith("Start one: docker run")
    assert starts_with in start
    assert or_say.startswith(f"Or say where one is: TOKENRACE_{kind.upper()}_URL=URL")
    assert not (tmp_path / "out").exists()


def test_a_store_that_disappears_between_runs_loses_those_that_follow(tmp_path):
    """Redis is killed in the first of two runs. That one is made; the second is lost, which is no
    verdict on the strategy and no wrong input."""
    server = Redis()
    scenario = a_scenario("shared_lock", f"{{kind: redis, url: '{server.url}'}}")
    experiment = Experiment(
        scenario=scenario, choices=scenario.strategies, seeds=(1, 2), time_scale=1_200
    )
    watcher = Silent(at=500 * MILLISECOND, act=server.process.kill)
    first, second = outcomes_of(experiment, WireEngine(), tmp_path, watcher)

    assert isinstance(first, RecordedRun)
    assert isinstance(second, RunFailed)
    assert second.is_lost
    assert str(second).startswith(
        f"strategy shared_lock, seed 2: store redis: cannot be reached at {server.url} (Redis: "
    )


def test_what_a_store_that_only_reads_keeps_is_named_and_removed_later(tmp_path, temporary):
    """The server becomes somebody's replica in the run, and its own master again afterwards."""
    server = Redis()
    scenario = a_scenario("shared_lock", f"{{kind: redis, url: '{server.url}'}}")
    one_run(
        scenario, tmp_path, Silent(at=500 * MILLISECOND, act=lambda: tell(server, "127.0.0.1 1"))
    )

    (left,) = remove_what_runs_left(environment={})
    assert left.startswith("A run left the keys tokenrace_")
    assert f":* on {server.url}, which cannot be removed now (" in left
    tell(server, "NO ONE")
    assert remove_what_runs_left(environment={}) == []
    assert not list(temporary.glob("*.owner"))


def tell(server, of):
    """Make ``server`` a replica."""
    command = ["redis-cli", "-p", str(server.port), "REPLICAOF", *of.split()]
    subprocess.run(command, capture_output=True, check=True)


def place(choice, environment):
    scenario = a_scenario("shared_lock", choice)
    plan = plan_run(scenario, scenario.strategies[0], 1, 1)
    assert plan.server is None or isinstance(plan.server, StoreChoice)
    return place_of(plan, Path("/tmp/tokenrace-a_b"), environment)


def test_the_environment_says_where_a_store_is_that_the_scenario_does_not():
    """What the scenario says counts more; with neither it is this machine."""
    elsewhere = {"TOKENRACE_REDIS_URL": "redis://elsewhere:1"}

    assert place("redis", elsewhere) == RedisServer("redis://elsewhere:1", "tokenrace_a_b")
    said = place("{kind: redis, url: 'redis://said:2'}", elsewhere)
    assert said == RedisServer("redis://said:2", "tokenrace_a_b")
    assert place("redis", {}) == RedisServer("redis://127.0.0.1:6379/0", "tokenrace_a_b")
    assert place("postgres", {}) == PostgresServer(
        "postgresql://postgres@127.0.0.1:5432/postgres", "tokenrace_a_b"
    )


def test_a_wrong_url_in_the_environment_is_named():
    """By the variable it is in."""
    with pytest.raises(SimulatorError, match="TOKENRACE_REDIS_URL must begin with 'redis://'"):
        place("redis", {"TOKENRACE_REDIS_URL": "localhost:6379"})
