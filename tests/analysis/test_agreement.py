"""Whether two engines agree, on figures made by hand.

Student's t at 97.5 % is 12.7062 for two seeds and 4.3027 for three; the mean of n differences with
standard deviation s reaches t * s / sqrt(n) to either side.
"""

from dataclasses import replace

import pytest
from typer.testing import CliRunner

from tests.hand_written_runs import a_run
from tokenrace.analysis.agreement import TOLERANCES, Spread, compare, worst
from tokenrace.cli import agree
from tokenrace.cli.app import app
from tokenrace.clock import MILLISECOND
from tokenrace.trace.events import ProcessEnded

NOBODY_ASKED = (0, 0)
TOO_FEW_SEEDS = "the engines may agree: the intervals are too wide to tell; use more --seeds"


@pytest.fixture
def runs(tmp_path):
    """A builder: one run a seed; each keyword has a value for each seed."""

    def build(*, issued=(), rates=(), refused=(), latencies=()):
        return [
            a_run(
                tmp_path,
                seed=seed,
                issued=issued[seed - 1] if issued else 0,
                answers=answers(*rates[seed - 1]) if rates else (),
                operations=[
                    *(outcomes(*refused[seed - 1]) if refused else ()),
                    *([("ok", latencies[seed - 1] * MILLISECOND)] if latencies else ()),
                ],
            )
            for seed in range(1, 1 + max(map(len, (issued, rates, refused, latencies))))
        ]

    return build


def answers(refused, total):
    return [(at, "evicted" if at < refused else None) for at in range(total)]


def outcomes(refused, total):
    return [("refused" if at < refused else "ok", 0) for at in range(total)]


def compared(name, wire, virtual):
    """Return how the figure called ``name`` compares."""
    (found,) = [one for one in compare(wire, virtual) if one.figure.name == name]
    return found


@pytest.mark.parametrize(
    ("wire", "virtual", "verdict"),
    [
        # 10 or 11 tokens: a token more or less is no disagreement, two are.
        ((10, 10), (11, 11), "agree"),
        ((10, 10), (12, 12), "disagree"),
        ((12, 12), (10, 10), "disagree"),
        # Of many tokens 5 % of the larger mean may differ: 5.25 and 5.3.
        ((100, 100), (105, 105), "agree"),
        ((100, 100), (106, 106), "disagree"),
        # Differences 0 and 1: 0.5 +- 12.7062 * 0.7071 / sqrt(2) = 6.35. Of 11 that is more than
        # half, of 21 it is not.
        ((10, 12), (10, 11), "can't tell"),
        ((20, 22), (20, 21), "agree"),
        # Differences 20, 21, 22: 21 +- 4.3027 / sqrt(3) = 2.48, more than chance and 5 %.
        ((50, 51, 52), (30, 30, 30), "disagree"),
        # Differences 0 and 40: 20 +- 254. Even so large a difference can be chance.
        ((50, 90), (50, 50), "can't tell"),
    ],
)
def test_counts_differ_by_chance_a_token_or_a_twentieth(runs, wire, virtual, verdict):
    """The interval of the differences, and a little more, decides."""
    got = compared("tokens_issued", runs(issued=wire), runs(issued=virtual))

    assert got.verdict == verdict


@pytest.mark.parametrize("name", ["rate_401", "failure_rate"])
@pytest.mark.parametrize(
    ("wire", "virtual", "verdict"),
    [
        # A percentage point is no disagreement, two are.
        ((2, 2), (1, 1), "agree"),
        ((3, 3), (1, 1), "disagree"),
        # Differences 0, 5 and 10 %: 5 +- 4.3027 * 5 / sqrt(3) = 12.4 points, within 15.
        ((40, 45, 50), (40, 40, 40), "agree"),
        # Differences 0, 10 and 20 %: 10 +- 24.8 points. Nearly any two rates would agree.
        ((40, 50, 60), (40, 40, 40), "can't tell"),
        # Differences 29, 30 and 31 %: 30 +- 2.5 points.
        ((49, 50, 51), (20, 20, 20), "disagree"),
    ],
)
def test_rates_differ_by_chance_or_a_percentage_point(runs, name, wire, virtual, verdict):
    """In hundredths: of 100 responses, or of 100 operations."""
    kind = {"rate_401": "rates", "failure_rate": "refused"}[name]

    def made(hundredths):
        return runs(**{kind: [(part, 100) for part in hundredths]})

    assert compared(name, made(wire), made(virtual)).verdict == verdict


@pytest.mark.parametrize("name", ["latency_p50", "latency_p95"])
@pytest.mark.parametrize(
    ("wire", "virtual", "verdict"),
    [
        # Real HTTP may add 20 ms; a histogram is off by 0.8 %, so not exactly.
        ((118, 118), (100, 100), "agree"),
        ((124, 124), (100, 100), "disagree"),
        # Or a tenth of the larger: 109 of 1090, 120 of 1200.
        ((1_090, 1_090), (1_000, 1_000), "agree"),
        ((1_200, 1_200), (1_000, 1_000), "disagree"),
        # Differences 0 and 20 ms: 10 +- 127 ms, of 110.
        ((100, 120), (100, 100), "can't tell"),
    ],
)
def test_latencies_differ_by_chance_twenty_milliseconds_or_a_tenth(
    runs, name, wire, virtual, verdict
):
    """What HTTP and Python add to a latency says nothing about strategies."""
    got = compared(name, runs(latencies=wire), runs(latencies=virtual))

    assert got.verdict == verdict


def test_seeds_are_compared_one_by_one(runs):
    """Seeds differ by 10 tokens, engines under one seed by 1: paired, the difference is sharp.

    10, 20, 30 and 11, 21, 31 each reach 4.3027 * 10 / sqrt(3) = 24.8; their differences 0. Taken
    crosswise the differences are -21, -1 and 19: -1 +- 4.3027 * 20 / sqrt(3) = 49.7.
    """
    wire = runs(issued=(10, 20, 30))
    paired = compared("tokens_issued", wire, runs(issued=(11, 21, 31)))
    crosswise = compared("tokens_issued", wire, runs(issued=(31, 21, 11)))

    assert paired.wire == Spread(mean=20.0, reach=pytest.approx(24.84, abs=0.01))
    assert paired.difference == Spread(mean=-1.0, reach=0.0)
    assert paired.verdict == "agree"
    assert crosswise.difference == Spread(mean=-1.0, reach=pytest.approx(49.68, abs=0.01))
    assert crosswise.verdict == "can't tell"


def test_other_seeds_cannot_be_paired(runs):
    """Our own bug, so an assertion: the same seeds in the same order."""
    wire = runs(issued=(1, 1))

    with pytest.raises(AssertionError):
        compare(wire, wire[::-1])


def test_what_neither_engine_counted_nobody_can_tell(runs):
    """Without operations there is no failure rate and no latency; the counts of 0 agree."""
    wire, virtual = runs(issued=(3, 3)), runs(issued=(3, 3))
    verdicts = {got.figure.name: got.verdict for got in compare(wire, virtual)}

    assert verdicts == {
        "rate_401": "can't tell",
        "failure_rate": "can't tell",
        "unknown_rate": "can't tell",
        "issues_refused": "agree",
        "tokens_issued": "agree",
        "live_peak": "agree",
        "operations": "agree",
        "latency_p50": "can't tell",
        "latency_p95": "can't tell",
    }
    assert list(verdicts) == list(TOLERANCES)


def test_what_one_engine_alone_did_not_count_is_a_disagreement(runs):
    """On virtual time seed 2 got no answer at all; on the wire every seed did."""
    wire = runs(rates=[(1, 10), (1, 10)])
    virtual = runs(rates=[(1, 10), NOBODY_ASKED])
    got = compared("rate_401", wire, virtual)

    assert got.wire == Spread(mean=0.1, reach=0.0)
    assert (got.virtual, got.difference) == (None, None)
    assert got.verdict == "disagree"
    assert compared("rate_401", virtual, wire).verdict == "disagree"


@pytest.mark.parametrize(
    ("verdicts", "verdict"),
    [
        (["agree", "agree"], "agree"),
        (["agree", "can't tell", "agree"], "can't tell"),
        (["can't tell", "disagree", "agree"], "disagree"),
    ],
)
def test_one_disagreement_outweighs_everything(verdicts, verdict):
    """And one figure that nobody can tell outweighs those that agree."""
    assert worst(verdicts) == verdict


@pytest.fixture
def told(monkeypatch, runs, tmp_path):
    """A function: what ``tokenrace agree`` says of runs made by hand, and its exit code."""
    file = tmp_path / "two.yaml"
    file.write_text(
        "name: two\nfleet: {processes: 1, workers: 1}\n"
        "workload: {arrivals: {process: closed, think: 1s}}\n"
        "strategies: [single_flight]\nrun: {duration: 1s, seeds: 2}\n",
        encoding="utf-8",
    )

    def tell(by_engine):
        def hand_made(experiment, engine, traces, watcher):
            for run in by_engine[engine.name]:
                header = replace(run.header, strategy="single_flight", engine=engine.name)
                yield replace(run, header=header)

        monkeypatch.setattr(agree, "run_all", hand_made)
        got = CliRunner().invoke(app, ["agree", str(file)])
        return got.stdout.splitlines(), got.exit_code

    return tell


def whole(runs, issued):
    """Runs in which every figure is something: 1 of 10 answers refused, operations of 100 ms."""
    seeds = len(issued)
    return runs(
        issued=issued,
        rates=[(1, 10)] * seeds,
        refused=[(1, 10)] * seeds,
        latencies=[100] * seeds,
    )


@pytest.mark.parametrize(
    ("wire", "last_line", "exit_code"),
    [
        ((10, 10), "the engines agree", 0),
        ((10, 13), TOO_FEW_SEEDS, 3),
        ((20, 20), "the engines disagree", 1),
    ],
)
def test_the_command_says_the_worst_verdict_and_exits_by_it(runs, told, wire, last_line, exit_code):
    """10 tokens each on virtual time. 10 and 13 differ by 1.5 +- 19."""
    lines, code = told({"wire": whole(runs, wire), "virtual": whole(runs, (10, 10))})

    assert (lines[-1], code) == (last_line, exit_code)


@pytest.mark.parametrize("engine", ["wire", "virtual"])
def test_engines_do_not_agree_when_a_process_died(runs, told, engine):
    """Every figure is equal, but less was run than was asked for."""
    made = {"wire": whole(runs, (10, 10)), "virtual": whole(runs, (10, 10))}
    death = ProcessEnded(at=5, process=0, in_flight=1, reason="killed by SIGKILL")
    made[engine][1] = replace(made[engine][1], deaths=(death,))
    lines, code = told(made)

    warning = f"WARNING  single_flight, seed 2: processes died on the {engine} engine, "
    assert lines[-2:] == [
        f"{warning}so less was run than was asked for",
        "the engines disagree",
    ]
    assert code == 1
