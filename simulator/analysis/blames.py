"""Which 401 of a strategy's runs to tell of, and the story of that one."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from simulator.analysis.blame import Wanted, blame
from simulator.analysis.blame_diagram import Diagram, diagram_of
from simulator.analysis.timeline import clock_time
from simulator.clock import Ticks
from simulator.trace.events import Cause
from simulator.trace.files import RecordedRun

AVOIDABLE: tuple[Cause, ...] = ("evicted", "expired", "not_yet_valid", "revoked")
"""Causes that some other way of keeping tokens could have avoided, the most telling first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blamed:
    """Why a call of ``strategy`` got its 401, in the run of ``seed``."""

    strategy: str
    seed: int
    diagram: Diagram


def blames_of(runs: Mapping[str, Sequence[RecordedRun]]) -> Iterator[Blamed]:
    """Yield for each strategy that got a 401 the story of the first that ``telling_cause`` names.

    Of the first seed that has such a one. The clock is the scenario's.

    Raises:
        ResultsError: a trace cannot be read.
    """
    for strategy, of_strategy in runs.items():
        cause = telling_cause(of_strategy)
        if cause is None:
            continue
        run = next(run for run in of_strategy if run.provider.causes()[cause])
        found = blame(run.events(), Wanted(causes=(cause,)))
        assert found is not None, "a 401 was counted and is not in the trace"
        diagram = diagram_of(found, clock_of(run))
        yield Blamed(strategy=strategy, seed=run.header.seed, diagram=diagram)


def telling_cause(runs: Sequence[RecordedRun]) -> Cause | None:
    """Return the most frequent cause that was avoidable; where there is none, the most frequent.

    None: no call got a 401.
    """
    counted: Counter[Cause] = Counter()
    for run in runs:
        counted.update(run.provider.causes())
    avoidable = [cause for cause in AVOIDABLE if counted[cause]]
    others = [cause for cause, number in counted.items() if number]
    return max(avoidable or others, key=lambda cause: counted[cause], default=None)


def clock_of(run: RecordedRun) -> Callable[[Ticks], str]:
    """Return how to write an instant of the trace of ``run``: on the scenario's clock."""
    return lambda at: clock_time(round(at * run.header.time_scale))
