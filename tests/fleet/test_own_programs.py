"""A program of the user's own as a strategy, in any language: real processes, real HTTP."""

import json
import re
import shutil
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.skipped import leave_out
from tokenrace.cli.app import app
from tokenrace.errors import ScenarioError
from tokenrace.scenario import parse
from tokenrace.strategies.catalogue import CATALOGUE

EXAMPLES = Path(__file__).parents[2] / "docs/examples"
TEXT = """
name: mine
provider: {{live_tokens: {cap}, lifetime: 1h}}
fleet: {{processes: 2, workers: 2}}
workload: {{arrivals: {{process: closed, think: 50ms}}, operations: {{get_user: 1}}}}
network: {{token: 20ms, api: 10ms}}
store: memory
strategies:
  - {{name: ours, command: {command}}}
{more}run: {{duration: 2s, seeds: 1, engine: {engine}}}
"""
CALLER = """
import base64, json, os, time, urllib.error, urllib.parse, urllib.request
get = lambda name: os.environ["TOKENRACE_" + name]
def token():
    client = base64.b64encode((get("CLIENT_ID") + ":" + get("CLIENT_SECRET")).encode())
    form = {"grant_type": "account_credentials", "account_id": get("ACCOUNT_ID")}
    body = urllib.parse.urlencode(form).encode()
    request = urllib.request.Request(get("TOKEN_URL"), body)
    request.add_header("Authorization", "Basic " + client.decode())
    return json.load(urllib.request.urlopen(request))["access_token"]
mine = token()
time.sleep(0.3 if get("PROCESS") == "0" else 0.1)
while True:
    call = urllib.request.Request(get("API_URL") + "/v2/users/me")
    call.add_header("Authorization", "Bearer " + mine)
    try:
        urllib.request.urlopen(call).read()
    except urllib.error.HTTPError as refused:
        assert refused.code == 401, refused
    time.sleep(0.05)
"""
"""Asks once for a token, and goes on calling with it whatever the answer."""


def a_text(*command, cap=1, more="", engine="wire"):
    """A scenario whose one strategy is ``command``."""
    return TEXT.format(command=json.dumps(list(command)), cap=cap, more=more, engine=engine)


def ran(folder, *command, **settings):
    """What ``tokenrace run`` makes of it: the result of the command line, and the summary."""
    file = folder / "mine.yaml"
    file.write_text(a_text(*command, **settings))
    done = CliRunner().invoke(app, ["run", str(file), "--out", str(folder / "out")])
    path = folder / "out/mine/summary.json"
    return done, json.loads(path.read_text()) if path.exists() else None


def test_the_providers_own_record_has_the_figures(tmp_path):
    """Two programs with a token each at a provider that keeps one live: the process that asked
    first calls with a dead one for good, and the other never. Whether an operation failed, and how
    long it waited, nobody but the program knows."""
    done, summary = ran(tmp_path, sys.executable, "-c", CALLER)
    figures = summary["strategies"]["ours"]

    assert done.exit_code == 0, done.output
    assert (figures["tokens_issued"], figures["causes"]["evicted"] > 5) == (2, True)
    assert 0.2 < figures["rate_401"]["mean"] < 0.8
    assert figures["operations"] == 0
    assert figures["latency_ms"]["p95"] is None
    (head,) = (line for line in done.output.splitlines() if "401 rate" in line and "┃" in line)
    (row,) = (line for line in done.output.splitlines() if line.startswith("│ ours"))
    names, cells = ([cell.strip() for cell in re.split("[┃│]", line)] for line in (head, row))
    of = dict(zip(names, cells, strict=True))
    assert (of["failed"], of["p95"]) == ("-", "-")


def test_a_program_that_fails_is_told_with_what_it_said(tmp_path):
    """Its status, and its last lines; exit code 1, as it is the strategy that failed."""
    done, summary = ran(
        tmp_path, sys.executable, "-c", "print('no luck today'); raise SystemExit(3)"
    )

    assert done.exit_code == 1
    assert "ended with exit status 3" in done.output
    assert "no luck today" in done.output
    assert summary is None


def test_the_other_strategies_results_are_kept(tmp_path):
    """Exit code 1 for the one that failed, whose trace goes; what the others came to is there."""
    more = f"  - {{name: fine, command: {json.dumps([sys.executable, '-c', CALLER])}}}\n"
    done, summary = ran(tmp_path, "false", cap=8, more=more)

    assert done.exit_code == 1
    assert "strategy ours, seed 1: " in done.output
    assert "false: ended with exit status 1" in done.output
    assert list(summary["strategies"]) == ["fine"]
    assert [path.name for path in tmp_path.glob("out/mine/trace/*")] == ["fine-1.jsonl"]


def test_both_engines_are_not_to_be_had(tmp_path):
    """``agree`` says so before the first run."""
    file = tmp_path / "mine.yaml"
    file.write_text(a_text("x"))
    done = CliRunner().invoke(app, ["agree", str(file)])

    assert done.exit_code == 2
    assert "strategies[0]: a command runs only on the wire engine" in done.output
    assert "agree needs both engines" in done.output


def test_a_program_is_killed_and_started_again_like_any_process(tmp_path):
    """Process 0 is killed after half a second and begins anew, with a token of its own: three in
    all. The trace tells of its death and of its second life, and nobody is in doubt."""
    more = "faults: [{at: 500ms, crash: {process: 0, restart: 100ms}}]\n"
    done, summary = ran(tmp_path, sys.executable, "-c", CALLER, cap=8, more=more)
    trace = (tmp_path / "out/mine/trace/ours-1.jsonl").read_text()

    assert done.exit_code == 0, done.output
    assert summary["doubts"] == []
    assert summary["strategies"]["ours"]["tokens_issued"] == 3
    assert re.search(r'"event":"process_ended","at":\d+,"process":0,', trace)
    assert re.search(r'"event":"process_started","at":\d+,"process":0,"life":2', trace)


def test_a_program_that_never_calls_makes_the_run_inconclusive(tmp_path):
    """It may have the wrong address; a 401 rate of nothing would look like none."""
    done, summary = ran(tmp_path, sys.executable, "-c", "import time; time.sleep(60)")

    assert done.exit_code == 3
    assert summary["doubts"] == ["ours, seed 1: the API was never called"]


@pytest.mark.parametrize(
    ("program", "why"),
    [
        ("no-such-program", "there is no program no-such-program on the PATH"),
        ("./nowhere.sh", r"there is no file ./nowhere.sh in "),
    ],
)
def test_a_program_that_is_not_there_is_said_before_the_first_run(tmp_path, program, why):
    """It is wrong input: exit code 2."""
    done, _ = ran(tmp_path, program)

    assert done.exit_code == 2
    assert why in done.output


def test_virtual_time_has_no_programs(tmp_path):
    """Said when the file is read, and by a check that would have to run it there."""
    with pytest.raises(ScenarioError, match=r"strategies\[0\].*wire engine"):
        parse(a_text("x", engine="virtual").encode(), CATALOGUE, Path("mine.yaml"))
    file = tmp_path / "mine.yaml"
    file.write_text(a_text(sys.executable, "-c", CALLER))

    checked = CliRunner().invoke(app, ["check", str(file)])

    assert checked.exit_code == 2
    assert "add --engine wire" in checked.output


@pytest.mark.parametrize(
    "fault",
    [
        "crash: {process: 0, when: before_issue}",
        "clock: {process: 0, behind: 1s}",
        "cancel_leader: {process: 0}",
        "deploy: {strategy: single_flight, every: 1s}",
    ],
)
def test_what_only_our_own_code_can_meet_is_refused_with_the_reason(fault):
    """A program is killed, paused, restarted and scaled; its insides are its own."""
    text = a_text("x", more=f"faults: [{{at: 1s, {fault}}}]\n")
    with pytest.raises(ScenarioError, match=r"faults\[0\].*ours"):
        parse(text.encode(), CATALOGUE, Path("mine.yaml"))


@pytest.mark.parametrize(("runtime", "strategy"), [("curl", "in_shell"), ("node", "in_node")])
def test_the_examples_of_the_documentation_run(tmp_path, monkeypatch, runtime, strategy):
    """Two processes of each keep a token of their own, and the provider keeps two: what the file
    promises holds, and each process has asked once."""
    if shutil.which(runtime) is None:
        leave_out(f"no {runtime} on this machine")
    monkeypatch.chdir(EXAMPLES)

    done = CliRunner().invoke(
        app, ["run", "command.yaml", "--strategy", strategy, "--out", str(tmp_path)]
    )
    summary = json.loads((tmp_path / "command/summary.json").read_text())

    assert done.exit_code == 0, done.output
    assert summary["strategies"][strategy]["tokens_issued"] == 2


def test_the_promises_of_the_example_can_be_broken(tmp_path, monkeypatch):
    """A worker that asks for a token with every call has more than two issued."""
    if shutil.which("curl") is None:
        leave_out("no curl on this machine")
    keeps = (EXAMPLES / "worker.sh").read_text()
    asks = keeps.replace('if [ "$status" = 401 ]; then', "if true; then")
    assert asks != keeps
    (tmp_path / "worker.sh").write_text(asks)
    (tmp_path / "worker.sh").chmod(0o755)
    (tmp_path / "command.yaml").write_text((EXAMPLES / "command.yaml").read_text())
    monkeypatch.chdir(tmp_path)

    done = CliRunner().invoke(app, ["run", "command.yaml", "--strategy", "in_shell"])

    assert done.exit_code == 1, done.output
