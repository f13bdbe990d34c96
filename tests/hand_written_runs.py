"""Runs written by hand, short enough to follow their figures by hand."""

from tokenrace.clock import MILLISECOND, SECOND
from tokenrace.trace.files import RecordedRun, TraceHeader
from tokenrace.trace.outcomes import Failure
from tokenrace.trace.tally import ClientTally, ProviderTally

DURATION = 240 * SECOND  # bins of one second
LIFETIME = 60 * SECOND
WHY = {"ok": None, "refused": Failure("call_401"), "unknown": Failure("timed_out", "api")}


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
        clients.finished(outcome, started_at=0, at=took, failure=WHY[outcome])
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
