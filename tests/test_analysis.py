"""Hand-written histories, and the figures that follow from them by hand."""

import json
import math

import pytest
from scipy import stats

from simulator.analysis.figures import figures_of
from simulator.analysis.intervals import BinnedCounts, Estimate, estimate, t_975
from simulator.analysis.lifelines import TOKENS_MAX, Lifeline, Lifelines, lifelines_of
from simulator.analysis.summary import Setting, read_summary, summarize, write_summary
from simulator.clock import HOUR, MILLISECOND, SECOND
from simulator.errors import ResultsError
from simulator.trace.events import CAUSES, TokenAdopted, TokenEvicted, TokenIssued, TokenRevoked
from simulator.trace.files import RecordedRun, TraceHeader, TraceWriter, read_trace
from simulator.trace.tally import BINS, ClientTally, ProviderTally

DURATION = 240 * SECOND  # bins of one second
LIFETIME = 60 * SECOND
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


def a_header(seed=1, strategy="check_then_act"):
    return TraceHeader(
        scenario="two-clients",
        strategy=strategy,
        seed=seed,
        engine="wire",
        duration=DURATION,
        lifetime=LIFETIME,
        time_scale=30.0,
        version="0.1.0",
    )


def a_run(tmp_path, *, seed=1, answers=(), operations=(), issued=0, unknown=0):
    """A run from its history: ``answers`` are (at, cause or None), operations (outcome, took)."""
    provider = ProviderTally(width=SECOND, tokens_issued=issued, live_peak=seed)
    for at, cause in answers:
        provider.responded(at, 401 if cause else 200, cause)
    clients = ClientTally(width=SECOND, unknown=unknown, store_reads=10 * seed)
    for outcome, took in operations:
        clients.finished(outcome, started_at=0, at=took)
    return RecordedRun(
        header=a_header(seed),
        provider=provider,
        clients=clients,
        deaths=(),
        trace=tmp_path / "none.jsonl",
    )


def two_runs(tmp_path):
    """Seed 1: 1 of 4 answers and 1 of 2 operations refused. Seed 2: 3 of 4, and 0 of 2."""
    first = a_run(
        tmp_path,
        answers=[(0, None), (1, "evicted"), (2, None), (3, None)],
        operations=[("ok", 100 * MILLISECOND), ("refused", 100 * MILLISECOND)],
        issued=6,
    )
    second = a_run(
        tmp_path,
        seed=2,
        answers=[(0, "evicted"), (1, "evicted"), (2, "expired"), (3, None)],
        operations=[("ok", 100 * MILLISECOND), ("unknown", 9 * SECOND)],
        issued=10,
        unknown=1,
    )
    return [first, second]


def test_the_figures_of_two_runs(tmp_path):
    """401 rate (1/4 + 3/4) / 2 = 0.5. The run lasts 4 lifetimes, so 16 tokens in 2 runs are 2 each.

    Shares 0.25 and 0.75 differ by t(1) * sqrt(0.125 / 2) = 3.2: the interval is all of 0 to 1.
    100 ms lies in the bucket of 99,328 to 100,352 ticks, whose middle is 99,839.
    """
    figures = figures_of(two_runs(tmp_path))

    assert (figures.responses, figures.responses_401) == (8, 4)
    assert figures.rate_401 == Estimate(mean=0.5, low=0.0, high=1.0)
    assert figures.failure_rate == Estimate(mean=0.25, low=0.0, high=1.0)
    assert figures.unknown == 1
    assert figures.causes == dict.fromkeys(CAUSES, 0) | {"evicted": 3, "expired": 1}
    assert figures.operations_by_outcome == {"ok": 2, "refused": 1, "unknown": 1}
    assert (figures.tokens_issued, figures.tokens_per_lifetime) == (16, 2.0)
    assert (figures.live_peak, figures.store_reads) == (2, 30)
    assert figures.latency_ms.p50 == figures.latency_ms.p99 == 99.839
    assert [(s.seed, s.rate_401, s.failure_rate) for s in figures.per_seed] == [
        (1, 0.25, 0.5),
        (2, 0.75, 0.0),
    ]


def test_without_responses_there_is_no_rate(tmp_path):
    """Nobody asked, so nothing is known: None, never 0."""
    figures = figures_of([a_run(tmp_path)])

    assert figures.rate_401 is None
    assert figures.failure_rate is None
    assert figures.latency_ms.p50 is None
    assert figures.per_seed[0].rate_401 is None


def spread_evenly(part, total):
    return BinnedCounts(part=[part] * BINS, total=[total] * BINS)


def test_several_seeds_give_students_interval():
    """Shares 0.1, 0.2, 0.3: mean 0.2, sd 0.1, reach 4.3027 * 0.1 / sqrt(3) = 0.248417, cut at 0."""
    runs = [spread_evenly(part, 10) for part in (1, 2, 3)]

    assert estimate(runs) == Estimate(mean=0.2, low=0.0, high=0.448417)


def test_runs_count_alike_however_many_requests_they_made():
    """The mean is of the runs' rates: 1/10 and 500/1000 give 0.3, not 501/1010."""
    runs = [BinnedCounts(part=[1], total=[10]), BinnedCounts(part=[500], total=[1000])]

    assert estimate(runs).mean == 0.3


def test_a_run_that_counted_nothing_is_left_out_of_the_mean():
    """It has no rate; to take it for 0 would flatter the strategy."""
    nothing = BinnedCounts(part=[0], total=[0])
    busy = [BinnedCounts(part=[p], total=[100]) for p in (40, 60)]

    assert estimate([nothing, *busy]) == estimate(busy)
    assert estimate([nothing]) is None


def test_one_seed_gives_the_interval_of_ten_batches():
    """Half the batches at 0.1 and half at 0.3: mean 0.2, each batch 0.1 off it.

    Error sqrt(10 * 0.1^2 * 10/9) / 10 = 0.0333333; times t(9) = 2.2622 is 0.0754067.
    """
    part = [1] * (BINS // 2) + [3] * (BINS // 2)

    one = estimate([BinnedCounts(part=part, total=[10] * BINS)])

    assert one == Estimate(mean=0.2, low=0.124593, high=0.275407)


def test_one_burst_in_one_seed_leaves_the_rate_uncertain():
    """500 of 10,000 refused, all in one batch: binomial errors would say 4.6 to 5.4 %.

    One batch of ten at 0.5: error sqrt((0.45^2 + 9 * 0.05^2) * 10/9) / 10 = 0.05, t(9) = 2.2622.
    """
    part, total = [0] * BINS, [0] * BINS
    for batch in range(10):
        total[24 * batch] = 1000
    part[24 * 3] = 500

    assert estimate([BinnedCounts(part=part, total=total)]) == Estimate(
        mean=0.05, low=0.0, high=0.16311
    )


def test_one_batch_alone_tells_nothing():
    """All requests of a run within a tenth of it: nothing to compare with."""
    part, total = [0] * BINS, [0] * BINS
    part[0], total[0] = 5, 10

    assert estimate([BinnedCounts(part=part, total=total)]) == Estimate(mean=0.5, low=0.0, high=1.0)


@pytest.mark.parametrize("seeds", [1, 3])
def test_never_and_always_are_no_certainty(seeds):
    """Wilson at 0 of n reaches z^2 / (n + z^2); at n of n it is the mirror image."""
    n = 100 * BINS * seeds
    reach = 1.959964**2 / (n + 1.959964**2)

    never = estimate([spread_evenly(0, 100)] * seeds)
    always = estimate([spread_evenly(100, 100)] * seeds)

    assert (never.mean, never.low) == (0.0, 0.0)
    assert (always.mean, always.high) == (1.0, 1.0)
    assert math.isclose(never.high, reach, rel_tol=1e-5)
    assert math.isclose(always.low, 1 - reach, rel_tol=1e-5)


@pytest.mark.parametrize("freedom", [*range(1, 61), 99, 499, 10_000])
def test_students_quantiles_agree_with_scipy(freedom):
    """The table has four decimals; the expansion beyond it is better than that."""
    assert abs(t_975(freedom) - stats.t.ppf(0.975, freedom)) < 0.00006


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


def recorded(tmp_path, events):
    path = tmp_path / "trace.jsonl"
    with TraceWriter(path, a_header()) as writer:
        for event in events:
            writer.write(event)
        writer.finish(ProviderTally(width=SECOND), ClientTally(width=SECOND))
    return read_trace(path)


def issue(token, at, asked_by="p0.w0"):
    return TokenIssued(at=at, token=token, expires_at=at + LIFETIME, asked_by=asked_by)


def evict(token, at, by):
    return TokenEvicted(at=at, token=token, displaced_by=by, asked_by="p1.w0")


def test_a_token_ends_as_its_events_say(tmp_path):
    """Evicted, revoked, expired after its minute, or live when the run ends at 240 s."""
    run = recorded(
        tmp_path,
        [
            issue(1, 0),
            TokenAdopted(at=5, token=1, process=0),
            issue(2, 10 * SECOND, "p1.w3"),
            evict(1, 10 * SECOND, by=2),
            TokenRevoked(at=20 * SECOND, token=2),
            issue(3, 30 * SECOND),
            issue(4, 200 * SECOND),
        ],
    )

    shown = lifelines_of(run)

    assert [(line.token, line.end, line.ended_at // SECOND) for line in shown.lines] == [
        (1, "evicted", 10),
        (2, "revoked", 20),
        (3, "expired", 90),
        (4, "live", 240),
    ]
    assert shown.lines[0].adopted == ((5, 0),)
    assert [line.process for line in shown.lines] == ["p0", "p1", "p0", "p0"]
    assert (shown.start, shown.end) == (0, DURATION)


def a_burst(first, at, size):
    """``size`` tokens, 10 ms apart, each throwing out the one before."""
    events = []
    for k in range(size):
        instant = at + 10 * MILLISECOND * k
        events.append(issue(first + k, instant))
        if first + k > 1:
            events.append(evict(first + k - 1, instant, by=first + k))
    return events


def test_the_window_opens_at_the_first_eviction_and_closes_after_its_burst(tmp_path):
    """Ten issues in 90 ms, then a minute of peace: the minute is not drawn.

    Tokens 1 and 2 expired in peace before; token 3 is alive and is shown from the left edge.
    """
    peace = [issue(1, 0), issue(2, 60 * SECOND), issue(3, 119 * SECOND)]
    run = recorded(
        tmp_path, [*peace, *a_burst(4, 130 * SECOND, 10), *a_burst(14, 190 * SECOND, 10)]
    )

    shown = lifelines_of(run)

    assert [line.token for line in shown.lines] == list(range(3, 14))
    assert 129 * SECOND < shown.start < 130 * SECOND
    assert 130 * SECOND + 90 * MILLISECOND < shown.end < 132 * SECOND


def test_a_storm_is_cut_after_so_many_tokens(tmp_path):
    """A thousand tokens on end: the first thirty, up to the instant the next one was issued."""
    shown = lifelines_of(recorded(tmp_path, a_burst(1, 0, 1000)))

    assert [line.token for line in shown.lines] == list(range(1, TOKENS_MAX + 1))
    assert shown.end == TOKENS_MAX * 10 * MILLISECOND


def test_without_an_eviction_the_first_tokens_are_shown(tmp_path):
    """Four processes that share one token a minute: the whole run."""
    run = recorded(tmp_path, [issue(k + 1, k * LIFETIME) for k in range(4)])

    shown = lifelines_of(run)

    assert (shown.start, shown.end) == (0, DURATION)
    assert [line.end for line in shown.lines] == ["expired"] * 4


def test_tokens_issued_in_one_instant_still_have_a_window(tmp_path):
    """On virtual time ten answers may share a tick; a window of no width could not be drawn."""
    burst = [event for k in range(10) for event in (issue(k + 1, 7), evict(k, 7, by=k + 1))]
    run = recorded(tmp_path, [event for event in burst if event != evict(0, 7, by=1)])

    shown = lifelines_of(run)

    assert len(shown.lines) == 10
    assert shown.start < 7 < shown.end


def test_a_run_without_tokens_has_no_lifelines(tmp_path):
    """Every request for a token was refused, or none was made."""
    assert lifelines_of(recorded(tmp_path, [])) == Lifelines(start=0, end=DURATION, lines=())


def test_a_lifeline_of_a_users_own_client_belongs_to_that_name():
    """``asked_by`` may be any text; only the part before the dot names the process."""
    line = Lifeline(
        token=1, asked_by="billing", issued_at=0, ended_at=HOUR, end="expired", adopted=()
    )

    assert line.process == "billing"
