"""``tokenrace serve`` as its user meets it: a process that prints lines, answers, and stops."""

import json
import signal
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest
from typer.testing import CliRunner

from tests.server.served_command import port_of, serving
from tokenrace.cli.app import app
from tokenrace.cli.serve import Options, read_section
from tokenrace.clock import HOUR, MINUTE
from tokenrace.errors import RunError, SimulatorError
from tokenrace.provider.profiles import PROFILES
from tokenrace.server.journal import Answered, Journal
from tokenrace.server.journal_file import JournalFile, line_of
from tokenrace.server.shifted_clock import ShiftedClock


class Standing:
    """A clock that stands still."""

    def now(self):
        """Return always the same."""
        return 7


def test_the_exported_lines_are_all_a_client_needs(tmp_path):
    """The lines name everything; a token works, a second one ends it (cap 1), SIGTERM exits 0 and
    the journal on disk is whole: its last line counts the rest."""
    journal = tmp_path / "journal.jsonl"
    with serving("--port", "0", "--journal", str(journal)) as served:
        first = served.token()
        assert served.call(first) == 200
        served.token()
        assert served.call(first) == 401
        assert served.stopped_by(signal.SIGTERM) == 0
        assert served.process.stderr.read() == ""

    assert [line.partition("=")[0] for line in served.lines[:5]] == [
        "export ZOOM_TOKEN_URL",
        "export ZOOM_API_URL",
        "export ZOOM_CLIENT_ID",
        "export ZOOM_CLIENT_SECRET",
        "export ZOOM_ACCOUNT_ID",
    ]
    assert served.lines[5] == "# Rules: zoom-2022 (reported), at most 1 live"
    *entries, end = [json.loads(line) for line in journal.read_text().splitlines()]
    assert end == {"kind": "end", "entries": 4}
    assert [entry["status"] for entry in entries] == [200, 200, 200, 401]
    assert entries[2]["ended"] == [1]
    displaced_by = entries[3].pop("displaced_by")
    assert (entries[3]["cause"], entries[3]["token"], displaced_by["token"]) == ("evicted", 1, 2)
    text = journal.read_text()
    assert first not in text
    assert served.env["ZOOM_CLIENT_SECRET"] not in text


def test_where_refresh_tokens_are_used_a_line_has_the_first():
    """Google's yields a token; and each profile that has refresh tokens can be served."""
    with serving("--port", "0", "--profile", "google") as served:
        grant = f"grant_type=refresh_token&refresh_token={served.env['ZOOM_REFRESH_TOKEN']}"
        assert served.call(served.token(grant)) == 200
        assert served.stopped_by(signal.SIGTERM) == 0

    refreshing = [name for name, profile in PROFILES.items() if profile.policy.refresh is not None]
    assert refreshing == ["google", "salesforce", "xero", "atlassian", "hubspot"]
    for name in refreshing:
        assert read_section(Options(profile=name, port=1)).policy() == PROFILES[name].policy


def test_a_port_that_is_taken_gives_way_to_the_next_free_one():
    """Two servers asked for one port both start, and each says where it is."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with serving("--port", str(port)) as served:
            assert port < port_of(served.env["ZOOM_TOKEN_URL"]) <= port + 99
            assert served.stopped_by(signal.SIGINT) == 130


def test_a_signal_before_any_request_stops_the_server_too():
    """Nothing to wait for: it stops at once."""
    with serving("--port", "0") as served:
        assert served.stopped_by(signal.SIGTERM) == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["--live-tokens", "0"],
            "--live-tokens: must be at least 1, got 0 (write none for no cap)",
        ),
        (["--live-tokens", "many"], "--live-tokens: must be a whole number, 'none' or 'profile'"),
        (["--profile", "zoom-2032"], "--profile: unknown profile 'zoom-2032'; did you mean 'zoom-"),
        (["--profile", "zoho", "--scenario", "x.yaml"], "--scenario names the rules already"),
        (["--scenario", "missing.yaml"], "missing.yaml: no such file"),
        (["--profile", "zoom-index5", "--live-tokens", "none"], "replace_slot needs live_tokens"),
    ],
)
def test_wrong_options_are_told_and_nothing_is_served(words, message):
    """Exit code 2, and no export line that somebody might copy."""
    got = CliRunner().invoke(app, ["serve", *words])

    assert (got.exit_code, got.stdout) == (2, "")
    assert got.stderr.startswith(message)


def test_an_address_that_is_not_ours_is_told():
    """192.0.2.1 is kept for documentation: no machine has it. The server starts nothing."""
    got = CliRunner().invoke(app, ["serve", "--host", "192.0.2.1"])

    assert (got.exit_code, got.stdout) == (2, "")
    assert got.stderr.startswith("cannot listen on 192.0.2.1 port 8787: ")


def test_a_journal_that_cannot_be_written_is_told_before_anything_is_served(tmp_path):
    """A folder is no file."""
    got = CliRunner().invoke(app, ["serve", "--journal", str(tmp_path)])

    assert (got.exit_code, got.stdout) == (2, "")
    assert got.stderr == f"{tmp_path}: cannot be written: Is a directory\n"


def test_the_rules_come_from_a_scenario_with_the_options_own_cap(tmp_path):
    """--scenario takes the provider section; --live-tokens and --plan change one number of it."""
    path = tmp_path / "one.yaml"
    path.write_text(
        "name: one\nprovider: {profile: zoho, lifetime: 5m, grace: 3s, plan: free}\n"
        "fleet: {processes: 1, workers: 1}\n"
        "workload: {arrivals: {process: closed, think: 1s}}\n"
        "strategies: [single_flight]\nrun: {duration: 1s}\n"
    )
    policy = read_section(Options(scenario=path, live_tokens="3", port=1)).policy()

    assert (policy.lifetime, policy.live_tokens) == (5 * MINUTE, 3)
    assert policy.throttle == PROFILES["zoho"].policy.throttle
    assert read_section(Options(scenario=path, port=1)).plan == "free"
    assert read_section(Options(scenario=path, plan="none", port=1)).plan == "none"
    assert read_section(Options(port=1)).policy() == PROFILES["zoom-2022"].policy
    assert read_section(Options(live_tokens="none", port=1)).policy().live_tokens is None


def test_a_profile_and_a_scenario_together_are_refused(tmp_path):
    """Which one counts would be a guess."""
    with pytest.raises(SimulatorError, match="leave --profile out"):
        read_section(Options(profile="zoho", scenario=tmp_path / "a.yaml", port=1))


def test_a_shifted_clock_is_an_offset_and_never_goes_back():
    """7 + 1 h; a negative move is a bug of ours; a restart reads the inner clock again."""
    clock = ShiftedClock(Standing())
    clock.move_forward(HOUR)
    assert (clock.now(), clock.offset) == (HOUR + 7, HOUR)
    with pytest.raises(ValueError, match="forward only"):
        clock.move_forward(-1)
    clock.restart()
    assert clock.now() == 7


def test_a_full_disk_is_told_at_the_end(tmp_path):
    """Requests are answered on; what is missing of the journal is said when it is closed."""
    file = JournalFile(tmp_path / "full")
    file._file.close()
    file._file = open("/dev/full", "wb", buffering=0)  # noqa: PTH123, SIM115 - its only way to fail
    journal = Journal(file.write)
    journal.take_change("one", (), 1)
    journal.take_change("two", (), 2)

    with pytest.raises(RunError, match="full: ends after 0 entries: No space left on device"):
        file.close()


def test_a_request_under_way_is_answered_before_the_server_stops(tmp_path):
    """SIGTERM comes while a call's answer is held back by half a second: it is still sent, the
    server exits with 0, and the call is in the journal."""
    journal = tmp_path / "journal.jsonl"
    with serving("--port", "0", "--journal", str(journal)) as served:
        token = served.token()
        served.control("events", {"event": "slow", "endpoint": "api", "by": "500ms"})
        with ThreadPoolExecutor() as pool:
            answered = pool.submit(served.call, token)
            assert served.control("wait", {"calls": 1})[0] == 200
            assert served.stopped_by(signal.SIGTERM) == 0
            assert answered.result() == 200

    *entries, end = [json.loads(line) for line in journal.read_text().splitlines()]
    assert end == {"kind": "end", "entries": len(entries)}
    assert [entry["status"] for entry in entries] == [200, None, 200]


def test_a_wait_does_not_hold_up_the_end():
    """Somebody waits ten minutes for a token; the server stops at once and tells them."""
    with serving("--port", "0") as served, ThreadPoolExecutor() as pool:
        body = {"tokens_issued": 1, "within": "10m"}
        waiting = pool.submit(served.control, "wait", body)
        while not served.control("state")[1]["waiting"]:
            pass
        assert served.stopped_by(signal.SIGTERM) == 0
        assert waiting.result()[0] == 408


def test_with_a_host_the_control_api_needs_the_printed_token():
    """Also where that host is loopback: it was asked for. The provider itself is open to all."""
    with serving("--port", "0", "--host", "127.0.0.1") as served:
        shown = {"Authorization": f"Bearer {served.control_token}"}
        assert served.control("state")[0] == 401
        assert served.control("state", None, **shown)[0] == 200
        assert served.call(served.token()) == 200
        assert served.stopped_by(signal.SIGTERM) == 0


def test_a_journals_lines_are_put_together_as_they_would_be_written():
    """The quick line of a plain answer is what the entry itself comes to, whatever the texts."""
    texts = ["shop", 'a "quoted" one', "caf\u00e9 \u2028", "back\\slash"]
    for text, status, error, cause, token in [
        (texts[0], 200, None, None, 7),
        (texts[1], 401, "124", "unknown_token", None),
        (texts[2], None, None, None, None),
        (texts[3], 404, "1001", None, 2**53),
    ]:
        plain = Answered(3, 10**15, text, "GET", f"/{text}", status, error, cause, token)
        assert line_of(plain) == line_of(plain.entry())
