"""What a run came to, in whole numbers: what a baseline keeps of it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from tokenrace.analysis.figures import failure_counts
from tokenrace.clock import Ticks
from tokenrace.figures import KeptCounts
from tokenrace.trace.events import Cause
from tokenrace.trace.files import RecordedRun


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCounts:
    """The counts of one run. ``causes`` has the 401s by cause, none that had none.

    ``ok``, ``refused`` and ``unknown`` are operations; ``unanswered`` are requests. ``latency`` is
    what callers waited, in ticks: the median, the 95th and the 99th percentile. ``failures`` has
    the operations that did not end ``ok`` by why. Baselines of before know neither these nor the
    ``token_requests``: None.
    """

    responses: int
    causes: Mapping[Cause, int]
    ok: int
    refused: int
    unknown: int
    unanswered: int
    tokens_issued: int
    issues_refused: int
    live_peak: int
    store_reads: int
    store_writes: int
    latency: tuple[Ticks | None, Ticks | None, Ticks | None]
    token_requests: int | None = None
    token_requests_peak: int | None = None
    failures: Mapping[str, int] | None = None

    def as_known_by(self, older: "RunCounts") -> "RunCounts":
        """Return this without what ``older`` does not know."""
        return replace(
            self,
            token_requests=None if older.token_requests is None else self.token_requests,
            token_requests_peak=(
                None if older.token_requests_peak is None else self.token_requests_peak
            ),
            failures=None if older.failures is None else self.failures,
        )

    def counted(self) -> KeptCounts:
        """Return these as what the figures are made of."""
        return KeptCounts(
            responses=self.responses,
            causes=self.causes,
            tokens_issued=self.tokens_issued,
            issues_refused=self.issues_refused,
            live_peak=self.live_peak,
            token_requests=self.token_requests,
            token_requests_peak=self.token_requests_peak,
            ok=self.ok,
            refused=self.refused,
            unknown=self.unknown,
            hung=(self.failures or {}).get("hung", 0),
            store_calls=self.store_reads + self.store_writes,
            latency=self.latency,
        )


def counts_of(run: RecordedRun) -> RunCounts:
    """Return the counts of ``run``."""
    provider, clients = run.provider, run.clients
    return RunCounts(
        responses=sum(provider.responses),
        causes={cause: number for cause, number in provider.causes().items() if number},
        ok=sum(clients.operations["ok"]),
        refused=sum(clients.operations["refused"]),
        unknown=sum(clients.operations["unknown"]),
        unanswered=clients.unknown,
        tokens_issued=provider.tokens_issued,
        issues_refused=provider.issues_refused,
        live_peak=provider.live_peak,
        store_reads=clients.store_reads,
        store_writes=clients.store_writes,
        latency=(
            clients.latency.quantile(0.50),
            clients.latency.quantile(0.95),
            clients.latency.quantile(0.99),
        ),
        token_requests=sum(provider.token_requests),
        token_requests_peak=provider.token_requests_peak,
        failures=_failures(run),
    )


def _failures(run: RecordedRun) -> Mapping[str, int]:
    """Return the operations that failed, by why; not where they hang: a line moves when somebody
    adds one above it."""
    counts: Counter[str] = Counter()
    for why, count in sorted(failure_counts(run).items()):
        counts[why.kind if why.kind == "hung" else str(why)] += count
    return dict(counts)
