"""Which 401 of a strategy's runs to tell of, and the story of that one."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tokenrace.analysis.blame import Blame, Wanted, blame
from tokenrace.analysis.blame_diagram import Diagram, diagram_of
from tokenrace.analysis.timeline import clock_time
from tokenrace.analysis.worst import causes_in, worst_moment, worst_told
from tokenrace.clock import Ticks
from tokenrace.trace.events import CAUSES, Cause
from tokenrace.trace.files import RecordedRun

AVOIDABLE: tuple[Cause, ...] = ("evicted", "expired", "not_yet_valid", "revoked")
"""Causes that some other way of keeping tokens could have avoided, the most telling first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blamed:
    """Why a call of ``strategy`` got its 401, in the run of ``seed``."""

    strategy: str
    seed: int
    diagram: Diagram


def blames_of(runs: Mapping[str, Sequence[RecordedRun]]) -> Iterator[Blamed]:
    """Yield for each strategy that got a 401 the story of one in the worst moment of its worst
    seed: the first there that ``most_telling`` names. The clock is the scenario's.

    Raises:
        ResultsError: a trace cannot be read.
    """
    for strategy, of_strategy in runs.items():
        refused = [run for run in of_strategy if any(run.provider.causes().values())]
        if not refused:
            continue
        run = worst_told(refused)
        found = blame_of_worst_moment(run)
        assert found is not None, "a 401 was counted and is not in the trace"
        diagram = diagram_of(found, clock_of(run))
        yield Blamed(strategy=strategy, seed=run.header.seed, diagram=diagram)


def blame_of_worst_moment(run: RecordedRun) -> Blame | None:
    """Return the blame of the most telling 401 in the worst moment of ``run``; None: it had none.

    Raises:
        ResultsError: the trace cannot be read.
    """
    moment = worst_moment(run)
    if moment is None:
        return None
    cause = most_telling(causes_in(run, moment))
    causes = CAUSES if cause is None else (cause,)
    # Bins are coarser than an outage's edges: what they count may lie just outside.
    tries = (
        Wanted(causes=causes, begins=moment.begins, ends=moment.ends),
        Wanted(begins=moment.begins, ends=moment.ends),
        Wanted(),
    )
    found = (blame(run.events(), wanted) for wanted in tries)
    return next((each for each in found if each is not None), None)


def telling_cause(runs: Sequence[RecordedRun]) -> Cause | None:
    """Return the most telling cause of all 401s of ``runs``; None: no call got one."""
    counted = {cause: sum(sum(run.provider.refused[cause]) for run in runs) for cause in CAUSES}
    return most_telling(counted)


def most_telling(counted: Mapping[Cause, int]) -> Cause | None:
    """Return the most frequent cause that was avoidable; where there is none, the most frequent.

    None: no call got a 401.
    """
    avoidable = [cause for cause in AVOIDABLE if counted[cause]]
    others = [cause for cause, number in counted.items() if number]
    return max(avoidable or others, key=lambda cause: counted[cause], default=None)


def clock_of(run: RecordedRun) -> Callable[[Ticks], str]:
    """Return how to write an instant of the trace of ``run``: on the scenario's clock."""
    return lambda at: clock_time(round(at * run.header.time_scale))
