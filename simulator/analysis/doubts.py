"""What makes runs inconclusive, whatever their figures: they were not what was asked for."""

from collections.abc import Iterator, Mapping, Sequence

from simulator.trace.events import FaultStruck
from simulator.trace.files import RecordedRun


def doubts_about(
    runs: Mapping[str, Sequence[RecordedRun]], faults: Mapping[int, str]
) -> Iterator[str]:
    """Yield a sentence for each run in which nobody called the API, a process was lost, one of
    ``faults`` is missing, or a second run went otherwise.

    ``faults`` names those whose every happening is in the trace, by their place in the scenario.
    """
    for strategy, of_strategy in runs.items():
        for run in of_strategy:
            who = f"{strategy}, seed {run.header.seed}"
            if not any(run.provider.responses):
                yield f"{who}: the API was never called"
            for death in run.deaths:
                yield f"{who}: {death.who} died, which nobody had asked for ({death.reason})"
            if run.differs:
                yield f"{who}: {run.differs}"
            struck = _struck(run) if faults else set()
            for number, name in faults.items():
                if number not in struck:
                    yield f"{who}: fault {number + 1} ({name}) did not happen"


def _struck(run: RecordedRun) -> set[int]:
    return {event.fault for event in run.token_events() if isinstance(event, FaultStruck)}
