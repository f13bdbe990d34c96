"""Scenarios to check, small enough to take no time, and checks of them."""

import re
import sys

import pytest
from typer.testing import CliRunner

from tokenrace.cli.app import app
from tokenrace.gate.findings import CaseChecked, Checked, Finding, WayBack
from tokenrace.trace.events import CallRefused, TokenIssued

ENVIRONMENT = ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "GITHUB_WORKSPACE")
SCENARIO = """\
name: {name}
provider: {{live_tokens: 1, lifetime: 10m}}
fleet: {{processes: 2, workers: 1}}
workload: {{arrivals: {{process: closed, think: exponential 10s}}, operations: {{get_user: 1}}}}
network: {{token: uniform 50ms 150ms, api: uniform 20ms 90ms}}
strategies:
  - {strategy}
expect:
  {of}: {{{expect}}}
run: {{duration: 15m, seeds: {seeds}, engine: virtual}}
"""
LONE, FLEET = "check_then_act", "shared_lock"
"""With a cap of one token for two processes: one that gets 401s, and one that gets none."""


def a_scenario(name="small", *, strategy=FLEET, of=None, expect="rate_401: == 0", seeds=2):
    """The text of a scenario; its strategy is in line 7, what is expected in line 9."""
    return SCENARIO.format(
        name=name, strategy=strategy, of=of or strategy, expect=expect, seeds=seeds
    )


def a_finding(**changes):
    """A finding that is a pass, but for ``changes``."""
    plain = {
        "kind": "expectation",
        "strategy": "ours",
        "what": "rate_401 <= 1%",
        "verdict": "pass",
        "measured": "0 %",
        "line": 9,
        "column": 12,
    }
    return Finding(**(plain | changes))


def a_failure(**changes):
    """A finding that failed, with the way back and the blame."""
    back = WayBack(
        seed=3,
        command="tokenrace replay s.yaml --strategy ours --seed 3",
        blame=("00:00:09: p0.w1 got 401 with token 1: evicted", "p0 held it"),
        chain=(
            TokenIssued(at=1, token=1, expires_at=9, asked_by="p0"),
            CallRefused(at=9, token=1, cause="evicted", asked_by="p0.w1"),
        ),
    )
    failed = {"verdict": "fail", "measured": "12 %", "why": "in every run", "way_back": back}
    return a_finding(**(failed | changes))


def a_case(*findings, title="small", **changes):
    """What was found of a scenario."""
    plain = {
        "title": title,
        "file": f"scenarios/{title}.yaml",
        "engine": "virtual",
        "engine_in_file": "virtual",
        "runs": 4,
        "runs_planned": 4,
        "took_s": 1.25,
        "findings": findings,
    }
    return CaseChecked(**(plain | changes))


def a_check(*cases, notes=()):
    """What was found of all."""
    return Checked(
        version="0.1.0",
        command="tokenrace check scenarios",
        baseline=None,
        began_at=1_795_626_995,
        took_s=2.5,
        cases=cases,
        notes=notes,
    )


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty working folder, outside any CI, of whose modules nothing stays imported."""
    for name in ENVIRONMENT:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [path for path in sys.path if path])
    yield tmp_path
    for module in [name for name in sys.modules if name == "mine"]:
        del sys.modules[module]


def put(folder, name, text):
    """Write a file, its folder with it."""
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)


def without_progress(stderr):
    """The lines of standard error that do not only say how far many runs have come."""
    return [
        line
        for line in stderr.splitlines()
        if " runs/s, " not in line and not re.match(r"run \d+ of \d+: ", line)
    ]


def check(*words):
    """Run the command; return its exit code and the lines of its output and errors."""
    got = CliRunner().invoke(app, ["check", "--jobs", "1", *map(str, words)])
    assert got.exception is None or isinstance(got.exception, SystemExit), got.exception
    return got.exit_code, got.stdout.splitlines(), without_progress(got.stderr)
