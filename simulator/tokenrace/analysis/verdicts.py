"""Whether runs were as a scenario expects: pass, inconclusive or fail, and the worst wins.

What is expected in every run is broken by one run that is not so, however good the others are.
What is expected on average is held against the values of the seeds: where they are all the same,
or there is one, that value decides; otherwise the 95 % interval of their mean does (Student's t,
as everywhere here): all of it as expected is a pass, none of it a fail, and else the seeds are too
few to tell. docs/decisions/0005-verdicts.md and 0026-every-run.md say why.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from tokenrace.analysis.figures import value_of
from tokenrace.analysis.intervals import mean_and_reach, values_to_settle
from tokenrace.analysis.wording import several
from tokenrace.figures import FIGURES, NEVER, FaultSpan
from tokenrace.scenario.expectations import Expectation, written
from tokenrace.trace.files import RecordedRun

Word = Literal["pass", "inconclusive", "fail"]
SEEDS_NAMED = 5
"""Of so many seeds each is named; of more the others are counted."""
SEEDS_MAX = 1_000
"""No more seeds than this are recommended to anybody: the bound lies within the spread."""

Again = Callable[[str, int], str]
"""Returns the command that repeats the run of a strategy under a seed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenRun:
    """A run that is not as expected by itself; ``again`` is the command that repeats it."""

    seed: int
    measured: str
    again: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of one expectation. ``measured`` is for people; ``why`` is empty on a pass.

    ``broken`` are the runs that are not as expected by themselves, worst first, unless it is a
    pass. ``more_seeds`` is about how many more would settle what is inconclusive; None where no
    number up to ``SEEDS_MAX`` would.
    """

    strategy: str
    expected: str
    measured: str
    verdict: Word
    why: str = ""
    broken: tuple[BrokenRun, ...] = ()
    more_seeds: int | None = None


def judge(
    expectations: Sequence[Expectation],
    runs: Mapping[str, Sequence[RecordedRun]],
    faults: FaultSpan | None = None,
    again: Again = lambda _strategy, _seed: "",
) -> tuple[Verdict, ...]:
    """Return the verdict on each of ``expectations`` whose strategy was run, in their order."""
    return tuple(
        _judge(_Measured(wanted, runs[wanted.strategy], faults, again))
        for wanted in expectations
        if wanted.strategy in runs
    )


def worst(words: Iterable[Word]) -> Word:
    """Return the worst of ``words``; pass where there are none."""
    return max(words, key=get_args(Word).index, default="pass")


class _Measured:
    """The values of a figure over the runs, beside what is wanted of them."""

    def __init__(
        self,
        wanted: Expectation,
        runs: Sequence[RecordedRun],
        faults: FaultSpan | None,
        again: Again,
    ) -> None:
        found = [
            (run.header.seed, value_of(run, wanted.figure, wanted.part, faults)) for run in runs
        ]
        self.wanted = wanted
        self.counted = [(seed, value) for seed, value in found if value is not None]
        self.uncounted = [seed for seed, value in found if value is None]
        self.values = [value for _, value in self.counted]
        self._again = again

    def verdict(
        self, word: Word, measured: str = "", why: str = "", more: int | None = None
    ) -> Verdict:
        """Return the verdict; ``measured`` is the range of the values unless it is given."""
        return Verdict(
            strategy=self.wanted.strategy,
            expected=self.wanted.text,
            measured=measured or self._range(),
            verdict=word,
            why=why,
            broken=() if word == "pass" else self.broken(),
            more_seeds=more,
        )

    def broken(self) -> tuple[BrokenRun, ...]:
        """Return the runs that are not as expected, worst first."""
        failing = [each for each in self.counted if not self.wanted.holds(each[1])]
        failing.sort(key=lambda each: -self.wanted.distance(each[1]))
        return tuple(
            BrokenRun(
                seed=seed,
                measured=self.written(value),
                again=self._again(self.wanted.strategy, seed),
            )
            for seed, value in failing
        )

    def written(self, value: float) -> str:
        """Return ``value`` with its unit."""
        return written(self.wanted.figure, value)

    def which_broke(self) -> str:
        """Return in words which runs are not as expected."""
        broken = self.broken()
        if len(broken) == len(self.counted):
            return "in every run"
        named = [f"{each.seed} ({each.measured})" for each in broken]
        return f"in {len(broken)} of {several(len(self.counted), 'run')}: seed {listed(named)}"

    def _range(self) -> str:
        if not self.values:
            return "-"
        low, high = (self.written(bound) for bound in (min(self.values), max(self.values)))
        return low if low == high else f"{low} to {high}"


def _judge(found: _Measured) -> Verdict:
    every_run = found.wanted.quantifier == "in every run"
    if found.uncounted and not (every_run and found.broken()):
        seeds = listed([str(seed) for seed in found.uncounted])
        return found.verdict("inconclusive", "-", f"nothing was counted there: seed {seeds}")
    if every_run:
        return _in_every_run(found)
    return _on_average(found)


def _in_every_run(found: _Measured) -> Verdict:
    return (
        found.verdict("fail", why=found.which_broke()) if found.broken() else found.verdict("pass")
    )


def _on_average(found: _Measured) -> Verdict:
    values, wanted = found.values, found.wanted
    if min(values) == max(values) or NEVER in values:
        value = max(values)
        shown = found.written(value)
        if wanted.holds(value):
            return found.verdict("pass", shown)
        return found.verdict("fail", shown, found.which_broke())
    mean, reach = mean_and_reach(values)
    low, high = max(0.0, mean - reach), min(mean + reach, _largest(wanted.figure))
    bounds = " to ".join(found.written(bound) for bound in (low, high))
    shown = f"{found.written(mean)} ({bounds})"
    holds = {wanted.holds(low), wanted.holds(high), wanted.holds(mean)}
    if holds == {True}:
        return found.verdict("pass", shown)
    if holds == {False} and not low <= wanted.bound <= high:
        return found.verdict("fail", shown, "all of the interval")
    more = values_to_settle(values, wanted.bound, SEEDS_MAX)
    why = f"the interval is on both sides: {_who_disagrees(found)}; {_how_many(more)}"
    return found.verdict("inconclusive", shown, why, more)


def _who_disagrees(found: _Measured) -> str:
    broken = [str(each.seed) for each in found.broken()]
    if not broken:
        return "every run by itself is as expected"
    if len(broken) == len(found.counted):
        return "no run by itself is as expected"
    good = [str(seed) for seed, value in found.counted if found.wanted.holds(value)]
    return f"seed {listed(broken)} not as expected, seed {listed(good)} as expected"


def _how_many(more: int | None) -> str:
    if more is None:
        return (
            f"no number of seeds up to {SEEDS_MAX:,} is likely to settle it: the bound is too near "
            "the mean. Move it, or say 'in every run'"
        )
    return f"about {several(more, 'more seed')} would settle it"


def _largest(figure: str) -> float:
    """Return what ``figure`` is at most: an interval ends where its figure does."""
    return 1.0 if FIGURES[figure].unit == "share" else NEVER


def listed(seeds: Sequence[str]) -> str:
    """Return ``seeds`` in words: the first few, and how many more there are."""
    more = len(seeds) - SEEDS_NAMED
    named = ", ".join(seeds[:SEEDS_NAMED])
    return f"{named} and {more} more" if more > 0 else named
