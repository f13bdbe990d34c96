"""The blame of a 401 as a picture: what is in it, and that it is drawn as it says."""

from xml.etree import ElementTree as ET

import pytest
from typer.testing import CliRunner

from tests.analysis.plotted_runs import a_run
from tests.analysis.test_blame import DISPLACED, adopted, evicted, issued, refused
from tokenrace.analysis.blame import blame
from tokenrace.analysis.blame_diagram import Holding, diagram_of
from tokenrace.analysis.blame_svg import standalone, svg_of
from tokenrace.analysis.blames import blames_of, telling_cause
from tokenrace.cli.app import app
from tokenrace.clock import SECOND
from tokenrace.trace.events import AppChanged, TokenRevoked

SVG = "{http://www.w3.org/2000/svg}"
SCENARIO = """\
name: two
provider: {live_tokens: 1, lifetime: 10m}
fleet: {processes: 2, workers: 1}
workload: {arrivals: {process: closed, think: exponential 10s}, operations: {get_user: 1}}
network: {token: uniform 50ms 150ms, api: uniform 20ms 90ms}
strategies: [check_then_act, shared_lock]
run: {duration: 15m, seeds: 1, engine: virtual}
"""


def drawn(events):
    """The diagram, instants in seconds."""
    return diagram_of(blame(events), lambda at: f"{at / SECOND:g}s")


def steps(diagram):
    """Each step in short: when, what kind, from which lane to which."""
    names = diagram.participants
    return [(s.at, s.kind, names[s.source], names[s.target]) for s in diagram.steps]


def texts(svg):
    """What can be read in a drawing, and selected."""
    return [element.text for element in ET.fromstring(svg).iter(f"{SVG}text")]


def test_an_eviction_shows_who_was_issued_what_and_who_held_the_dead_token():
    """p0 and p2 hold token 1 when p1's token 2 ends it at 5 s; p2 takes up the new one at 7 s, p0
    still shows the old one at 9 s."""
    diagram = drawn(DISPLACED)

    assert diagram.title == "p0.w1 got 401 with token 1: evicted"
    assert diagram.participants == ("provider", "p0", "p1", "p2")
    assert steps(diagram) == [
        ("1s", "issue", "provider", "p0"),
        ("2s", "adopt", "p0", "p0"),
        ("3s", "adopt", "p2", "p2"),
        ("5s", "issue", "provider", "p1"),
        ("5s", "end", "provider", "provider"),
        ("6s", "adopt", "p1", "p1"),
        ("7s", "adopt", "p2", "p2"),
        ("9s", "refuse", "provider", "p0"),
    ]
    assert diagram.holdings == (
        Holding(lane=1, begins=1, ends=7, dead_from=4),
        Holding(lane=3, begins=2, ends=6, dead_from=4),
    )


def test_the_end_of_a_tokens_time_is_a_step_though_no_event():
    """Issued at 1 s for a minute; the call is refused at 70 s."""
    history = [issued(1 * SECOND, 1, "p0"), adopted(2 * SECOND, 1, 0)]
    diagram = drawn([*history, refused(70 * SECOND, 1, "expired")])

    assert steps(diagram)[2:] == [
        ("61s", "end", "provider", "provider"),
        ("70s", "refuse", "provider", "p0"),
    ]
    assert diagram.steps[2].text == "the time of token 1 is over"
    assert diagram.holdings == (Holding(lane=1, begins=1, ends=3, dead_from=2),)


def test_a_new_secret_shows_what_befell_the_app():
    """It comes before the token's end, which it brought about; nobody took another token."""
    history = [
        issued(1 * SECOND, 1, "p0"),
        adopted(2 * SECOND, 1, 0),
        AppChanged(at=5 * SECOND, change="it has a new secret"),
        TokenRevoked(at=5 * SECOND, token=1),
        refused(9 * SECOND, 1, "revoked"),
    ]
    diagram = drawn(history)

    assert [step.kind for step in diagram.steps] == ["issue", "adopt", "befall", "end", "refuse"]
    assert diagram.steps[2].text == "the app: it has a new secret"


def test_a_token_that_is_none_of_the_providers_has_one_step():
    """A client of the user's own, under its own name: it is no process."""
    diagram = drawn([refused(9 * SECOND, None, "unknown_token", who="a script")])

    assert diagram.participants == ("provider", "a script")
    assert steps(diagram) == [("9s", "refuse", "provider", "a script")]
    assert diagram.holdings == ()


def test_a_process_that_let_go_before_the_end_holds_nothing_dead():
    """p2 took a third token, which is not in the chain: its bar does not reach the eviction."""
    history = [*DISPLACED[:3], issued(4 * SECOND, 3, "p2"), adopted(4 * SECOND, 3, 2)]
    diagram = drawn([*history, *DISPLACED[3:6], DISPLACED[7]])

    assert diagram.holdings[1] == Holding(lane=3, begins=2, ends=2, dead_from=None)


def test_adoptions_that_are_too_many_are_counted():
    """Of token 1 twenty processes begin to use it: four are shown, that of the refused among them,
    in five lanes at most beside the provider's."""
    history = [issued(0, 1, "p0"), *(adopted(SECOND + at, 1, at) for at in range(20))]
    diagram = drawn(
        [*history, evicted(3 * SECOND, 1, 2, "p9"), refused(4 * SECOND, 1, who="p19.w0")]
    )

    assert diagram.participants == ("provider", "p0", "p1", "p2", "p3", "p19")
    assert [step.text for step in diagram.steps if step.kind == "more"] == ["and 16 more adoptions"]
    assert sum(step.kind == "adopt" for step in diagram.steps) == 4


def test_the_drawing_has_every_step_as_text_and_tells_itself_to_a_screen_reader():
    """The clock beside each; long sentences go on in the next line. Equal diagrams, equal bytes."""
    diagram = drawn(DISPLACED)
    svg = svg_of(diagram, "blame-1")
    root = ET.fromstring(svg)
    shown = " ".join(texts(svg))

    for step in diagram.steps:
        assert step.at in shown
        assert step.text in shown
    assert root.get("aria-labelledby") == "blame-1-title blame-1-desc"
    assert root.findtext(f"{SVG}title") == diagram.title
    assert "token 1 was issued to p0 at 1s" in root.findtext(f"{SVG}desc")
    assert svg == svg_of(drawn(DISPLACED), "blame-1")


def test_nothing_a_user_wrote_becomes_markup():
    """A fault's words, a client's name."""
    history = [AppChanged(at=1, change="<script>"), refused(2, None, "unknown_token", who="<b>")]
    svg = standalone(drawn(history))

    assert "<script" not in svg
    assert "the app: <script>" in texts(svg)


def test_a_bar_is_dashed_from_the_end_of_the_token_on():
    """Two holders: each has a bar that is filled and one that is not, and they touch."""
    bars = [
        (rect.get("class"), int(rect.get("y")), int(rect.get("height")))
        for rect in ET.fromstring(svg_of(drawn(DISPLACED), "b")).iter(f"{SVG}rect")
    ]

    assert [look for look, _, _ in bars] == ["held", "held dead"] * 2
    (_, y, height), (_, dies, _) = bars[:2]
    assert y + height == dies


@pytest.mark.parametrize(
    ("refusals", "cause"),
    [
        ({}, None),
        ({"expired": 2, "evicted": 1}, "expired"),
        ({"expired": 1, "evicted": 1}, "evicted"),
        ({"app_blocked": 9, "revoked": 1}, "revoked"),
        ({"app_blocked": 9, "owner_role": 1}, "app_blocked"),
    ],
)
def test_the_401_to_tell_of_is_one_that_was_avoidable(tmp_path, refusals, cause):
    """The most frequent such; of two as frequent an eviction; any other where there is none."""
    assert telling_cause([a_run(tmp_path, "ours", 1, refusals)]) == cause


def test_a_strategy_without_401_is_not_told_of(tmp_path):
    """It got none."""
    assert list(blames_of({"ours": [a_run(tmp_path, "ours", 1, {})]})) == []


@pytest.fixture
def scenario(tmp_path):
    """A scenario in which check_then_act gets 401s, and shared_lock none."""
    file = tmp_path / "two.yaml"
    file.write_text(SCENARIO)
    return file


def told(*words):
    """What the command prints, and its exit code."""
    got = CliRunner().invoke(app, ["blame", *map(str, words)])
    assert got.exception is None or isinstance(got.exception, SystemExit), got.exception
    return got.exit_code, got.stdout.splitlines(), got.stderr.strip()


def test_the_command_repeats_a_run_and_reads_a_trace_alike(scenario, tmp_path):
    """The trace that tokenrace run left tells the same story, and gives the same picture."""
    run = ["run", str(scenario), "--seeds", "1", "--out", str(tmp_path)]
    assert CliRunner().invoke(app, run).exit_code == 0
    trace = tmp_path / "two/trace/check_then_act-1.jsonl"
    first, second = tmp_path / "first.svg", tmp_path / "second.svg"

    code, lines, _ = told(scenario, "--strategy", "check_then_act", "--out", first)
    _, from_trace, _ = told(trace, "--out", second)

    assert code == 0
    assert "got 401 with token 1: evicted" in lines[0]
    assert lines[-1] == f"picture  {first}"
    assert from_trace[:-1] == lines[:-1]
    assert first.read_bytes() == second.read_bytes()


def test_another_401_can_be_chosen(scenario):
    """The first from an instant on is not the first of all."""
    words = [scenario, "--strategy", "check_then_act"]
    (first, *_), (later, *_) = told(*words)[1], told(*words, "--at", "9m")[1]

    assert first < "00:09" <= later


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "two.yaml: name one of its strategies: --strategy check_then_act | shared_lock"),
        (["--strategy", "shared_lock"], "shared_lock, seed 1: no call got 401"),
        (
            ["--strategy", "check_then_act", "--cause", "revoked", "--at", "1m"],
            "check_then_act, seed 1: no call got 401 for revoked from 1m on",
        ),
        (
            ["--strategy", "check_then_act", "--at", "soon"],
            "--at: must be a span of time",
        ),
    ],
)
def test_what_cannot_be_told_is_said(scenario, words, message):
    """Exit code 2, and what to do."""
    code, _, error = told(scenario, *words)

    assert code == 2
    assert message in error


def test_a_trace_is_of_one_run(tmp_path):
    """There is nothing to choose."""
    assert told(tmp_path / "ours-1.jsonl", "--seed", "2") == (
        2,
        [],
        f"{tmp_path}/ours-1.jsonl: a trace is of one run: leave out --strategy and --seed",
    )
