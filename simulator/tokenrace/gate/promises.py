"""What nothing is promised of: a strategy without an expectation passes whatever it does."""

from collections.abc import Iterator

from tokenrace.analysis.blame import Wanted
from tokenrace.gate.cases import Case
from tokenrace.gate.findings import Finding
from tokenrace.gate.judging import Judged

PROMISED = "the scenario expects something of it"


def unpromised(case: Case) -> list[str]:
    """Return the strategies of ``case`` of which its scenario expects nothing."""
    if case.impossible:
        return []
    promised = {wanted.strategy for wanted in case.scenario.expect}
    names = [choice.name for choice in case.scenario.strategies]
    return [name for name in names if name not in promised]


def note_on(case: Case) -> Iterator[str]:
    """Yield a note that names them, if there are any."""
    if names := unpromised(case):
        yield f"nothing is promised for {', '.join(names)}: add what you expect under 'expect'"


def judge_promises(case: Case) -> Iterator[Judged]:
    """Yield a failure for each of them."""
    for strategy in unpromised(case):
        line, column = case.places.strategies[strategy]
        finding = Finding(
            kind="promise",
            strategy=strategy,
            what=PROMISED,
            verdict="fail",
            measured="nothing is promised for it",
            why="--require-expect wants an expectation for every strategy",
            line=line,
            column=column,
        )
        yield Judged(finding, Wanted())
