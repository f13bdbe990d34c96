"""Runs against a baseline, seed by seed: better, worse, the same, or nobody can tell.

Runs on virtual time are exact, so where nothing changed every count is equal, and one count that is
not says that something did. Whether that is for the worse, the paired difference over the seeds
decides: of 401s, of failures, of operations without an outcome, and of tokens issued. What else
changed is told with it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tokenrace.analysis.comparison import Difference
from tokenrace.analysis.intervals import mean_and_reach
from tokenrace.clock import MILLISECOND
from tokenrace.figures import FIGURES, Figure
from tokenrace.gate.counts import RunCounts

SEEDS_MIN = 2
"""Fewer show no spread, and without it nobody can say what is chance."""


DECIDING = ("rate_401", "failure_rate", "unknown_rate", "tokens_issued")
TOLD = (
    "latency_p95",
    "store_calls",
    "live_peak",
    "issues_refused",
    "token_requests",
    "token_requests_peak",
)
"""What is told of where it changed, and decides nothing: a scenario can expect something of it."""


@dataclass(frozen=True, slots=True)
class Change:
    """One figure before and after, as means over the seeds, and how they differ in pairs.

    ``difference`` is None where there is one pair only.
    """

    figure: Figure
    before: float
    after: float
    difference: Difference | None

    @property
    def word(self) -> str:
        """Better, worse, same or can't tell."""
        if self.difference is None:
            return "same" if self.before == self.after else "can't tell"
        less = self.figure.better == "less"
        mean = self.difference.mean if less else -self.difference.mean
        return Difference(mean, self.difference.reach).word

    @property
    def is_one(self) -> bool:
        """Whether anything changed."""
        return self.before != self.after or self.word != "same"

    def in_words(self) -> str:
        """Return the figure, before and after, and the interval of the difference."""
        before, after = (self._shown(value) for value in (self.before, self.after))
        unit = " in ms" if self.figure.unit == "span" else ""
        told = f"{self.figure.label}{unit} {before} to {after}"
        if self.difference is None:
            return told
        mean, reach = self.difference.mean, self.difference.reach
        scale, unit = (100, " points") if self.figure.unit == "share" else (1, "")
        low, high = (f"{scale * bound:+.3g}" for bound in (mean - reach, mean + reach))
        between = low if low == high else f"{low} to {high}"
        return f"{told} ({self.word}: {between}{unit})"

    def _shown(self, value: float) -> str:
        return f"{100 * value:.3g} %" if self.figure.unit == "share" else f"{value:,.4g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """How the runs of one strategy compare. ``changes`` has what differs, what decides first.
    ``is_exact``: every count of every pair is equal.

    ``worst_seed`` is that of the pair which got worse most, by the figure that did.
    """

    word: str
    is_exact: bool
    pairs: int
    changes: tuple[Change, ...]
    worst_seed: int

    def in_short(self) -> str:
        """Return the word; where only what decides nothing changed, it says so."""
        alike = self.word == "same" and not self.is_exact
        return "same 401s, failures and tokens" if alike else self.word

    def reason(self) -> str:
        """Return the change that the word comes from."""
        told = next((each for each in self.changes if each.word == self.word), None)
        return "" if told is None else told.in_words()


def compare_counts(
    before: Mapping[int, RunCounts], after: Mapping[int, RunCounts]
) -> Comparison | None:
    """Return how ``after`` compares with ``before``; None where they have no seed in common."""
    seeds = sorted(before.keys() & after.keys())
    if not seeds:
        return None
    pairs = [(before[seed], after[seed].as_known_by(before[seed])) for seed in seeds]
    if all(old == new for old, new in pairs):
        return Comparison(
            word="same", is_exact=True, pairs=len(seeds), changes=(), worst_seed=seeds[0]
        )
    changes = [_change(FIGURES[name], pairs) for name in (*DECIDING, *TOLD)]
    deciding = changes[: len(DECIDING)]
    differing = tuple(each for each in changes if each.is_one)
    return Comparison(
        word=_word([each.word for each in deciding]),
        is_exact=False,
        pairs=len(seeds),
        changes=differing,
        worst_seed=_worst_seed(seeds, pairs, deciding),
    )


def _word(words: Sequence[str]) -> str:
    """Return the word for all: one that got worse is not made good by one that got better."""
    return next(
        (word for word in ("worse", "better", "can't tell") if word in words),
        "same",
    )


def _change(figure: Figure, pairs: Sequence[tuple[RunCounts, RunCounts]]) -> Change:
    old = [_value(figure, before) for before, _ in pairs]
    new = [_value(figure, after) for _, after in pairs]
    differences = [b - a for a, b in zip(old, new, strict=True)]
    several = len(pairs) >= SEEDS_MIN
    return Change(
        figure,
        sum(old) / len(old),
        sum(new) / len(new),
        Difference(*mean_and_reach(differences)) if several else None,
    )


def _worst_seed(
    seeds: Sequence[int],
    pairs: Sequence[tuple[RunCounts, RunCounts]],
    deciding: Sequence[Change],
) -> int:
    figure = next((each.figure for each in deciding if each.word == "worse"), FIGURES[DECIDING[0]])
    losses = [_value(figure, after) - _value(figure, before) for before, after in pairs]
    return seeds[losses.index(max(losses))]


def _value(figure: Figure, counts: RunCounts) -> float:
    """Return ``figure``, spans in milliseconds; 0 where nothing was counted."""
    value = figure.of(counts.counted()) or 0.0
    return value / MILLISECOND if figure.unit == "span" else value
