"""What a check says of scaled runs: what is true, and which promises the scale decides."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from tokenrace.analysis.figures import figures_of
from tokenrace.analysis.scale_note import misleading
from tokenrace.clock import Ticks
from tokenrace.gate.cases import Case
from tokenrace.gate.judging import Judged
from tokenrace.gate.running import CaseRuns
from tokenrace.simulation.experiment import Experiment
from tokenrace.true_scale import TrueScale, at_true_scale, the_scale_decides, verdicts_of


def case_at_true_scale(case: Case, within: Ticks | None) -> TrueScale | None:
    """Return what ``case`` comes to at true scale, from runs made ``within`` so much real time;
    None where it is not scaled."""
    return at_true_scale(_experiment(case), within)


def _experiment(case: Case) -> Experiment:
    return Experiment(
        scenario=case.scenario,
        choices=case.scenario.strategies,
        seeds=tuple(case.seeds),
        time_scale=case.scenario.run.time_scale if case.engine == "wire" else 1,
    )


def scale_notes(made: CaseRuns, true: TrueScale | None) -> Iterator[str]:
    """Yield what is to be said of the figures of ``made``."""
    if true is None:
        return
    yield f"{true.note.headline()}: {true.note.effect}"
    yield true.note.truth()
    yield from true.note.warnings
    figures = {name: figures_of(made.of(name)) for name in made.runs}
    yield from misleading(true.note, figures)


def not_by_scale(judged: Iterable[Judged], case: Case, true: TrueScale | None) -> Iterator[Judged]:
    """Yield ``judged``, with no promise kept or broken by the scale alone: nobody can tell."""
    slow = {} if true is None else verdicts_of(_experiment(case), true)
    for each in judged:
        finding = each.finding
        other = slow.get((finding.strategy, finding.what))
        if finding.kind == "expectation" and other is not None:
            why = the_scale_decides(finding.verdict, other)
            if why:
                finding = replace(finding, verdict="inconclusive", why=why)
        yield replace(each, finding=finding)
