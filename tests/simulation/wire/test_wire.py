"""Whole runs on the wire engine: real HTTP, real processes, a real store. Seconds each."""

import json
import subprocess
import sys
from pathlib import Path

from tests.simulation.wire.wire_runs import SMALL, THINKING, a_scenario, one_run
from tokenrace.analysis.figures import StrategyFigures, figures_of
from tokenrace.scenario import parse
from tokenrace.server.listen import PORTS_TRIED, listen_on
from tokenrace.strategies.catalogue import CATALOGUE
from tokenrace.trace.events import TokenEvicted, TokenIssued
from tokenrace.trace.files import RecordedRun


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
        arrivals=THINKING,
        duration="60m",
        faults="[{at: 0s, partition: {process: 0, link: api, for: 2h}}]",
    )
    text = text.replace("network:", "  timeout: 300ms\nnetwork:")
    run = one_run(parse(text.encode(), CATALOGUE, Path("small.yaml")), tmp_path)
    ended = {outcome: sum(bins) for outcome, bins in run.clients.operations.items()}

    assert 0.03 < ended["unknown"] / sum(ended.values()) < 0.2
    assert run.clients.unknown == ended["unknown"]
    assert ended["ok"] <= sum(run.provider.responses)


def test_a_port_in_use_means_the_next_free_one():
    """The port asked for is taken, so the next one is listened on."""
    with listen_on(0) as taken:
        port = taken.getsockname()[1]
        with listen_on(port) as next_free:
            assert port < next_free.getsockname()[1] < port + PORTS_TRIED


def test_the_summary_has_the_promised_shape(tmp_path):
    """The keys that other programs read; more may be there."""
    scenario = tmp_path / "small.yaml"
    text = SMALL.format(
        cap=1,
        processes=2,
        arrivals=THINKING,
        strategy="single_flight, shared_lock",
        duration="10m",
        faults="[]",
    )
    scenario.write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "tokenrace", "run", str(scenario), "--out", "out"]
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
