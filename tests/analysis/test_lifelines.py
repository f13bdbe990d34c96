"""The lives of tokens in hand-written histories, and the window that is drawn of them."""

from tests.hand_written_runs import DURATION, LIFETIME, a_header
from tokenrace.analysis.lifelines import TOKENS_MAX, Lifeline, Lifelines, lifelines_of
from tokenrace.clock import HOUR, MILLISECOND, SECOND
from tokenrace.trace.events import TokenAdopted, TokenEvicted, TokenIssued, TokenRevoked
from tokenrace.trace.files import TraceWriter, read_trace
from tokenrace.trace.tally import ClientTally, ProviderTally


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
    return TokenEvicted(at=at, token=token, displaced_by=by, asked_by="p1.w0", valid_until=at)


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
