"""What a scenario cannot expect: strategies that do not run, parts that the run has not."""

from collections.abc import Iterator, Sequence

from tokenrace.clock import Ticks
from tokenrace.faults.kinds import Fault
from tokenrace.fields.flaws import UNKNOWN_KEY_FLAW, Flaw
from tokenrace.fields.quoting import hint
from tokenrace.fields.units import write_span
from tokenrace.scenario.expectations import Expectation
from tokenrace.scenario.parts import FaultEdge, Instant, Part


def expect_flaws(
    expectations: Sequence[Expectation],
    strategies: Sequence[str],
    faults: Sequence[Fault],
    duration: Ticks,
) -> Iterator[Flaw]:
    """Yield what is wrong with ``expectations``, at their keys."""
    for wanted in expectations:
        if wanted.strategy not in strategies:
            message = f"unknown strategy; {hint(wanted.strategy, strategies)}"
            yield Flaw(("expect", wanted.strategy), message, UNKNOWN_KEY_FLAW)
        elif why_not := _why_not(wanted.part, faults, duration):
            loc = ("expect", wanted.strategy, wanted.key)
            yield Flaw(loc, why_not, UNKNOWN_KEY_FLAW)


def _why_not(part: Part, faults: Sequence[Fault], duration: Ticks) -> str:
    """Return why a run has no such part; nothing where it has."""
    if part.speaks_of_faults() and not faults:
        return "the scenario has no faults"
    for number in part.faults_named():
        if number > len(faults):
            has = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
            return f"the scenario has {has}, so there is no fault {number}"
    begins = _at(part.begins, faults, max((fault.over() for fault in faults), default=0))
    first_at = min((fault.at for fault in faults), default=0)
    ends = duration if part.ends is None else _at(part.ends, faults, first_at)
    if begins >= duration:
        over = f"the run is over by then: run.duration is {write_span(duration)}"
        return f"{over}, and this begins at {write_span(begins)}"
    if begins >= ends:
        return f"is empty: it begins at {write_span(begins)} and ends at {write_span(ends)}"
    return ""


def _at(instant: Instant, faults: Sequence[Fault], at_faults: Ticks) -> Ticks:
    if isinstance(instant, FaultEdge):
        fault = faults[instant.number - 1]
        return fault.at if instant.edge == "begins" else fault.over()
    return at_faults if isinstance(instant, str) else instant
