"""The summary file: its shape, that it reads back, and what is none."""

import json

import pytest

from tests.hand_written_runs import a_run, two_runs
from tokenrace.analysis.summary import Setting, read_summary, summarize, write_summary
from tokenrace.errors import ResultsError

SETTING = Setting(
    scenario="two-clients",
    description="Two processes share one live token.",
    scenario_sha256="5e" * 32,
    version="0.1.0",
    engine="wire",
    seeds=(1, 2),
    duration_s=7200.0,
    time_scale=30.0,
    provider={"profile": "zoom-2022", "live_tokens": 1},
    fleet={"processes": 2, "workers": 1},
    command="tokenrace run scenarios/two-clients.yaml",
)


def test_a_summary_has_the_promised_shape(tmp_path):
    """The keys other programs read; more may be there."""
    path = tmp_path / "summary.json"
    write_summary(path, summarize(SETTING, {"check_then_act": two_runs(tmp_path)}))

    values = json.loads(path.read_text())
    figures = values["strategies"]["check_then_act"]

    assert list(values)[:2] == ["schema", "scenario"]
    assert (values["schema"], values["scenario"], values["engine"]) == (1, "two-clients", "wire")
    assert values["seeds"] == [1, 2]
    assert figures["rate_401"] == {"mean": 0.5, "low": 0.0, "high": 1.0}
    assert figures["failure_rate"] == {"mean": 0.25, "low": 0.0, "high": 1.0}
    assert figures["causes"]["evicted"] == 3
    assert figures["causes"]["revoked"] == 0
    assert figures["latency_ms"] == {"p50": 99.839, "p95": 99.839, "p99": 99.839}
    assert {"responses", "responses_401", "unknown", "tokens_issued", "live_peak"} <= set(figures)


def test_a_summary_reads_back_as_it_was_written_byte_for_byte(tmp_path):
    """Also one whose rates are null."""
    runs = {"busy": two_runs(tmp_path), "idle": [a_run(tmp_path)]}
    summary = summarize(SETTING, runs)
    first, second = tmp_path / "first.json", tmp_path / "second.json"

    write_summary(first, summary)
    write_summary(second, read_summary(first))

    assert read_summary(first) == summary
    assert first.read_bytes() == second.read_bytes()
    assert json.loads(first.read_text())["strategies"]["idle"]["rate_401"] is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema": 2}, "newer tokenrace: summary schema 2, and this one reads up to 1"),
        ({"schema": None}, "no schema number"),
        ({"seeds": "1"}, "seeds: "),
        ({"strategies": {"x": {}}}, r"strategies\.x\.responses: "),
    ],
)
def test_a_summary_that_is_none_names_the_key(tmp_path, change, message):
    """The first thing wrong, by its path in the file."""
    path = tmp_path / "summary.json"
    write_summary(path, summarize(SETTING, {"check_then_act": two_runs(tmp_path)}))
    path.write_text(json.dumps(json.loads(path.read_text()) | change))

    with pytest.raises(ResultsError, match=rf"summary\.json: .*{message}"):
        read_summary(path)


@pytest.mark.parametrize("content", ["", "[1]", '{"schema": 1', "\x00"])
def test_a_file_of_another_kind_is_no_summary(tmp_path, content):
    """Empty, a list, cut short, binary."""
    path = tmp_path / "summary.json"
    path.write_text(content)

    with pytest.raises(ResultsError, match="no summary of ours"):
        read_summary(path)


def test_a_summary_that_is_not_there_or_cannot_be_written_says_so(tmp_path):
    """One sentence with the path."""
    nowhere = tmp_path / "nowhere" / "summary.json"

    with pytest.raises(ResultsError, match="cannot read the summary: No such file"):
        read_summary(nowhere)
    with pytest.raises(ResultsError, match="cannot write the summary: No such file"):
        write_summary(nowhere, summarize(SETTING, {"idle": [a_run(tmp_path)]}))
