"""Files of ours that somebody changed: one message says so, whatever stands in them.

``report``, ``check --baseline``, ``sweep --resume`` and ``blame`` read what an earlier command
wrote. Each key in turn is given something it cannot be, and each file is something else altogether.
"""

import json
import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from tokenrace.analysis.report.comparison import comparison_of
from tokenrace.analysis.report.page import drawn_from_files, read_results, report_on
from tokenrace.cli.app import app
from tokenrace.errors import ResultsError
from tokenrace.files.json_reading import read_json, read_json_line
from tokenrace.gate.baseline_file import read_baseline
from tokenrace.sweep.journal import read_cells, read_heading
from tokenrace.trace.files import read_trace

SCENARIO = """\
name: small
fleet: {processes: 2, workers: 1}
provider: {live_tokens: 1, lifetime: 10s}
workload: {arrivals: {process: closed, think: exponential 1s}}
strategies: [single_flight]
run: {duration: 1m, seeds: 2, engine: virtual}
"""
CONTENTS = {
    "nothing": b"",
    "brackets": b"[" * 100_000,
    "objects": b'{"a":' * 100_000,
    "no text": b"\xff\xfe\x00",
    "a number": b"1\n",
    "null": b"null\n",
    "a list": b"[]\n",
    "an object": b"{}\n",
    "no number": b'{"schema": NaN, "baseline": NaN, "sweep": NaN}\n',
    "infinity": b'{"schema": 1, "duration_s": 1e999, "baseline": 1, "sweep": 1}\n',
    "5,000 digits": b'{"schema": ' + b"9" * 5_000 + b"}\n",
    "half a pair": rb'{"schema": 1, "scenario": "\ud800", "baseline": 1, "sweep": 1}',
    "a newer one": b'{"schema": 99, "baseline": 99, "sweep": 99, "trace": 99}\n',
    "a truth": b'{"schema": true, "baseline": true, "sweep": true, "trace": true}\n',
}
VALUES = st.sampled_from(
    [
        None,
        True,
        0,
        -1,
        2**62,
        10**20,
        0.5,
        -1e308,
        "",
        "'unclosed",
        "<script>alert(1)</script>",
        "../../etc/passwd",
        "\0",
        [],
        {},
        [[]],
        [None],
        {"a": 1},
    ]
)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return a folder in which a run, a baseline and a sweep of one scenario were made."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "s.yaml").write_text(SCENARIO)
    for words in (
        ["run", "s.yaml", "--out", "."],
        ["baseline", "s.yaml", "--out", "base.json"],
        ["sweep", "s.yaml", "--over", "fleet.processes=1,2", "--out", "."],
    ):
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(folder)
            got = CliRunner().invoke(app, words)
        assert got.exit_code == 0, got.output
    return folder


def places(value, path=()):
    """Yield the path of each value below ``value``."""
    items = {}
    if isinstance(value, dict):
        items = value
    elif isinstance(value, list):
        items = dict(enumerate(value))
    for key, below in items.items():
        yield (*path, key)
        yield from places(below, (*path, key))


def changed(document, path, value):
    """Return a copy of ``document`` with ``value`` at ``path``."""
    copy = json.loads(json.dumps(document))
    at = copy
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return copy


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("r/summary.json", ["report", "r"]),
        ("b.json", ["check", "s.yaml", "--baseline", "b.json"]),
        ("b.json", ["baseline", "s.yaml", "--out", "b.json"]),
        (
            "small.sweep/cells.jsonl",
            ["sweep", "s.yaml", "--over", "fleet.processes=1,2", "--resume", "--out", "."],
        ),
        ("t.jsonl", ["blame", "t.jsonl"]),
    ],
    ids=["report", "check", "baseline", "sweep", "blame"],
)
def test_what_is_no_file_of_ours_is_told_in_a_line(name, words, content, tmp_path, monkeypatch):
    """Nothing else is printed, and the file is as it was. An empty journal of a sweep is one that
    was killed at once: it begins."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "s.yaml").write_text(SCENARIO)
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    got = CliRunner().invoke(app, words)

    if words[0] == "sweep" and not content:
        assert got.exit_code == 0, got.output
        return
    assert (got.exit_code, got.stdout) == (2, ""), got.output
    assert got.stderr.startswith(f"{name}:")
    assert len(got.stderr.splitlines()) == 1
    assert path.read_bytes() == content


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), value=VALUES)
def test_a_summary_of_which_a_value_was_changed_is_drawn_or_refused(made, tmp_path, data, value):
    """Wherever in it, and whatever it is: the page holds no script, and no other error comes."""
    document = json.loads((made / "small/summary.json").read_text())
    path = data.draw(st.sampled_from(list(places(document))))
    (tmp_path / "summary.json").write_text(json.dumps(changed(document, path, value)))
    whole = read_results(made / "small")
    try:
        results = read_results(tmp_path)
        with drawn_from_files(results):
            pages = [
                report_on(results),
                comparison_of(whole, results),
                comparison_of(results, whole),
            ]
    except ResultsError:
        pages = []  # it is said, and nothing drawn
    assert not any("<script" in page for page in pages)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), value=VALUES)
def test_a_baseline_of_which_a_value_was_changed_is_read_or_refused(made, tmp_path, data, value):
    """No other error comes."""
    document = json.loads((made / "base.json").read_text())
    path = data.draw(st.sampled_from(list(places(document))))
    file = tmp_path / "base.json"
    file.write_text(json.dumps(changed(document, path, value)))
    try:
        read_baseline(file)
    except ResultsError as refused:
        told = str(refused)
    else:
        told = f"{file}: whole"
    assert told.startswith(f"{file}:")


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), value=VALUES | st.just(math.inf))
def test_a_sweep_of_which_a_value_was_changed_is_read_or_refused(made, tmp_path, data, value):
    """In its heading or in any cell; what is read has as many figures as the heading names."""
    lines = [
        json.loads(line) for line in (made / "small.sweep/cells.jsonl").read_text().splitlines()
    ]
    number = data.draw(st.integers(0, len(lines) - 1))
    path = data.draw(st.sampled_from(list(places(lines[number]))))
    lines[number] = changed(lines[number], path, value)
    file = tmp_path / "cells.jsonl"
    file.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    try:
        heading = read_heading(file)
        assert heading is not None
        for _, cell, row in read_cells(file, len(heading.figures)):
            hash(cell)
            assert row.error or len(row.figures) == len(heading.figures)
    except ResultsError as refused:
        told = str(refused)
    else:
        told = f"{file}: whole"
    assert told.startswith(f"{file}:")


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), value=VALUES)
def test_a_trace_of_which_a_value_was_changed_is_read_or_refused(made, tmp_path, data, value):
    """In its first line, its last ones, or any event."""
    (trace,) = (made / "small/trace").glob("*-1.jsonl")
    lines = [json.loads(line) for line in trace.read_text().splitlines()]
    number = data.draw(st.integers(0, len(lines) - 1))
    path = data.draw(st.sampled_from([*places(lines[number])] or [()]))
    lines[number] = changed(lines[number], path, value)
    file = tmp_path / "t.jsonl"
    file.write_text("".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines))
    try:
        list(read_trace(file).events())
    except ResultsError as refused:
        told = str(refused)
    else:
        told = f"{file}: whole"
    assert told.startswith(f"{file}:")


@pytest.mark.parametrize(
    "name", ["../secret", "/etc/x", "a/b", "", ".", "..", "A B", "x.svg", "latency\n"]
)
def test_a_summary_names_no_picture_elsewhere(made, tmp_path, name):
    """A file beside the folder is not read, though it is there and ends as a picture does."""
    (tmp_path / "secret.svg").write_text("<svg>the secret</svg>")
    folder = tmp_path / "r"
    folder.mkdir()
    document = json.loads((made / "small/summary.json").read_text())
    document["pictures"][0]["name"] = name
    (folder / "summary.json").write_text(json.dumps(document))

    with pytest.raises(ResultsError, match="is not a picture in this folder"):
        read_results(folder)


def test_a_picture_that_leads_elsewhere_is_not_read(made, tmp_path):
    """A link to a file outside is refused; one to itself is no picture. A link within the folder is
    followed."""
    (tmp_path / "secret").write_text("<svg>the secret</svg>")
    folder = tmp_path / "r"
    folder.mkdir()
    document = json.loads((made / "small/summary.json").read_text())
    name = document["pictures"][0]["name"]
    (folder / "summary.json").write_text(json.dumps(document))
    picture = folder / f"{name}.svg"
    picture.symlink_to(tmp_path / "secret")
    with pytest.raises(ResultsError, match="is not a picture in this folder"):
        read_results(folder)
    picture.unlink()
    picture.symlink_to(picture)
    assert name not in read_results(folder).images
    picture.unlink()
    (folder / "kept.svg").write_text("<svg/>")
    picture.symlink_to("kept.svg")
    assert name in read_results(folder).images


def test_python_reads_more_than_json_has():
    """What is refused is named; what is right is read."""
    wrong = {
        b"NaN": "NaN is not a JSON number",
        b"[1e999]": "a number in it is out of range",
        b"9223372036854775808": "a number in it is out of range",
        rb'{"\udc00": 1}': "a text in it holds half a surrogate pair",
        b"[" * 100_000: "it is nested too deeply",
        b"\xff": "it is not UTF-8 text",
    }
    for content, why in wrong.items():
        with pytest.raises(ValueError, match=why):
            read_json(content)
    with pytest.raises(ValueError, match="it is nested too deeply"):
        read_json_line(b"[" * 100_000)
    assert read_json('{"a": [1, -0.5, "\\ud83d\\ude00", null]}') == {
        "a": [1, -0.5, "\U0001f600", None]
    }
