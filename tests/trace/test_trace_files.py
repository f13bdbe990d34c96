"""What a run writes down can be read back, and a file that is not whole says so."""

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenrace.clock import HOUR, MILLISECOND, SECOND
from tokenrace.errors import ResultsError
from tokenrace.trace.events import (
    CAUSES,
    CallRefused,
    IssueRefused,
    ProcessEnded,
    ProcessStarted,
    TokenAdopted,
    TokenEvicted,
    TokenIssued,
    TokenRevoked,
)
from tokenrace.trace.files import TraceHeader, TraceWriter, read_events, read_trace
from tokenrace.trace.json_lines import event_from, json_line
from tokenrace.trace.outcomes import Failure
from tokenrace.trace.tally import BINS, ClientTally, ProviderTally, bin_of, bin_width

HEADER = TraceHeader(
    scenario="expiry-stampede",
    strategy="single_flight",
    seed=7,
    engine="wire",
    duration=12 * SECOND,
    lifetime=6 * SECOND,
    time_scale=600,
    version="0.1.0",
)
EVENTS = [
    TokenIssued(at=1, token=1, expires_at=HOUR, asked_by="p0.w1"),
    TokenAdopted(at=2, token=1, process=0),
    TokenIssued(at=3, token=2, expires_at=HOUR, asked_by='a "client" of Zoë'),
    TokenEvicted(at=3, token=1, displaced_by=2, asked_by="p1", valid_until=5),
    CallRefused(at=4, token=1, cause="evicted", asked_by="p0.w1"),
    CallRefused(at=5, token=None, cause="unknown_token", asked_by="p0.w2"),
    TokenRevoked(at=6, token=2),
    IssueRefused(at=7, status=400, error="invalid_client", asked_by="p0"),
    ProcessEnded(at=8, process=1, in_flight=3, reason="killed by SIGKILL"),
    ProcessEnded(at=9, process=0, in_flight=1, reason="killed", fault=2),
    ProcessStarted(at=10, process=0, life=2),
]


def provider_tally():
    tally = ProviderTally(width=HEADER.width, tokens_issued=2, live_peak=1)
    tally.responded(4, 401, "evicted")
    tally.responded(5, 401, "unknown_token")
    tally.responded(11 * SECOND, 201, None)
    for peak, at in enumerate((1, 3, 7), start=1):
        tally.token_requested(at, peak)
    tally.issue_refused(7, 400, "invalid_client")
    return tally


def client_tally():
    tally = ClientTally(width=HEADER.width, unknown=3, store_reads=40, store_writes=2)
    tally.finished("ok", started_at=0, at=90 * MILLISECOND)
    tally.finished("refused", started_at=10, at=5 * SECOND, failure=Failure("call_401"))
    late = Failure("timed_out", "api")
    tally.finished("unknown", started_at=10, at=30 * SECOND, failure=late)
    tally.store_failed("read", "Redis: no answer", 4 * SECOND)
    return tally


def write(path, events=EVENTS):
    with TraceWriter(path, HEADER) as writer:
        for event in events:
            writer.write(event)
        writer.finish(provider_tally(), client_tally())
    return path


def test_a_trace_reads_back_as_it_was_written(tmp_path):
    """Header, every kind of event, both tallies with their histogram."""
    run = read_trace(write(tmp_path / "trace.jsonl"))

    assert run.header == HEADER
    assert list(run.events()) == EVENTS
    assert run.provider == provider_tally()
    assert run.clients == client_tally()
    assert run.deaths == (EVENTS[8],)  # a fault of the scenario brought about the other


def test_an_event_is_one_line_of_json_with_its_kind_first(tmp_path):
    """The bytes are a promise: people read traces with grep and jq."""
    lines = write(tmp_path / "trace.jsonl").read_text().splitlines()

    assert lines[0] == (
        '{"trace":2,"scenario":"expiry-stampede","strategy":"single_flight","seed":7,'
        '"engine":"wire","duration":12000000,"lifetime":6000000,"time_scale":600,'
        '"version":"0.1.0","lifetimes":0.0}'
    )
    assert lines[4] == (
        '{"event":"token_evicted","at":3,"token":1,"displaced_by":2,"asked_by":"p1",'
        '"valid_until":5}'
    )
    assert lines[6] == (
        '{"event":"call_refused","at":5,"token":null,"cause":"unknown_token","asked_by":"p0.w2"}'
    )
    assert lines[-1] == '{"tally":"end","events":11}'
    assert all(isinstance(json.loads(line), dict) for line in lines)


def test_equal_runs_leave_equal_bytes(tmp_path):
    """Whatever order statuses and buckets were first counted in."""
    first = write(tmp_path / "first.jsonl").read_bytes()
    with TraceWriter(tmp_path / "second.jsonl", HEADER) as writer:
        for event in EVENTS:
            writer.write(event)
        provider = provider_tally()
        provider.statuses = dict(reversed(provider.statuses.items()))
        writer.finish(provider, client_tally())

    assert (tmp_path / "second.jsonl").read_bytes() == first


def test_only_bins_that_counted_something_are_written(tmp_path):
    """Answers fell into bins 0 and 220 of 240 (50 ms each), operations into 1, 100 and 239."""
    lines = map(json.loads, write(tmp_path / "trace.jsonl").read_text().splitlines())
    bins = [(line["tally"], line["bin"]) for line in lines if "bin" in line]

    assert bins == [
        ("provider_bin", 0),
        ("provider_bin", 220),
        ("clients_bin", 1),
        ("clients_bin", 100),
        ("clients_bin", 239),
    ]


@pytest.mark.parametrize("keep", [1, 5, 11, -1])
def test_a_trace_cut_between_two_lines_is_cut_short(tmp_path, keep):
    """The run was killed, or the disk was full: no figure may come of such a file."""
    path = write(tmp_path / "trace.jsonl")
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:keep]))

    with pytest.raises(ResultsError, match=r"trace\.jsonl: cut short"):
        read_trace(path)


def test_events_of_a_file_that_ends_among_them_are_cut_short(tmp_path):
    """Reading only the events must not take half of them for all."""
    path = write(tmp_path / "trace.jsonl")
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:4]))

    with pytest.raises(ResultsError, match="cut short"):
        list(read_events(path))


BAD_LINES = {
    "half a line": (3, b'{"event":"token_adopted","at":', "truncated"),
    "not JSON": (3, b"hello", "invalid character"),
    "not an object": (3, b"[1, 2]", "Expected `object`, got `array`"),
    "not UTF-8": (3, b'{"event":"\xff","at":2}', "utf-8"),
    "too deep": (3, b'{"event":"token_revoked","at":' + b"[" * 100_000, "got `array`"),
    "an unknown event": (3, b'{"event":"token_lost","at":2}', "Invalid value 'token_lost'"),
    "a missing field": (3, b'{"event":"token_revoked","at":2}', "missing required field `token`"),
    "an unknown field": (3, b'{"event":"token_revoked","at":2,"token":1,"by":3}', "field `by`"),
    "a wrong type": (
        3,
        b'{"event":"token_revoked","at":"2","token":1}',
        r"Expected `int`, got `str` - at `\$\.at`",
    ),
    "an unknown cause": (
        6,
        b'{"event":"call_refused","at":4,"token":1,"cause":"bad luck","asked_by":"p0"}',
        r"Invalid enum value 'bad luck' - at `\$\.cause`",
    ),
}


@pytest.mark.parametrize(("number", "line", "message"), BAD_LINES.values(), ids=BAD_LINES)
def test_a_damaged_event_is_named_by_its_line(tmp_path, number, line, message):
    """The text names file, line and what is wrong with it."""
    path = write(tmp_path / "trace.jsonl")
    lines = path.read_bytes().splitlines()
    path.write_bytes(b"\n".join([*lines[: number - 1], line, *lines[number:]]) + b"\n")

    with pytest.raises(ResultsError, match=rf"trace\.jsonl:{number}: damaged.*({message})"):
        list(read_events(path))


BAD_TALLIES = {
    "a bin beyond the last": ('"bin":220', '"bin":240', r"Expected `int` <= 239 - at `\$\.bin`"),
    "a negative count": ('"store_reads":40', '"store_reads":-1', "Expected `int` >= 0"),
    "a negative total": ('"tokens_issued":2', '"tokens_issued":-2', "Expected `int` >= 0"),
    "a total that is none": ('"live_peak":1', '"live_peak":true', "Expected `int`, got `bool`"),
    "a bucket that is none": ('"bucket":', '"bucket":99999', "not a bucket"),
    "a kind of failure that is none": ('"failure":"call_401"', '"failure":"bad luck"', "no such"),
    "an event too few": ('"events":11', '"events":12', "12 events were written, 11 are here"),
    "an unknown tally": ('"tally":"clients",', '"tally":"servers",', "Invalid value 'servers'"),
    "a line after the end": ('"events":11}', '"events":11}\n{}', "more lines follow"),
}


@pytest.mark.parametrize(("old", "new", "message"), BAD_TALLIES.values(), ids=BAD_TALLIES)
def test_a_damaged_tally_is_named_by_its_line(tmp_path, old, new, message):
    """Counts outside what can be counted are damage, too."""
    path = write(tmp_path / "trace.jsonl")
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))

    with pytest.raises(ResultsError, match=rf"trace\.jsonl:\d+: damaged.*{message}"):
        read_trace(path)


@pytest.mark.parametrize(
    ("first_line", "message"),
    [
        ("", "damaged"),
        ("{}", "no schema number"),
        ('{"trace": 3}', "written by a newer tokenrace: trace schema 3, and this one reads 2"),
        ('{"trace": 2, "scenario": 5}', "Expected `str`, got `int`"),
    ],
)
def test_a_file_that_starts_otherwise_is_no_trace(tmp_path, first_line, message):
    """An empty file, another program's JSON, a trace of a later version."""
    path = tmp_path / "trace.jsonl"
    path.write_text(first_line)

    with pytest.raises(ResultsError, match=rf"trace\.jsonl:1: .*{message}"):
        read_trace(path)


@pytest.mark.parametrize("read", [read_trace, lambda path: list(read_events(path))])
def test_an_old_trace_is_refused_with_the_command_that_makes_it_anew(tmp_path, read):
    """Schema 1 wrote the instant first. Its header says which run it was."""
    path = tmp_path / "trace.jsonl"
    path.write_text(
        '{"trace": 1, "scenario": "x", "strategy": "single_flight", "seed": 7, "engine": "wire"}\n'
        '{"at": 6, "event": "token_revoked", "token": 2}\n'
    )

    with pytest.raises(ResultsError) as refused:
        read(path)

    assert str(refused.value) == (
        f"{path}:1: written by an older tokenrace: trace schema 1, and this one reads 2."
        " Make the trace anew: tokenrace run <scenario file> --engine wire"
        " --strategy single_flight --seed 7 --out <folder>"
    )


def test_a_text_that_is_not_unicode_is_written_with_escapes(tmp_path):
    """A header in Latin-1 reaches us as half a surrogate pair, which UTF-8 cannot hold."""
    latin = TokenIssued(at=9, token=3, expires_at=HOUR, asked_by="Zo\udceb")
    path = write(tmp_path / "trace.jsonl", [latin])

    (read,) = read_trace(path).events()

    assert read.asked_by == r"Zo\udceb"


def test_a_trace_that_is_not_there_or_cannot_be_written_says_so(tmp_path):
    """One sentence with the path, not a traceback."""
    nowhere = tmp_path / "nowhere" / "trace.jsonl"

    with pytest.raises(ResultsError, match="cannot read the trace: No such file"):
        read_trace(nowhere)
    with pytest.raises(ResultsError, match="cannot write the trace: No such file"):
        TraceWriter(nowhere, HEADER)


def test_reading_stops_where_the_reader_stops(tmp_path):
    """A window of a week's trace costs its window: the damage behind it is never met."""
    path = write(tmp_path / "trace.jsonl")
    with path.open("a") as stream:
        stream.write("damage")

    assert list(itertools.islice(read_events(path), 3)) == EVENTS[:3]


def test_token_events_leave_out_the_apis_refusals_alone(tmp_path):
    """A caller whose name looks like a refusal does not hide its token."""
    tricky = TokenIssued(at=9, token=3, expires_at=HOUR, asked_by='{"event":"call_refused"')
    run = read_trace(write(tmp_path / "trace.jsonl", [*EVENTS, tricky]))

    kept = [event for event in [*EVENTS, tricky] if not isinstance(event, CallRefused)]
    assert list(run.token_events()) == kept


operations = st.lists(
    st.tuples(
        st.sampled_from(["ok", "refused", "unknown"]),
        st.integers(0, 13 * SECOND),
        st.integers(0, SECOND),
    )
)


@given(operations, operations)
def test_adding_tallies_is_counting_both_histories(left, right):
    """One fleet seen by two processes."""

    def count(history):
        tally = ClientTally(width=HEADER.width, unknown=1, store_reads=2, store_writes=3)
        for outcome, started_at, took in history:
            why = None if outcome == "ok" else Failure("timed_out", "api")
            at = started_at + took
            tally.finished(outcome, started_at=started_at, at=at, failure=why)
        return tally

    merged = count(left)
    merged.add(count(right))
    whole = count(left + right)
    whole.unknown, whole.store_reads, whole.store_writes = 2, 4, 6

    assert merged == whole


def test_every_instant_of_a_run_has_a_bin_and_the_end_belongs_to_the_last():
    """241 ticks need bins of 2; an answer under way at the end counts in bin 239."""
    assert bin_width(240) == 1
    assert bin_width(241) == 2
    assert [bin_of(at, 2) for at in (0, 1, 2, 240, 10_000)] == [0, 0, 1, 120, BINS - 1]


def test_causes_of_a_tally_name_every_cause():
    """Zeros included, in the order tables show them."""
    causes = provider_tally().causes()

    assert list(causes) == list(CAUSES)
    assert {cause: count for cause, count in causes.items() if count} == {
        "evicted": 1,
        "unknown_token": 1,
    }


def test_one_that_is_no_process_of_the_fleet_dies_by_its_name():
    """The provider's process and the broker have no number."""
    died = ProcessEnded(at=9, process="the broker", in_flight=0, reason="killed by SIGKILL")
    line = json_line(died)

    assert b'"process":"the broker"' in line
    assert event_from(line) == died
    assert died.who == "the broker"
