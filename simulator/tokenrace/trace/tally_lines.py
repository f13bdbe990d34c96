"""The tallies of a run as lines of JSON: totals, then each bin and bucket that counted anything."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict

from tokenrace.trace.events import CAUSES, Cause
from tokenrace.trace.outages import Outage
from tokenrace.trace.outcomes import OUTCOMES, failure_named
from tokenrace.trace.tally import BINS, ClientTally, ProviderTally, StoreFailure

_OF_PROVIDER = (
    "tokens_issued",
    "issues_refused",
    "live_peak",
    "needless_issues",
    "needless_issues_own",
    "token_requests_peak",
)
_OF_CLIENTS = ("unknown", "store_reads", "store_writes", "stale_writes", "leases_broken")
"""The counts of a line that are attributes of the same name."""


def tally_lines(provider: ProviderTally, clients: ClientTally) -> Iterator[Mapping[str, object]]:
    """Yield what both tallies hold, except for the width of their bins."""
    yield {
        "tally": "provider",
        "tokens_issued": provider.tokens_issued,
        "issues_refused": provider.issues_refused,
        "live_peak": provider.live_peak,
        "needless_issues": provider.needless_issues,
        "needless_issues_own": provider.needless_issues_own,
        "statuses": {str(code): count for code, count in sorted(provider.statuses.items())},
        "token_requests_peak": provider.token_requests_peak,
    }
    for bin_, responses in enumerate(provider.responses):
        if responses or provider.token_requests[bin_]:
            refused = {c: provider.refused[c][bin_] for c in CAUSES if provider.refused[c][bin_]}
            line = {"tally": "provider_bin", "bin": bin_, "responses": responses}
            yield line | {"refused": refused} | _token_requests(provider, bin_)
    yield {
        "tally": "clients",
        "unknown": clients.unknown,
        "store_reads": clients.store_reads,
        "store_writes": clients.store_writes,
        "stale_writes": clients.stale_writes,
        "leases_broken": clients.leases_broken,
        "first_error": clients.first_error,
    }
    for bin_ in range(BINS):
        operations = {outcome: clients.operations[outcome][bin_] for outcome in OUTCOMES}
        if any(operations.values()):
            yield {"tally": "clients_bin", "bin": bin_} | operations
    for failure, bins in sorted(clients.failures.items()):
        yield {"tally": "failures", "failure": str(failure), "bins": _counted(bins)}
    for (operation, reason), bins in sorted(clients.store_failures.items()):
        line = {"tally": "store_failures", "operation": operation, "reason": reason}
        yield line | {"bins": _counted(bins)}
    for bucket, count in clients.latency.counts().items():
        yield {"tally": "latency", "bucket": bucket, "count": count}
    for outage in clients.slices.outages():
        yield {"tally": "outage"} | asdict(outage)


def _token_requests(provider: ProviderTally, bin_: int) -> dict[str, object]:
    """Return what a bin says of token requests; nothing where there were none."""
    requests = provider.token_requests[bin_]
    by = {error: n[bin_] for error, n in sorted(provider.issues_refused_by.items()) if n[bin_]}
    told: dict[str, object] = {"token_requests": requests} if requests else {}
    return told | ({"issues_refused": by} if by else {})


def _counted(bins: Sequence[int]) -> list[tuple[int, int]]:
    """Return the bins that counted anything, each with its count."""
    return [(bin_, count) for bin_, count in enumerate(bins) if count]


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

    def take(self, values: Mapping[str, object]) -> None:  # noqa: C901 - one for each kind of line
        """Take the ``values`` of one line.

        Raises:
            ValueError: they are no line of a tally.
        """
        match values:
            case {
                "tally": "provider",
                "tokens_issued": _,
                "issues_refused": _,
                "live_peak": _,
                "statuses": dict(statuses),
            }:
                _take_counts(self.provider, _OF_PROVIDER, values)
                self.provider.statuses = {int(code): _count(n) for code, n in statuses.items()}
            case {"tally": "provider_bin", "bin": int(bin_), "responses": n, "refused": dict(by)}:
                _put(self.provider.responses, bin_, n)
                for cause, count in by.items():
                    _put(self.provider.refused[_cause(cause)], bin_, count)
                self._take_token_requests(bin_, values)
            case {"tally": "clients", "unknown": _, "store_reads": _, "store_writes": _}:
                _take_counts(self.clients, _OF_CLIENTS, values)
                self.clients.first_error = str(values.get("first_error", ""))
            case {"tally": "clients_bin", "bin": int(bin_)}:
                for outcome in OUTCOMES:
                    _put(self.clients.operations[outcome], bin_, values.get(outcome))
            case {"tally": "failures", "failure": str(name), "bins": list(bins)}:
                self.clients.failures[failure_named(name)] = _spread(bins)
            case {"tally": "store_failures", "operation": str(op), "reason": str(why), "bins": b}:
                self.clients.store_failures[StoreFailure(op, why)] = _spread(b)
            case {"tally": "latency", "bucket": int(bucket), "count": int(count)}:
                self.clients.latency.record_bucket(bucket, count)
            case {"tally": "outage", "begins": b, "ends": e, "operations": n, "failed": f}:
                self._outages.append(_outage(b, e, n, f))
            case _:
                raise ValueError(f"neither an event nor a count: {dict(values)!r}")

    def _take_token_requests(self, bin_: int, values: Mapping[str, object]) -> None:
        """Take what a bin says of token requests; traces of before say nothing."""
        _put(self.provider.token_requests, bin_, values.get("token_requests", 0))
        by = values.get("issues_refused", {})
        if not isinstance(by, dict):
            raise ValueError(f"not counts by error: {by!r}")  # noqa: TRY004 - the file is wrong
        for error, count in by.items():
            _put(self.provider.issues_refused_by.setdefault(error, [0] * BINS), bin_, count)


def _put(bins: list[int], bin_: int, count: object) -> None:
    if not 0 <= bin_ < BINS:
        raise ValueError(f"bins count from 0 to {BINS - 1}, got {bin_}")
    bins[bin_] = _count(count)


def _outage(begins: object, ends: object, operations: object, failed: object) -> Outage:
    outage = Outage(
        begins=_count(begins),
        ends=_count(ends),
        operations=_count(operations),
        failed=_count(failed),
    )
    if outage.ends <= outage.begins or not 0 < outage.failed <= outage.operations:
        raise ValueError(f"not an outage: {outage}")
    return outage


def _spread(counted: object) -> list[int]:
    """Return all bins, of which ``counted`` has those that are not 0."""
    bins = [0] * BINS
    if not isinstance(counted, list):
        raise ValueError(f"not bins: {counted!r}")  # noqa: TRY004 - the file is wrong
    for each in counted:
        match each:
            case [int(bin_), int(count)]:
                _put(bins, bin_, count)
            case _:
                raise ValueError(f"not a bin and its count: {each!r}")
    return bins


def _count(value: object) -> int:
    if type(value) is not int or value < 0:  # True is an int, and no count
        raise ValueError(f"not a count: {value!r}")
    return value


def _cause(name: object) -> Cause:
    for cause in CAUSES:
        if cause == name:
            return cause
    raise ValueError(f"no such cause: {name!r}")


def _take_counts(
    tally: ProviderTally | ClientTally, names: Sequence[str], values: Mapping[str, object]
) -> None:
    """Set the counts of ``tally`` called ``names``. Older traces lack some, which are 0 then."""
    for name in names:
        setattr(tally, name, _count(values.get(name, 0)))
