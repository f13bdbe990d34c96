"""Why operations failed: each cause is counted, on both engines alike, and told."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.hand_written_runs import a_header
from tokenrace.analysis.failure_blame import failure_blame, failure_in_words, telling_failure
from tokenrace.analysis.failure_words import failures_in_words, is_told, most_frequent
from tokenrace.analysis.timeline import clock_time
from tokenrace.cli.app import app
from tokenrace.clock import MILLISECOND, SECOND
from tokenrace.scenario import parse
from tokenrace.simulation.planning import plan_run
from tokenrace.simulation.recording import EVERY_EVENT, InMemory
from tokenrace.simulation.virtual.engine import VirtualEngine
from tokenrace.simulation.wire.engine import WireEngine
from tokenrace.strategies.catalogue import CATALOGUE
from tokenrace.trace.files import TraceWriter
from tokenrace.trace.outcomes import KINDS, Failure, failure_named
from tokenrace.trace.tally import Peak

SCENARIO = """\
name: causes
provider: {{live_tokens: 2, lifetime: {lifetime}}}
fleet: {{processes: 1, workers: 2}}
workload:
  arrivals: {{process: closed, think: 200ms}}
  operations: {{get_user: 1}}
  timeout: {timeout}
network: {{token: 20ms, api: 20ms, store: 2ms}}
store: sqlite
strategies: [{strategy}]
faults: [{faults}]
run: {{duration: {duration}, seeds: 1, engine: virtual}}
"""


def a_text(strategy, *, faults="", lifetime="1h", duration="4s", timeout="500ms"):
    return SCENARIO.format(
        strategy=strategy, faults=faults, lifetime=lifetime, duration=duration, timeout=timeout
    )


def a_plan(strategy="mint_per_call", **more):
    text = a_text(strategy, **more)
    scenario = parse(text.encode(), CATALOGUE, Path("causes.yaml"))
    return plan_run(scenario, scenario.strategies[0], 1, 1)


def ran(folder, plan, engine):
    with TraceWriter(folder / "run.jsonl", a_header()) as writer:
        return engine.run(plan, writer, lambda at: None)


def failures(counted):
    return {str(why): sum(bins) for why, bins in counted.clients.failures.items()}


CAUSES = {
    "burst: {endpoint: token, answer: 503, for: 1s}": "token_refused: 503 server_error",
    "burst: {endpoint: token, answer: 429, for: 1s}": "token_refused: 429 too_many_requests",
    "burst: {endpoint: token, answer: dropped, for: 1s}": "connection_lost: token",
    "burst: {endpoint: token, answer: malformed, for: 1s}": "unreadable_answer: token",
    "burst: {endpoint: token, answer: slow 5s, for: 1s}": "timed_out: token",
    "burst: {endpoint: api, answer: 503, for: 1s}": "call_refused: 503",
    "burst: {endpoint: api, answer: dropped, for: 1s}": "connection_lost: api",
    "burst: {endpoint: api, answer: malformed, for: 1s}": "unreadable_answer: api",
    "burst: {endpoint: api, answer: slow 5s, for: 1s}": "timed_out: api",
    "rotate_secret: {}": "token_refused: 400 invalid_client",
}


@pytest.mark.parametrize(("fault", "why"), CAUSES.items())
def test_both_engines_name_the_cause_of_what_a_fault_does(tmp_path, fault, why):
    """Every operation asks for a token and calls once. The fault strikes after a second, and each
    operation that fails does so for the one reason; a busy machine does fewer of them."""
    plan = a_plan(faults=f"{{at: 1s, {fault}}}")
    simulated = ran(tmp_path, plan, VirtualEngine())
    real = ran(tmp_path, plan, WireEngine(port=0))

    assert failures(simulated).keys() == failures(real).keys() == {why}
    for counted in (simulated, real):
        clients = counted.clients
        ended = {outcome: sum(bins) for outcome, bins in clients.operations.items()}
        assert sum(failures(counted).values()) == ended["refused"] + ended["unknown"] > 0


def test_a_store_that_is_down_fails_its_calls_and_the_operations_that_need_it(tmp_path):
    """From 1 s on no call of the store is answered. Reads are what a shared cache does first; each
    fails after a second, and its operation with it, for want of a store."""
    plan = a_plan("shared_cache_no_lock", faults="{at: 1s, store_down: {for: 2s}}", timeout="5s")
    counted = ran(tmp_path, plan, VirtualEngine())

    calls = {str(call): sum(bins) for call, bins in counted.clients.store_failures.items()}
    assert calls.keys() == {"read: no answer"}
    assert failures(counted) == {"store_unavailable": calls["read: no answer"]}


def test_the_strategys_own_reason_is_the_cause(tmp_path):
    """While one refreshes, the other is turned away."""
    plan = a_plan(
        "{name: away, control: turn_away, scope: process, on_401: ignore, leeway: 100ms}",
        lifetime="1s",
    )
    counted = ran(tmp_path, plan, VirtualEngine())

    assert set(failures(counted)) <= {"no_token: refresh_under_way", "call_401"}
    assert failures(counted)["no_token: refresh_under_way"] > 0


def test_token_requests_are_counted_answered_or_not(tmp_path):
    """Two operations in 240 ms, each with a request of its own; those that are dropped reached the
    endpoint as well. Refused ones are counted by what they were answered."""
    dropped = ran(
        tmp_path,
        a_plan(faults="{at: 1s, burst: {endpoint: token, answer: dropped, for: 1s}}"),
        VirtualEngine(),
    ).provider
    refused = ran(
        tmp_path,
        a_plan(faults="{at: 1s, burst: {endpoint: token, answer: 503, for: 1s}}"),
        VirtualEngine(),
    ).provider

    assert sum(dropped.token_requests) > dropped.tokens_issued
    assert dropped.issues_refused == 0
    by = {error: sum(bins) for error, bins in refused.issues_refused_by.items()}
    assert by == {"503 server_error": refused.issues_refused}
    assert sum(refused.token_requests) == refused.tokens_issued + refused.issues_refused


def test_the_peak_is_the_most_within_one_second_and_not_a_tick_more():
    """Three instants within 1 s; the fourth, exactly a second after the first, is of another."""
    peak = Peak()

    found = [peak.add(at) for at in (0, 400 * MILLISECOND, SECOND - 1, SECOND, 3 * SECOND)]

    assert found == [1, 2, 3, 3, 3]


@pytest.mark.parametrize("kind", KINDS)
def test_a_failure_is_read_as_it_is_written(kind):
    """A detail may hold what separates it."""
    for failure in (Failure(kind), Failure(kind, "a: b, c")):
        assert failure_named(str(failure)) == failure
        assert failure.in_words()


def test_an_unknown_kind_of_failure_is_refused():
    """A trace of a later version, or a damaged one."""
    with pytest.raises(ValueError, match="no such kind of failure: 'bad luck'"):
        failure_named("bad luck")


def test_the_words_have_the_most_frequent_first_and_count_the_rest():
    """Four are named; what the API's 401 did is told where anything else happened."""
    counts = {"call_401": 1, "token_refused: 503 server_error": 7, "hung: f (a.py:3)": 5}
    counts |= {"timed_out: api": 3, "cancelled": 2, "store_unavailable": 1}

    assert not is_told({"call_401": 3})
    assert is_told(counts)
    assert failures_in_words(counts) == (
        "503 server_error from the token endpoint (7), waited in vain for a token in f (a.py:3) "
        "(5), no answer from the API in time (3), caller cancelled (2), other reasons (2)"
    )
    assert most_frequent({failure_named(name): n for name, n in counts.items()}) == Failure(
        "token_refused", "503 server_error"
    )


def a_recorded_run(**plan):
    run = InMemory(EVERY_EVENT)(a_plan(**plan))
    assert not isinstance(run, Exception)
    return run


def test_the_blame_of_a_refused_token_request_names_asker_answer_and_fault():
    """The secret is rotated after 1 s; the token of 0.2 s lasts 2 s, and at 2.2 s or so p0 asks in
    vain with the old secret. No call got 401."""
    run = a_recorded_run(
        strategy="{preset: single_flight, leeway: 0s}",
        faults="{at: 1s, rotate_secret: {}}",
        lifetime="2s",
        duration="8s",
    )
    failure = telling_failure([run])
    assert failure == Failure("token_refused", "400 invalid_client")
    found = failure_blame(run.token_events(), run.clients, failure)
    assert found is not None
    asked, before, token, counts = failure_in_words(found, clock_time)

    assert asked.endswith("p0 asked for a token and was refused: 400 invalid_client")
    assert before.startswith("before that, at 00:00:01")
    assert "secret is rotated" in before
    assert token.startswith("the last token issued to p0 was token 1, at 00:00:00")
    assert f"{run.provider.issues_refused:,} token requests got that answer" in counts


def test_where_more_calls_got_401_the_story_is_of_those():
    """Every token is revoked each second, and one refresh is answered 503."""
    run = a_recorded_run(
        strategy="reactive_cas",
        faults="{at: 1s, revoke: all}, {at: 2s, revoke: all}, "
        "{at: 3s, burst: {endpoint: token, answer: 503, for: 1s, count: 1}}, {at: 3s, revoke: all}",
    )

    assert sum(run.provider.causes().values()) > 0
    assert telling_failure([run]) is None


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """The folder of a run in which half of the operations fail for a rotated secret."""
    folder = tmp_path_factory.mktemp("causes")
    text = a_text(
        "{preset: single_flight, leeway: 0s}",
        faults="{at: 1s, rotate_secret: {}}",
        lifetime="2s",
        duration="5s",
    )
    file = folder / "causes.yaml"
    file.write_text(text + "expect: {single_flight: {issues_refused: == 0}}\n")
    ran = CliRunner().invoke(app, ["run", str(file), "--out", str(folder / "out")])
    return folder, ran


def test_the_table_and_the_summary_have_the_cause(results):
    """And what was expected of refused requests fails."""
    folder, ran = results
    (summary,) = folder.glob("out/*/summary.json")
    figures = json.loads(summary.read_text())["strategies"]["single_flight"]

    assert ran.exit_code == 1
    assert "failed   single_flight: " in ran.output
    assert "400 invalid_client from the token endpoint" in ran.output
    assert next(iter(figures["failures"])) == "token_refused: 400 invalid_client"
    assert figures["issues_refused_by"] == {"400 invalid_client": figures["issues_refused"]}
    assert figures["token_requests"] == figures["tokens_issued"] + figures["issues_refused"]


def test_the_report_tells_the_story(results):
    """In words and as a picture, though no call got 401."""
    folder, _ = results
    (report,) = folder.glob("out/*/report.html")

    assert "p0 asked for a token and was refused: 400 invalid_client" in report.read_text()


def test_blame_and_check_tell_it_too(results):
    """The command said that no call got 401, with exit code 2."""
    folder, _ = results
    blamed = CliRunner().invoke(app, ["blame", str(folder / "causes.yaml")])
    checked = CliRunner().invoke(app, ["check", str(folder / "causes.yaml")])

    assert blamed.exit_code == 0
    assert "p0 asked for a token and was refused: 400 invalid_client" in blamed.output
    assert "was refused: 400 invalid_client" in checked.output
