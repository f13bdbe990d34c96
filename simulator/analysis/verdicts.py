"""Whether runs were as a scenario expects: pass, inconclusive or fail, and the worst wins.

Each expectation is held against the values of the seeds. Where they are all the same, or there is
one seed, the value itself decides; otherwise the 95 % interval of their mean does (Student's t, as
everywhere here): all of it as expected is a pass, none of it a fail, and else the seeds are too few
to tell. docs/decisions/0005-verdicts.md says why.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from simulator.analysis.intervals import mean_and_reach
from simulator.analysis.run_figures import NEVER, FaultSpan, value_of
from simulator.scenario.expectations import FIGURES, Expectation, written
from simulator.trace.files import RecordedRun

Word = Literal["pass", "inconclusive", "fail"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of one expectation. ``measured`` is for people; ``why`` is empty on a pass."""

    strategy: str
    expected: str
    measured: str
    verdict: Word
    why: str = ""


def judge(
    expectations: Sequence[Expectation],
    runs: Mapping[str, Sequence[RecordedRun]],
    faults: FaultSpan | None = None,
) -> tuple[Verdict, ...]:
    """Return the verdict on each of ``expectations`` whose strategy was run, in their order."""
    return tuple(
        _judge(wanted, runs[wanted.strategy], faults)
        for wanted in expectations
        if wanted.strategy in runs
    )


def worst(words: Iterable[Word]) -> Word:
    """Return the worst of ``words``; pass where there are none."""
    return max(words, key=get_args(Word).index, default="pass")


def _largest(figure: str) -> float:
    """Return what ``figure`` is at most: an interval ends where its figure does."""
    return 1.0 if FIGURES[figure].unit == "share" else NEVER


def _judge(wanted: Expectation, runs: Sequence[RecordedRun], faults: FaultSpan | None) -> Verdict:
    found = [value_of(run, wanted.figure, wanted.part, faults) for run in runs]
    values = [value for value in found if value is not None]

    def verdict(measured: str, word: Word, why: str = "") -> Verdict:
        return Verdict(
            strategy=wanted.strategy,
            expected=wanted.text,
            measured=measured,
            verdict=word,
            why=why,
        )

    if len(values) < len(runs):
        return verdict("-", "inconclusive", "nothing was counted there in some run")
    if min(values) == max(values) or NEVER in values:
        value = max(values)
        shown = written(wanted.figure, value)
        if wanted.holds(value):
            return verdict(shown, "pass")
        return verdict(shown, "fail", "in every run" if value == min(values) else "in some run")
    mean, reach = mean_and_reach(values)
    low, high = max(0.0, mean - reach), min(mean + reach, _largest(wanted.figure))
    bounds = " to ".join(written(wanted.figure, bound) for bound in (low, high))
    shown = f"{written(wanted.figure, mean)} ({bounds})"
    holds = {wanted.holds(low), wanted.holds(high), wanted.holds(mean)}
    if holds == {True}:
        return verdict(shown, "pass")
    if holds == {False} and not low <= wanted.bound <= high:
        return verdict(shown, "fail", "all of the interval")
    return verdict(shown, "inconclusive", "the interval is on both sides: use more seeds")
