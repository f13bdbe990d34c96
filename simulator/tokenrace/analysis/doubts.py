"""What makes runs inconclusive, whatever their figures: they were not what was asked for."""

from collections.abc import Iterator, Mapping, Sequence

from tokenrace.clock import seconds
from tokenrace.trace.events import FaultStruck
from tokenrace.trace.files import RecordedRun
from tokenrace.trace.tally import AS_PLANNED

BROKER = "broker"
"""A question to the fleet's broker, which is no store."""


def doubts_about(
    runs: Mapping[str, Sequence[RecordedRun]], faults: Mapping[int, str]
) -> Iterator[str]:
    """Yield a sentence for each run in which nobody called the API, a process was lost, a real
    store failed that was not to, one of ``faults`` is missing, or a second run went otherwise.

    ``faults`` names those whose every happening is in the trace, by their place in the scenario.
    """
    for strategy, of_strategy in runs.items():
        for run in of_strategy:
            who = f"{strategy}, seed {run.header.seed}"
            if not any(run.provider.responses):
                yield f"{who}: the API was never called{_why_never(run)}"
            for death in run.deaths:
                yield f"{who}: {death.who} died unexpectedly ({death.reason})"
            if run.differs:
                yield f"{who}: {run.differs}"
            if run.header.engine == "wire":
                yield from (f"{who}: {said}" for said in _outages(run))
            struck = _struck(run) if faults else set()
            for number, name in faults.items():
                if number not in struck:
                    yield f"{who}: fault {number + 1} ({name}) did not happen"


def _outages(run: RecordedRun) -> Iterator[str]:
    """Yield what calls of a real store failed of that no fault of the scenario explains. On virtual
    time the scenario explains all."""
    unplanned = {
        failure: bins
        for failure, bins in run.clients.store_failures.items()
        if failure.operation != BROKER and not failure.reason.startswith(AS_PLANNED)
    }
    if not unplanned:
        return
    first = min(_first(bins) for bins in unplanned.values())
    failed = sum(map(sum, unplanned.values()))
    most = max(unplanned, key=lambda failure: sum(unplanned[failure]))
    since_s = seconds(first * run.header.width)
    calls = f"{failed:,} {'call' if failed == 1 else 'calls'}"
    yield (
        f"{calls} of the store failed from {since_s:.1f} s on, which no fault of the scenario "
        f"explains ({most})"
    )


def _first(bins: Sequence[int]) -> int:
    return next(number for number, count in enumerate(bins) if count)


def _why_never(run: RecordedRun) -> str:
    """Return what kept the callers from it: the first exception, else the most frequent failure."""
    clients = run.clients
    if clients.first_error:
        return f". The first error was {clients.first_error}"
    if not clients.failures:
        return ""
    failure, bins = max(clients.failures.items(), key=lambda each: sum(each[1]))
    return f". {sum(bins):,} operations failed the same way: {failure.in_words()}"


def _struck(run: RecordedRun) -> set[int]:
    return {event.fault for event in run.token_events() if isinstance(event, FaultStruck)}
