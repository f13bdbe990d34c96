"""What a run came to, in whole numbers: what a baseline keeps of it."""

from collections.abc import Mapping
from dataclasses import dataclass

from simulator.clock import Ticks
from simulator.trace.events import Cause
from simulator.trace.files import RecordedRun


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCounts:
    """The counts of one run. ``causes`` has the 401s by cause, none that had none.

    ``ok``, ``refused`` and ``unknown`` are operations; ``unanswered`` are requests. ``latency`` is
    what callers waited, in ticks: the median, the 95th and the 99th percentile.
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

    @property
    def operations(self) -> int:
        """All operations, however they ended."""
        return self.ok + self.refused + self.unknown


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
    )
