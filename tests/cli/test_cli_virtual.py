"""``tokenrace run --engine virtual`` and ``tokenrace replay``, as a user meets them."""

import json
from dataclasses import replace
from types import MappingProxyType

import pytest
from typer.testing import CliRunner

from tests.checked import without_progress
from tests.strategies.wrong_strategies import Control, wait_for_nobody
from tokenrace.analysis.timeline import clock_time, timeline
from tokenrace.cli.app import app
from tokenrace.cli.asked import Options, read_request
from tokenrace.strategies import composing
from tokenrace.trace.files import read_events, read_trace

TWO_ROTATIONS = """
name: two-rotations
provider: {live_tokens: 1, lifetime: 10m}
fleet: {processes: 2, workers: 2}
workload: {arrivals: {process: closed, think: exponential 10s}, timeout: 2s}
network: {token: uniform 50ms 150ms, api: uniform 20ms 90ms, loss: {api: 0.5%}}
strategies: [check_then_act, shared_lock]
run: {duration: 20m, seeds: 2}
faults: [{at: 5m, partition: {process: 1, link: api, for: 1m}}]
"""
TRACES = [f"{name}-{seed}.jsonl" for name in ("check_then_act", "shared_lock") for seed in (1, 2)]


def tokenrace(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture(scope="module")
def scenario(tmp_path_factory):
    """A scenario in which tokens are evicted, messages lost, and most of the time is calm."""
    path = tmp_path_factory.mktemp("scenario") / "two-rotations.yaml"
    path.write_text(TWO_ROTATIONS, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def ran(scenario, tmp_path_factory):
    """A function: run the scenario on virtual time with more words; return output and folder."""

    def run(*words):
        out = tmp_path_factory.mktemp("out")
        got = tokenrace("run", scenario, "--engine", "virtual", "--out", out, *words)
        assert got.exit_code == 0, got.output
        return got.stdout, out / "two-rotations"

    return run


@pytest.fixture(scope="module")
def skipped(ran):
    """The scenario run once, calm time skipped."""
    return ran()


def summary_of(folder):
    return json.loads((folder / "summary.json").read_text(encoding="utf-8"))


def traces_of(folder):
    return {path.name: path.read_bytes() for path in sorted((folder / "trace").iterdir())}


def test_a_run_on_virtual_time_leaves_what_one_on_the_wire_leaves(skipped):
    """A trace for each strategy and seed, a summary that names the engine, plots."""
    output, folder = skipped
    summary = summary_of(folder)

    assert sorted(traces_of(folder)) == TRACES
    assert (summary["engine"], summary["seeds"], summary["time_scale"]) == ("virtual", [1, 2], 1)
    assert list(summary["strategies"]) == ["check_then_act", "shared_lock"]
    assert summary["strategies"]["check_then_act"]["causes"]["evicted"] > 0
    assert summary["strategies"]["shared_lock"]["unknown"] > 0
    assert "rate-401.png" in output
    assert {"rate-401.png", "rate-401.svg", "token-lifelines.png"} <= {
        path.name for path in folder.iterdir()
    }


def test_every_operation_of_a_virtual_run_has_an_outcome(skipped):
    """4 workers for 20 minutes, one operation every 10 s and a bit: 480, within a fifth."""
    _, folder = skipped
    for name in TRACES:
        counted = read_trace(folder / "trace" / name).clients.operations
        assert 384 < sum(map(sum, counted.values())) < 576


def test_no_skip_steps_through_the_same_history(ran, skipped):
    """Traces byte for byte, and every figure of the summary; only the command differs."""
    output, stepped = ran("--no-skip")
    _, folder = skipped
    summaries = [summary_of(each) for each in (folder, stepped)]
    commands = [summary.pop("command") for summary in summaries]

    assert traces_of(stepped) == traces_of(folder)
    assert summaries[0] == summaries[1]
    assert ["--no-skip" in command for command in commands] == [False, True]
    assert "check_then_act" in output


@pytest.mark.parametrize("no_skip", [False, True])
def test_no_skip_is_what_turns_skipping_off(scenario, no_skip):
    """Or the test above would compare two runs of one kind."""
    asked = read_request(scenario, Options(engine="virtual", no_skip=no_skip))

    assert asked.engine.skips_calm is not no_skip


def test_the_same_command_gives_the_same_bytes_and_another_seed_others(ran, skipped):
    """Nothing but the seed decides; seed 2 alone is the second run of two."""
    _, folder = skipped
    _, again = ran()
    _, second = ran("--seed", 2)
    seed_2 = {name: trace for name, trace in traces_of(folder).items() if name.endswith("-2.jsonl")}

    assert traces_of(again) == traces_of(folder)
    assert traces_of(second) == seed_2
    assert len(set(traces_of(folder).values())) == 4


@pytest.mark.parametrize(("strategy", "seed"), [("check_then_act", 1), ("shared_lock", 2)])
def test_replay_prints_the_timeline_of_the_run(scenario, skipped, strategy, seed):
    """Every event of the trace that ``run`` left, a line each, and what it came to: in the last
    line, with the answers that were lost on the way."""
    _, folder = skipped
    trace = folder / "trace" / f"{strategy}-{seed}.jsonl"
    got = tokenrace("replay", scenario, "--strategy", strategy, "--seed", seed)
    *lines, total = got.stdout.splitlines()
    provider = read_trace(trace).provider
    refused = sum(provider.causes().values())

    assert got.exit_code == 0
    assert lines == list(timeline(read_events(trace), clock_time))
    assert lines[0].endswith("is issued token 1")
    counts, failed = total.split("; failed: ")
    assert counts == f"{sum(provider.responses)} API responses, {refused} of them 401"
    assert "no answer from the API in time (" in failed
    assert refused == sum("gets 401" in line for line in lines)


def test_replay_of_a_strategy_the_file_does_not_have_says_which_it_has(scenario):
    """Exit 2: the words are wrong, not the run."""
    got = tokenrace("replay", scenario, "--strategy", "single_flight")

    assert (got.exit_code, got.stdout) == (2, "")
    assert got.stderr == (
        f"{scenario}: has no strategy 'single_flight' to run; it has check_then_act, shared_lock\n"
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("--engine", "wire", "--no-skip"),
            "--no-skip is for the virtual engine: real time cannot",
        ),
        (("--engine", "virtual", "--port", "8080"), "--port is for the wire engine: virtual time"),
    ],
)
def test_an_option_for_the_other_engine_is_refused(scenario, tmp_path, words, said):
    """Rather than ignored; nothing is run or written."""
    got = tokenrace("run", scenario, "--out", tmp_path / "out", *words)

    assert got.exit_code == 2
    assert got.stderr.startswith(said)
    assert not (tmp_path / "out").exists()


@pytest.fixture
def deadlocking(monkeypatch):
    """``shared_lock`` with a control that waits for an event that nobody sets."""
    preset = composing.PRESETS["shared_lock"]
    composition = replace(preset.composition, control=Control(wait_for_nobody))
    broken = {**composing.PRESETS, "shared_lock": replace(preset, composition=composition)}
    monkeypatch.setattr(composing, "PRESETS", MappingProxyType(broken))


def test_a_deadlock_names_the_waiting_tasks_and_the_way_back(scenario, tmp_path, deadlocking):
    """Each of 2 x 2 workers waits for ever. Exit 1, and the line to repeat it; the results are
    those of the other strategies."""
    got = tokenrace("run", scenario, "--engine", "virtual", "--out", tmp_path / "out")
    head, *waiting, replay = without_progress(got.stderr)
    places = [line.partition(" (")[0] for line in waiting]

    assert got.exit_code == 1
    assert head == (
        "strategy shared_lock, seed 1: "
        "deadlock: tasks wait, and nothing is due that could wake them"
    )
    assert places == [
        "  process 0: p0 token waits in wait_for_nobody",
        "  process 0: p0 token waits in wait_for_nobody",
        "  process 1: p1 token waits in wait_for_nobody",
        "  process 1: p1 token waits in wait_for_nobody",
    ]
    assert replay == f"replay: tokenrace replay {scenario} --strategy shared_lock --seed 1"
    (summary,) = tmp_path.glob("out/*/summary.json")
    assert "shared_lock" not in json.loads(summary.read_text())["strategies"]


def test_replay_of_a_deadlock_says_the_same(scenario, deadlocking):
    """The way back leads there."""
    got = tokenrace("replay", scenario, "--strategy", "shared_lock")

    assert got.exit_code == 1
    assert "process 1: p1 token waits in wait_for_nobody" in got.stderr
