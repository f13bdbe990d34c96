"""Why the runs behind findings got their 401s: from what they left, or by making them again.

A run on virtual time is the same when it is made again, so only runs that somebody must look at
cost their events. One on the wire has left its trace.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from tokenrace.analysis.blame import Blame, Wanted, Witness, blame
from tokenrace.analysis.blame_words import blame_in_words
from tokenrace.analysis.failure_blame import (
    FailureBlame,
    FailureWitness,
    failure_blame,
    failure_in_words,
)
from tokenrace.analysis.first_difference import FirstDifference, Remembered
from tokenrace.analysis.surplus import Surplus
from tokenrace.analysis.timeline import clock_time
from tokenrace.clock import Ticks
from tokenrace.errors import RunError
from tokenrace.gate.cases import Case
from tokenrace.gate.findings import Finding
from tokenrace.gate.judging import Judged
from tokenrace.gate.running import CaseRuns
from tokenrace.simulation.many_runs import Lost, as_they_end
from tokenrace.simulation.plan import RunPlan
from tokenrace.simulation.planning import plan_run
from tokenrace.simulation.runners import Runners
from tokenrace.simulation.virtual.engine import VirtualEngine
from tokenrace.trace.events import Event, EventSink
from tokenrace.trace.outcomes import Failure

NONE_THERE = "no call got such a 401"
NO_TIME = "its first 401 was not looked for: the time was over"
STOPPED = "its first 401 was not looked for: the check was stopped"


@dataclass(frozen=True, slots=True)
class _Look:
    """A run to be made again, for the first 401 that is ``wanted``, or for a ``failure``."""

    plan: RunPlan
    wanted: Wanted
    failure: Failure | None = None
    is_of_tokens: bool = False
    before: RunPlan | None = None


@dataclass(frozen=True, slots=True)
class _Seen:
    """What was seen: the 401's blame, and sentences on what was asked besides."""

    blame: Blame | FailureBlame | None
    sentences: tuple[str, ...] = ()


class _All:
    """A sink that gives each event to several."""

    def __init__(self, *sinks: EventSink) -> None:
        self._sinks = sinks

    def write(self, event: Event) -> None:
        """Take one event."""
        for sink in self._sinks:
            sink.write(event)


def _look(look: _Look) -> _Seen:
    witness, surplus = Witness(look.wanted), Surplus()
    difference = None if look.before is None else FirstDifference(_history(look.before))
    sinks: list[EventSink] = [witness, surplus]
    sinks += [] if difference is None else [difference]
    # It went well before: where it does not now, its strategy is not the same every time.
    with suppress(RunError):
        VirtualEngine().run(look.plan, _All(*sinks), lambda _: None)
    told = () if difference is None else difference.sentences(_shown_at(1))
    told += tuple(surplus.sentences(_shown_at(1))) if look.is_of_tokens else ()
    if look.failure is not None:
        return _Seen(_look_for_failure(look.plan, look.failure), told)
    return _Seen(witness.blame, told)


def _history(plan: RunPlan) -> Sequence[Event]:
    """Return the events of a run of the baseline, made again, as far as it goes."""
    remembered = Remembered()
    with suppress(RunError):
        VirtualEngine().run(plan, remembered, lambda _: None)
    return remembered.events


def _look_for_failure(plan: RunPlan, failure: Failure) -> FailureBlame | None:
    witness = FailureWitness(failure)
    try:
        counted = VirtualEngine().run(plan, witness, lambda _: None)
    except RunError:
        return None  # it went well before: its strategy is not the same every time
    return witness.blame(counted.clients)


def blamed_on_virtual(
    judged: Sequence[tuple[Case, Judged]], runners: Runners, within: Ticks | None
) -> Iterator[Finding]:
    """Yield the findings in their order, those of failed figures with the blame."""
    asked = [at for at, (_, each) in enumerate(judged) if _needs_blame(each.finding)]
    looks = (_again(*judged[at]) for at in asked)
    found = {asked[place]: got for place, got in as_they_end(looks, _look, runners, within)}
    for at, (_, each) in enumerate(judged):
        if not _needs_blame(each.finding):
            yield each.finding
        elif at not in found or isinstance(found[at], Lost):
            yield _with(each.finding, (NO_TIME,))
        else:
            got = found[at]
            assert not isinstance(got, Lost)
            observed = (*got.sentences, *([each.not_remade] if each.not_remade else []))
            yield _with_blame(each.finding, got.blame, 1, observed)


def blamed_on_wire(judged: Sequence[Judged], made: CaseRuns) -> Iterator[Finding]:
    """Yield the findings in their order, those of failed figures with the blame."""
    for each in judged:
        back = each.finding.way_back
        if back is None or not _needs_blame(each.finding):
            yield each.finding
            continue
        run = made.runs[each.finding.strategy][back.seed]
        found: Blame | FailureBlame | None
        if each.failure is not None:
            found = failure_blame(run.token_events(), run.clients, each.failure)
        else:
            found = blame(run.events(), each.wanted)
        yield _with_blame(each.finding, found, run.header.time_scale)


def unblamed(finding: Finding) -> Finding:
    """Return ``finding`` where nobody may look for its first 401 any more."""
    return _with(finding, (STOPPED,)) if _needs_blame(finding) else finding


def _needs_blame(finding: Finding) -> bool:
    return finding.verdict == "fail" and finding.kind in ("expectation", "baseline")


def _again(case: Case, judged: Judged) -> _Look:
    finding = judged.finding
    assert finding.way_back is not None, finding
    choice = next(each for each in case.scenario.strategies if each.name == finding.strategy)
    seed = finding.way_back.seed
    return _Look(
        plan_run(case.scenario, choice, seed, 1),
        judged.wanted,
        judged.failure,
        is_of_tokens=judged.is_of_tokens,
        before=None if judged.before is None else plan_run(case.scenario, judged.before, seed, 1),
    )


def _with_blame(
    finding: Finding,
    found: Blame | FailureBlame | None,
    time_scale: float,
    observed: tuple[str, ...] = (),
) -> Finding:
    """Return ``finding`` with what was observed of its run, and the blame of its 401."""
    assert finding.way_back is not None
    back = replace(finding.way_back, observed=observed)
    if isinstance(found, FailureBlame):
        back = replace(back, blame=tuple(failure_in_words(found, _shown_at(time_scale))))
    elif found is not None:
        sentences = tuple(blame_in_words(found, _shown_at(time_scale)))
        back = replace(back, blame=sentences, chain=found.chain)
    elif not observed:
        back = replace(back, blame=(NONE_THERE,))
    return replace(finding, way_back=back)


def _with(finding: Finding, sentences: tuple[str, ...]) -> Finding:
    assert finding.way_back is not None
    return replace(finding, way_back=replace(finding.way_back, blame=sentences))


def _shown_at(time_scale: float) -> Callable[[Ticks], str]:
    return lambda at: clock_time(round(at * time_scale))
