"""What commands load before they do anything: nothing that they do not need.

The times themselves are in the benchmarks; a machine at work on something else would fail a test.
"""

import pickle
import subprocess
import sys

import pytest

from tests.cli.test_cli import GOOD
from tokenrace.scenario import parse
from tokenrace.simulation.planning import plan_run
from tokenrace.strategies.catalogue import CATALOGUE

HEAVY = ("numpy", "matplotlib", "aiohttp", "httpx", "hypothesis", "jinja2", "tokenrace.server")
LOADED = """
import sys
from tokenrace.cli.app import app
try:
    app(sys.argv[1:])
except SystemExit as done:
    assert done.code == 0, done.code
print(*(name for name in {heavy} if name in sys.modules), file=sys.stderr)
"""


def loaded(*words):
    """Return which heavy modules a command has loaded when it ends."""
    code = LOADED.format(heavy=HEAVY)
    ended = subprocess.run(
        [sys.executable, "-c", code, *map(str, words)], capture_output=True, text=True, check=True
    )
    return ended.stderr.split()


@pytest.mark.parametrize("words", [("--help",), ("check", "--help"), ("--version",)])
def test_help_loads_nothing_heavy(words):
    """Nor what reads a scenario."""
    assert loaded(*words) == []


def test_validating_a_file_loads_nothing_that_makes_runs(tmp_path):
    """It is what an editor and a commit hook wait for."""
    path = tmp_path / "s.yaml"
    path.write_text(GOOD)

    assert loaded("validate", path) == []


CHILDREN = """
import pickle, sys
import tokenrace.cli
from tokenrace.simulation.wire import broker_process, client_process, server_process
from tokenrace.simulation.wire import store_conductor
pickle.load(sys.stdin.buffer)
print(*sorted(name for name in {refused} if name in sys.modules))
"""
READER = ("pydantic", "tokenrace.scenario", "typer", "yaml")


def test_the_processes_of_a_run_on_the_wire_load_no_reader_of_scenarios(tmp_path):
    """A plan from a file, faults, a server as its store and a class of the user's among it, is
    unpickled in each child of a run on the wire: values of the run, and nothing of the file."""
    text = (
        GOOD.replace("[single_flight]", '[{name: ours, python: "shop:Source"}]')
        + "store: {kind: redis, url: 'redis://127.0.0.1:1/0'}\n"
        + "faults: [{at: 100ms, revoke: all}, {at: 200ms, crash: {process: 0}}]\n"
    )
    scenario = parse(text.encode(), CATALOGUE, tmp_path / "s.yaml")
    plan = plan_run(scenario, scenario.strategies[0], seed=1, time_scale=1)
    code = CHILDREN.format(refused=READER)
    ended = subprocess.run(
        [sys.executable, "-c", code], input=pickle.dumps(plan), capture_output=True, check=True
    )

    assert ended.stdout.decode().split() == []
