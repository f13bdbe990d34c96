"""The journal as a file: never cut short by a server that comes later, and never written by two."""

import json
import signal
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.server.served_command import serving
from tokenrace.cli.app import app
from tokenrace.errors import RunError, SimulatorError
from tokenrace.server.journal import Journal
from tokenrace.server.journal_file import JournalFile


def lines_of(path):
    """Return the entries of the journal at ``path``, read."""
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def test_a_second_server_on_the_same_file_is_refused_and_nothing_is_lost(tmp_path):
    """The first one writes on, and ends its journal as if nobody had come."""
    path = tmp_path / "journal.jsonl"
    with serving("--port", "0", "--journal", str(path)) as served:
        got = CliRunner().invoke(app, ["serve", "--port", "0", "--journal", str(path)])
        served.token()
        assert served.stopped_by(signal.SIGTERM) == 0

    told = f"{path}: another tokenrace serve is writing to it; name another file\n"
    assert (got.exit_code, got.stdout, got.stderr) == (2, "", told)
    assert [line["kind"] for line in lines_of(path)] == ["request", "end"]


def test_a_server_that_cannot_listen_leaves_the_journal_alone(tmp_path):
    """192.0.2.1 is nobody's. What was there is there, and where nothing was nothing is made."""
    path = tmp_path / "journal.jsonl"
    path.write_text('{"number":1,"kind":"request"}\n')
    for file in (path, tmp_path / "new.jsonl"):
        got = CliRunner().invoke(app, ["serve", "--host", "192.0.2.1", "--journal", str(file)])
        assert got.exit_code == 2

    assert path.read_text() == '{"number":1,"kind":"request"}\n'
    assert not (tmp_path / "new.jsonl").exists()


def test_a_journal_is_added_to(tmp_path):
    """One entry by each of two servers; the line between says when the second began."""
    path = tmp_path / "journal.jsonl"
    for what in ("one", "two"):
        with JournalFile(path) as file:
            Journal(file.write).take_change(what, (), 1)

    kinds = [line["kind"] for line in lines_of(path)]
    assert kinds == ["change", "end", "begin", "change", "end"]
    assert [line["what"] for line in lines_of(path) if line["kind"] == "change"] == ["one", "two"]


def test_what_a_killed_server_left_is_added_to_on_a_line_of_its_own(tmp_path):
    """It was killed amid its second line."""
    path = tmp_path / "journal.jsonl"
    path.write_bytes(b'{"number":1,"kind":"request"}\n{"number":2,"ki')
    JournalFile(path).close()

    _, half, begin, end = path.read_bytes().splitlines()
    assert half == b'{"number":2,"ki'
    assert (json.loads(begin)["kind"], json.loads(end)["entries"]) == ("begin", 0)


@pytest.mark.parametrize("content", [b"dear diary\n", b"[1]\n", b"{}", b"\xff\n", b"[" * 70_000])
def test_a_file_that_is_no_journal_is_refused_and_left_alone(tmp_path, content):
    """Somebody's notes are not written into."""
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    with pytest.raises(SimulatorError, match=r"notes.txt: is not a journal of tokenrace serve"):
        JournalFile(path)

    assert path.read_bytes() == content


def test_a_device_is_no_file_to_lock():
    """Two servers may both write to nowhere."""
    null = Path("/dev/null")
    with JournalFile(null) as one, JournalFile(null) as other:
        for file in (one, other):
            Journal(file.write).take_change("one", (), 1)


def test_a_name_that_no_file_can_have_is_told():
    """A zero byte ends a name for the system."""
    with pytest.raises(RunError, match="cannot be written"):
        JournalFile(Path("a\0b"))
