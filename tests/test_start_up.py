"""What commands load before they do anything: nothing that they do not need.

The times themselves are in the benchmarks; a machine at work on something else would fail a test.
"""

import subprocess
import sys

import pytest

from tests.test_cli import GOOD

HEAVY = ("numpy", "matplotlib", "aiohttp", "httpx", "hypothesis", "jinja2", "simulator.server")
LOADED = """
import sys
from simulator.cli.app import app
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
