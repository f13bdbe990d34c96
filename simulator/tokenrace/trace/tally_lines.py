"""The tallies of a run as lines: totals, then each bin and bucket that counted anything."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Annotated

from msgspec import Meta, Struct
from msgspec.json import Decoder

from tokenrace.trace.events import CAUSES, Cause
from tokenrace.trace.json_lines import read_line
from tokenrace.trace.outages import Outage
from tokenrace.trace.outcomes import OUTCOMES, failure_named
from tokenrace.trace.tally import BINS, ClientTally, ProviderTally, StoreFailure

Count = Annotated[int, Meta(ge=0)]
Bin = Annotated[int, Meta(ge=0, lt=BINS)]
Spread = list[tuple[Bin, Count]]
"""The bins that counted anything, each with its count."""


class _Tagged(Struct, frozen=True, tag_field="tally", forbid_unknown_fields=True):
    """One kind of line. Its ``tag`` names it in a trace."""


class ProviderTotals(_Tagged, frozen=True, kw_only=True, tag="provider"):
    """Counts of ``ProviderTally`` over the whole run."""

    tokens_issued: Count
    issues_refused: Count
    live_peak: Count
    needless_issues: Count
    needless_issues_own: Count
    statuses: dict[int, Count]
    token_requests_peak: Count


class ProviderBin(_Tagged, frozen=True, kw_only=True, tag="provider_bin", omit_defaults=True):
    """Counts of ``ProviderTally`` in one bin. Says of token requests only where there were any."""

    bin: Bin
    responses: Count
    refused: dict[Cause, Count]
    token_requests: Count = 0
    issues_refused: dict[str, Count] = {}


class ClientTotals(_Tagged, frozen=True, kw_only=True, tag="clients"):
    """Counts of ``ClientTally`` over the whole run."""

    unknown: Count
    store_reads: Count
    store_writes: Count
    stale_writes: Count
    leases_broken: Count
    first_error: str


class ClientBin(_Tagged, frozen=True, kw_only=True, tag="clients_bin"):
    """Operations that ended in one bin, by outcome."""

    bin: Bin
    ok: Count
    refused: Count
    unknown: Count


class Failures(_Tagged, frozen=True, kw_only=True, tag="failures"):
    """Operations that failed for one reason."""

    failure: str
    bins: Spread


class StoreFailures(_Tagged, frozen=True, kw_only=True, tag="store_failures"):
    """Calls of the store that failed for one reason."""

    operation: str
    reason: str
    bins: Spread


class Latency(_Tagged, frozen=True, kw_only=True, tag="latency"):
    """One bucket of the histogram of latencies."""

    bucket: Count
    count: Count


class OutageFound(_Tagged, frozen=True, kw_only=True, tag="outage"):
    """One outage, as ``Outage`` has it."""

    begins: Count
    ends: Count
    operations: Count
    failed: Count


class End(_Tagged, frozen=True, kw_only=True, tag="end"):
    """The last line of a whole trace: how many events it holds."""

    events: Count


Tallied = (
    ProviderTotals
    | ProviderBin
    | ClientTotals
    | ClientBin
    | Failures
    | StoreFailures
    | Latency
    | OutageFound
)
_LINES: Decoder[Tallied | End] = Decoder(Tallied | End)


def tally_line(line: bytes) -> Tallied | End:
    """Return the counts of a ``line``.

    Raises:
        ValueError: the line holds none; the text says what is wrong.
    """
    return read_line(_LINES, line)


def tally_lines(provider: ProviderTally, clients: ClientTally) -> Iterator[Tallied]:
    """Yield what both tallies hold, except for the width of their bins."""
    yield _provider_totals(provider)
    for bin_, responses in enumerate(provider.responses):
        if responses or provider.token_requests[bin_]:
            refused_by = sorted(provider.issues_refused_by.items())
            yield ProviderBin(
                bin=bin_,
                responses=responses,
                refused={c: provider.refused[c][bin_] for c in CAUSES if provider.refused[c][bin_]},
                token_requests=provider.token_requests[bin_],
                issues_refused={error: bins[bin_] for error, bins in refused_by if bins[bin_]},
            )
    yield _client_totals(clients)
    for bin_ in range(BINS):
        operations = {outcome: clients.operations[outcome][bin_] for outcome in OUTCOMES}
        if any(operations.values()):
            yield ClientBin(bin=bin_, **operations)
    for failure, bins in sorted(clients.failures.items()):
        yield Failures(failure=str(failure), bins=_spread(bins))
    for (operation, reason), bins in sorted(clients.store_failures.items()):
        yield StoreFailures(operation=operation, reason=reason, bins=_spread(bins))
    for bucket, count in clients.latency.counts().items():
        yield Latency(bucket=bucket, count=count)
    for outage in clients.slices.outages():
        yield OutageFound(**asdict(outage))


def _provider_totals(provider: ProviderTally) -> ProviderTotals:
    return ProviderTotals(
        tokens_issued=provider.tokens_issued,
        issues_refused=provider.issues_refused,
        live_peak=provider.live_peak,
        needless_issues=provider.needless_issues,
        needless_issues_own=provider.needless_issues_own,
        statuses=dict(sorted(provider.statuses.items())),
        token_requests_peak=provider.token_requests_peak,
    )


def _client_totals(clients: ClientTally) -> ClientTotals:
    return ClientTotals(
        unknown=clients.unknown,
        store_reads=clients.store_reads,
        store_writes=clients.store_writes,
        stale_writes=clients.stale_writes,
        leases_broken=clients.leases_broken,
        first_error=clients.first_error,
    )


class TallyReader:
    """Puts the tallies together again, line by line."""

    __slots__ = ("_outages", "clients", "provider")

    def __init__(self, width: int) -> None:
        self.provider = ProviderTally(width=width)
        self.clients = ClientTally(width=width)
        self._outages: list[Outage] = []

    def settle(self) -> None:
        """Take what was read for all there is."""
        self.clients.slices.settle(self._outages)

    def take(self, line: Tallied) -> None:
        """Take the counts of one line.

        Raises:
            ValueError: they cannot be counts of a run.
        """
        match line:
            case ProviderTotals():
                _set_counts(self.provider, line)
            case ProviderBin():
                self._take_provider_bin(line)
            case ClientTotals():
                _set_counts(self.clients, line)
            case ClientBin():
                for outcome in OUTCOMES:
                    self.clients.operations[outcome][line.bin] = getattr(line, outcome)
            case Failures():
                self.clients.failures[failure_named(line.failure)] = _bins(line.bins)
            case StoreFailures():
                failure = StoreFailure(line.operation, line.reason)
                self.clients.store_failures[failure] = _bins(line.bins)
            case Latency():
                self.clients.latency.record_bucket(line.bucket, line.count)
            case OutageFound():
                self._outages.append(_outage(line))

    def _take_provider_bin(self, line: ProviderBin) -> None:
        provider = self.provider
        provider.responses[line.bin] = line.responses
        provider.token_requests[line.bin] = line.token_requests
        for cause, count in line.refused.items():
            provider.refused[cause][line.bin] = count
        for error, count in line.issues_refused.items():
            provider.issues_refused_by.setdefault(error, [0] * BINS)[line.bin] = count


def _set_counts(tally: ProviderTally | ClientTally, totals: ProviderTotals | ClientTotals) -> None:
    """Set the fields of ``tally`` that have the names of those of ``totals``."""
    for name in totals.__struct_fields__:
        setattr(tally, name, getattr(totals, name))


def _outage(line: OutageFound) -> Outage:
    outage = Outage(
        begins=line.begins, ends=line.ends, operations=line.operations, failed=line.failed
    )
    if outage.ends <= outage.begins or not 0 < outage.failed <= outage.operations:
        raise ValueError(f"not an outage: {outage}")
    return outage


def _spread(bins: Sequence[int]) -> Spread:
    """Return the bins that counted anything, each with its count."""
    return [(bin_, count) for bin_, count in enumerate(bins) if count]


def _bins(spread: Spread) -> list[int]:
    """Return all bins, of which ``spread`` has those that are not 0."""
    bins = [0] * BINS
    for bin_, count in spread:
        bins[bin_] = count
    return bins
