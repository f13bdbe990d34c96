"""A sweep of 48 runs, each a few milliseconds, and how to make it."""

import pytest
from pyarrow import parquet
from typer.testing import CliRunner

from tokenrace.cli.app import app

SMALL = """
name: small
provider: {live_tokens: 1, lifetime: 10m}
fleet: {processes: 4, workers: 1}
workload: {arrivals: {process: closed, think: exponential 1m}, operations: {get_user: 1}}
network: {token: 200ms, api: 100ms}
strategies: [single_flight, {name: locked, preset: shared_lock}]
run: {duration: 30m, seeds: 2}
sweep: {over: {fleet.processes: 1..4, provider.live_tokens: "1,2,none"}}
"""
CELLS = 4 * 3 * 2 * 2


def tokenrace(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


def table(folder):
    return parquet.read_table(folder / "table.parquet").to_pylist()


@pytest.fixture(scope="module")
def scenario(tmp_path_factory):
    """A scenario with a sweep of 48 runs, each a few milliseconds."""
    path = tmp_path_factory.mktemp("scenario") / "small.yaml"
    path.write_text(SMALL, encoding="utf-8")
    return path
