"""From the runs of a scenario to findings: whether they were made, and what is expected of them.

A strategy whose runs were not all made is judged on none of them: fewer seeds may say otherwise.
"""

import re
import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import get_args

from tokenrace.analysis.blame import Wanted
from tokenrace.analysis.doubts import doubts_about
from tokenrace.analysis.failure_words import most_frequent
from tokenrace.analysis.figures import bins_of, failure_counts, fault_span
from tokenrace.analysis.verdicts import Verdict, judge
from tokenrace.faults.kinds import labels_of_traced
from tokenrace.fields.choices import StrategyChoice
from tokenrace.figures import FaultSpan
from tokenrace.gate.cases import Case
from tokenrace.gate.findings import Finding, WayBack, count
from tokenrace.gate.running import CaseRuns
from tokenrace.replay_command import again_command
from tokenrace.scenario.expectations import Expectation
from tokenrace.trace.events import CAUSES
from tokenrace.trace.files import RecordedRun
from tokenrace.trace.outcomes import Failure, FailureKind, Silence

WELL = "every run is made as asked"
REASON_MAX = 10_000
NOT_ALL = "not all runs were made"
CRASHED = "judging it crashed, which is a bug of tokenrace: please report it"
_OF_FAILURES: Mapping[str, tuple[FailureKind, ...]] = {
    "failure_rate": (),
    "unknown_rate": ("hung", *get_args(Silence), "cancelled"),
    "operations_hung": ("hung",),
    "issues_refused": ("token_refused",),
    "token_requests": ("token_refused",),
    "token_requests_peak": ("token_refused",),
}
"""Figures that some kinds of failure tell of; none named: all."""
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
"""An error of the user's code may hold anything, and a terminal does as it is told."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A finding, and which 401 of the run it leads back to would show why; or, where it is about
    operations that fail for other reasons, which ``failure`` would.

    ``more_seeds`` is about how many runs more would settle what is inconclusive; None where no
    number would, or nothing is open. ``is_of_tokens``: tokens are what is wrong.
    ``before`` is what the strategy was in the baseline, where its run can be made again;
    ``not_remade`` says why not, where it was looked for and cannot.
    """

    finding: Finding
    wanted: Wanted
    more_seeds: int | None = None
    failure: Failure | None = None
    is_of_tokens: bool = False
    before: StrategyChoice | None = None
    not_remade: str = ""


def way_back(case: Case, strategy: str, seed: int) -> WayBack:
    """Return the way to one run: on virtual time to its very history, on the wire to its like."""
    return WayBack(seed=seed, command=again_command(case.file, case.engine, strategy, seed))


def judge_runs(made: CaseRuns, why_missing: str) -> Iterator[Judged]:
    """Yield the findings on each strategy, in the scenario's order: its runs, its expectations.

    ``why_missing`` says why runs are missing, if any are.
    """
    if made.case.impossible:
        yield from _not_run(made.case)
        return
    span = fault_span(made.case.scenario.faults)
    for choice in made.case.scenario.strategies:
        strategy = choice.name
        yield Judged(_on_runs(made, strategy, why_missing), Wanted())
        is_whole = not made.missing(strategy) and not made.failures(strategy)
        for wanted in made.case.scenario.expect:
            if wanted.strategy == strategy:
                yield _on_expectation(made, wanted, span, is_whole=is_whole)


def _not_run(case: Case) -> Iterator[Judged]:
    """Yield why ``case`` cannot be run, at each place of it that says so."""
    for problem in case.impossible:
        finding = Finding(
            kind="runs",
            strategy=problem.key,
            what=WELL,
            verdict="inconclusive",
            measured="not run",
            why=problem.message,
            line=problem.line,
            column=problem.column,
        )
        yield Judged(finding, Wanted())


def _on_runs(made: CaseRuns, strategy: str, why_missing: str) -> Finding:
    """Return whether all runs of ``strategy`` were made, and did what was asked of them."""
    line, column = made.case.places.strategies[strategy]
    missing, failed = made.missing(strategy), made.failures(strategy)
    total = len(made.of(strategy)) + len(failed) + len(missing)
    finding = Finding(
        kind="runs",
        strategy=strategy,
        what=WELL,
        verdict="pass",
        measured=count(len(made.of(strategy)), "run"),
        line=line,
        column=column,
    )
    if failed:
        by_itself = [seed for seed in failed if (strategy, seed) not in made.lost]
        first = min(by_itself or failed)
        reason = _shown(made.failed[strategy, first])
        return replace(
            finding,
            verdict="fail" if by_itself else "inconclusive",
            measured=f"{len(failed)} of {count(total, 'run')} failed",
            why=reason.splitlines()[-1],
            detail=reason,
            way_back=way_back(made.case, strategy, first),
        )
    if missing:
        seeds = ", ".join(map(str, missing))
        measured = f"{len(missing)} of {count(total, 'run')} not made: seed {seeds}"
        return replace(
            finding,
            verdict="inconclusive",
            measured=measured,
            why=why_missing,
            way_back=way_back(made.case, strategy, missing[0]),
        )
    if doubts := _doubts(made, strategy):
        detail = "\n".join(doubts)
        return replace(finding, verdict="inconclusive", why=doubts[0], detail=detail)
    return finding


def _shown(reason: str) -> str:
    """Return the end of ``reason``, which may be as long as an exception's text, for a terminal."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", reason.strip()[-REASON_MAX:])


def _doubts(made: CaseRuns, strategy: str) -> list[str]:
    traced = labels_of_traced(made.case.scenario.faults)
    return list(doubts_about({strategy: made.of(strategy)}, traced))


def _on_expectation(
    made: CaseRuns, wanted: Expectation, span: FaultSpan | None, *, is_whole: bool
) -> Judged:
    line, column = made.case.places.expectations[wanted.strategy, wanted.key]
    runs = made.of(wanted.strategy)
    again = partial(again_command, made.case.file, made.case.engine)
    detail = ""
    if not is_whole:
        verdict = _unjudged(wanted, NOT_ALL)
    else:
        try:
            (verdict,) = judge([wanted], {wanted.strategy: runs}, span, again)
        except Exception:  # noqa: BLE001 - our bug; what it hides is neither right nor wrong
            verdict, detail = _unjudged(wanted, CRASHED), traceback.format_exc()
    finding = Finding(
        kind="expectation",
        strategy=wanted.strategy,
        what=wanted.text,
        verdict=verdict.verdict,
        measured=verdict.measured,
        why=verdict.why,
        detail=detail,
        line=line,
        column=column,
        broken=verdict.broken,
    )
    if verdict.verdict == "fail":
        seed = verdict.broken[0].seed
        finding = replace(finding, way_back=way_back(made.case, wanted.strategy, seed))
    is_of_tokens = wanted.figure.startswith(("tokens_", "token_requests", "needless_"))
    failure = _failure(wanted.figure, runs, finding.way_back)
    return Judged(finding, _wanted(wanted, runs, span), verdict.more_seeds, failure, is_of_tokens)


def _failure(figure: str, runs: Sequence[RecordedRun], back: WayBack | None) -> Failure | None:
    """Return the failure that tells why ``figure`` is as it is in the run that ``back`` leads to;
    None where that is a 401, or nothing failed."""
    run = next((each for each in runs if back is not None and each.header.seed == back.seed), None)
    if run is None or figure not in _OF_FAILURES:
        return None
    failures = failure_counts(run)
    kinds = _OF_FAILURES[figure]
    return most_frequent({why: n for why, n in failures.items() if not kinds or why.kind in kinds})


def _unjudged(wanted: Expectation, why: str) -> Verdict:
    return Verdict(
        strategy=wanted.strategy,
        expected=wanted.text,
        measured="-",
        verdict="inconclusive",
        why=why,
    )


def _wanted(wanted: Expectation, runs: Sequence[RecordedRun], span: FaultSpan | None) -> Wanted:
    """Return which 401s ``wanted`` is about: those of its causes in the bins of its part."""
    if not runs:
        return Wanted()
    width = runs[0].header.width
    begins, ends = bins_of(runs[0], wanted.part, span)
    _, _, cause = wanted.figure.partition("_")
    return Wanted(
        causes=[name for name in CAUSES if name == cause] or CAUSES,
        begins=begins * width,
        ends=None if wanted.part.ends is None else ends * width,
    )
