"""Whole runs on the wire engine: real HTTP, real processes, a real store. Seconds each."""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from simulator.analysis.figures import StrategyFigures, figures_of
from simulator.clock import Ticks
from simulator.errors import RunError
from simulator.scenario import parse
from simulator.server.listen import PORTS_TRIED, listen_on
from simulator.simulation.experiment import Experiment, run_all
from simulator.simulation.wire.engine import WireEngine
from simulator.strategies.catalogue import CATALOGUE
from simulator.trace.events import TokenEvicted, TokenIssued
from simulator.trace.files import RecordedRun, read_trace

SMALL = """
name: small
provider: {{live_tokens: {cap}, lifetime: 1h}}
fleet: {{processes: {processes}, workers: 3}}
workload:
  arrivals: {arrivals}
  operations: {{create_meeting: 1, delete_meeting: 1}}
network: {{token: 40ms, api: uniform 10ms 30ms}}
strategies: [{strategy}]
run: {{duration: {duration}, seeds: 1, time_scale: 1200}}
"""


def a_scenario(
    strategy: str,
    *,
    cap: int = 1,
    processes: int = 3,
    arrivals: str = "{process: closed, think: exponential 1m}",
    duration: str = "80m",
):
    text = SMALL.format(
        strategy=strategy, cap=cap, processes=processes, arrivals=arrivals, duration=duration
    )
    return parse(text.encode(), CATALOGUE, Path("small.yaml"))


class Silent:
    """A watcher that acts once, when a run has come far enough."""

    def __init__(self, at: Ticks = -1, act=lambda: None):
        self._at = at
        self._act = act

    def began(self, strategy, seed, duration):
        """A run began."""

    def reached(self, at):
        """Act once."""
        if 0 <= self._at <= at:
            self._at = -1
            self._act()

    def ended(self):
        """A run ended."""


def one_run(scenario, folder: Path, watcher: Silent | None = None) -> RecordedRun:
    experiment = Experiment(
        scenario=scenario, choices=scenario.strategies, seeds=(1,), time_scale=1_200
    )
    (run,) = run_all(experiment, WireEngine(), folder, watcher or Silent())
    return run


def figures(run: RecordedRun) -> StrategyFigures:
    return figures_of([run])


def test_a_cap_below_the_number_of_processes_costs_one_minus_n_over_p(tmp_path):
    """Holder rule: 3 processes, each with a well-locked cache of its own, and 1 live token.

    Each process issues once per lifetime; only the last one's token is live. 1 - 1/3 = 66.7 %.
    """
    got = figures(one_run(a_scenario("mutex_double_checked"), tmp_path))

    assert got.rate_401.low - 0.03 <= 2 / 3 <= got.rate_401.high + 0.03
    assert got.responses > 300
    assert got.causes["evicted"] > 0.9 * got.responses_401
    assert got.live_peak == 1


def test_one_token_for_the_whole_fleet_is_hardly_ever_refused(tmp_path):
    """shared_lock: one issue per rotation; 80 minutes are two rotations."""
    got = figures(one_run(a_scenario("shared_lock"), tmp_path))

    assert got.tokens_issued == 2
    assert got.rate_401.mean < 0.1
    assert got.store_reads >= got.operations


def test_every_refusal_and_every_eviction_names_its_cause(tmp_path):
    """An eviction names the token that displaced it and who asked for that one."""
    run = one_run(a_scenario("check_then_act", duration="20m"), tmp_path)
    events = list(run.events())
    issued = {event.token: event for event in events if isinstance(event, TokenIssued)}
    evicted = [event for event in events if isinstance(event, TokenEvicted)]

    assert evicted
    for event in evicted:
        assert event.asked_by == issued[event.displaced_by].asked_by
        assert event.displaced_by > event.token
    assert sum(run.provider.causes().values()) == sum(
        1 for event in events if type(event).__name__ == "CallRefused"
    )


def test_an_open_workload_starts_operations_at_its_rate(tmp_path):
    """Constant 2/min for 60 minutes of scenario time is 120 operations, less those under way."""
    scenario = a_scenario(
        "single_flight", cap=3, arrivals="{process: constant, rate: 2/min}", duration="60m"
    )
    got = figures(one_run(scenario, tmp_path))

    assert 60 <= got.operations <= 121  # a busy machine starts late and ends with more under way


def test_a_process_cut_off_the_api_hears_nothing_and_the_others_do(tmp_path):
    """Process 0 of 3 is cut off for the whole run: its requests count as unknown, a third of all.

    Its workers wait out 300 ms for each, the others' answers take 20 ms, after thinking 50 ms:
    of every 350 ms the three workers cut off make 1 request each, the six others 5 each. So about
    3 of 33 operations are unknown; no request of process 0 takes effect.
    """
    text = SMALL.format(
        strategy="single_flight",
        cap=3,
        processes=3,
        arrivals="{process: closed, think: exponential 1m}",
        duration="60m",
    ).replace(
        "strategies:",
        "faults: [{at: 0s, partition: {process: 0, link: api, for: 2h}}]\nstrategies:",
    )
    text = text.replace("network:", "  timeout: 300ms\nnetwork:")
    run = one_run(parse(text.encode(), CATALOGUE, Path("small.yaml")), tmp_path)
    ended = {outcome: sum(bins) for outcome, bins in run.clients.operations.items()}

    assert 0.03 < ended["unknown"] / sum(ended.values()) < 0.2
    assert run.clients.unknown == ended["unknown"]
    assert ended["ok"] <= sum(run.provider.responses)


def test_a_process_that_dies_is_reported_and_its_requests_are_unknown(tmp_path):
    """SIGKILL to one client half-way: the others go on, and the trace says who died and how."""

    def kill_one():
        os.kill(max(children_of(os.getpid())), signal.SIGKILL)

    watcher = Silent(at=1_000_000, act=kill_one)
    run = one_run(a_scenario("single_flight", cap=3), tmp_path, watcher)

    (death,) = run.deaths
    assert death.reason == "killed by SIGKILL"
    assert death in list(run.events())
    assert read_trace(run.trace).deaths == run.deaths
    assert run.clients.unknown >= death.in_flight
    assert figures(run).operations > 100


def test_a_provider_that_dies_ends_the_run(tmp_path):
    """Without the provider there is nothing to measure."""

    def kill_provider():
        # The first child is multiprocessing's resource tracker, the next the provider.
        pids = [pid for pid in children_of(os.getpid()) if "spawn_main" in command_of(pid)]
        os.kill(min(pids), signal.SIGKILL)

    watcher = Silent(at=500_000, act=kill_provider)
    with pytest.raises(RunError, match="the provider's process died"):
        one_run(a_scenario("single_flight"), tmp_path, watcher)


def children_of(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    return [int(child) for child in text.split()]


def command_of(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()


def all_below(pid: int) -> list[int]:
    below = children_of(pid)
    return below + [deeper for child in below for deeper in all_below(child)]


@pytest.fixture
def started(tmp_path):
    """``tokenrace run`` of a long scenario, half a second into its first run."""
    scenario = tmp_path / "long.yaml"
    scenario.write_text(
        SMALL.format(
            cap=1,
            processes=2,
            arrivals="{process: closed, think: exponential 1m}",
            strategy="single_flight",
            duration="20h",
        ),
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "simulator.cli", "run", str(scenario), "--out", "out"]
    # A shell starts background jobs with SIGINT ignored, and children inherit that.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        signal.signal(signal.SIGINT, before)
        assert process.stdout.readline().startswith("run 1 of 1: single_flight")
        await_children(process.pid, 4)  # resource tracker, provider, two clients
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
    """SIGTERM is how a CI job is cancelled: 143, no process, no folder."""
    below = all_below(started.pid)
    started.terminate()
    started.communicate(timeout=30)

    assert started.returncode == 143
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in below))
    assert not (tmp_path / "out").exists()


def test_a_port_in_use_means_the_next_free_one():
    """The port asked for is taken, so the next one is listened on."""
    with listen_on(0) as taken:
        port = taken.getsockname()[1]
        with listen_on(port) as next_free:
            assert port < next_free.getsockname()[1] < port + PORTS_TRIED


def test_killing_the_parent_leaves_no_process_behind(started):
    """SIGKILL cannot be caught; the children notice that nobody is there any more."""
    below = all_below(started.pid)
    started.kill()
    started.wait()

    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in below))


def test_the_summary_has_the_promised_shape(tmp_path):
    """The keys that other programs read; more may be there."""
    scenario = tmp_path / "small.yaml"
    text = SMALL.format(
        cap=1,
        processes=2,
        arrivals="{process: closed, think: exponential 1m}",
        strategy="single_flight, shared_lock",
        duration="10m",
    )
    scenario.write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "simulator.cli", "run", str(scenario), "--out", "out"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    summary = json.loads((tmp_path / "out/small/summary.json").read_text(encoding="utf-8"))

    assert (summary["schema"], summary["scenario"], summary["engine"]) == (1, "small", "wire")
    assert summary["seeds"] == [1]
    assert list(summary["strategies"]) == ["single_flight", "shared_lock"]
    for got in summary["strategies"].values():
        assert got["rate_401"].keys() >= {"mean", "low", "high"}
        assert got["failure_rate"].keys() >= {"mean", "low", "high"}
        assert got["latency_ms"].keys() >= {"p50", "p95", "p99"}
        assert {"responses", "responses_401", "unknown", "tokens_issued", "live_peak"} <= set(got)
        assert sum(got["causes"].values()) == got["responses_401"]
    assert "out/small/rate-401.png" in done.stdout
    names = {path.name for path in (tmp_path / "out/small").iterdir()}
    assert {"rate-401.svg", "token-lifelines.png", "trace", "summary.json"} <= names
