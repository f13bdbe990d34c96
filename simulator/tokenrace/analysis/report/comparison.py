"""The report on two folders of results: what changed from the one to the other, and how surely.

Seeds that both have are compared in pairs. Whether that is fair the page says itself: it names
what else differs, such as the scenario or the engine.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tokenrace.analysis.comparison import Difference
from tokenrace.analysis.figures import SeedFigures, StrategyFigures
from tokenrace.analysis.intervals import mean_and_reach
from tokenrace.analysis.report.page import Results, page
from tokenrace.analysis.summary import Summary
from tokenrace.analysis.wording import points


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategyChange:
    """One strategy before and after; None where it was not run.

    ``rate_401`` is the mean difference over the seeds that both have, and None with fewer than two.
    """

    strategy: str
    before: StrategyFigures | None
    after: StrategyFigures | None
    rate_401: Difference | None

    @property
    def in_words(self) -> str:
        """What became of the 401 rate."""
        if self.before is None or self.after is None:
            return "only run once"
        if self.before == self.after:
            return "the same, to the last count"
        if self.rate_401 is None:
            return "can't tell: fewer than two seeds in common"
        if self.rate_401.word == "same":
            return "the same, seed by seed"
        mean, reach = self.rate_401.mean, self.rate_401.reach
        return f"{self.rate_401.word} ({points(mean - reach, mean + reach)} points)"


def comparison_of(before: Results, after: Results) -> str:
    """Return the page on what changed from ``before`` to ``after``."""
    return page(
        "comparison.html",
        before=before,
        after=after,
        differing=list(differing(before.summary, after.summary)),
        changes=list(changes(before.summary, after.summary)),
        pictures=[
            picture
            for picture in after.summary.pictures
            if picture.name in before.images and picture.name in after.images
        ],
    )


def differing(before: Summary, after: Summary) -> Iterator[str]:
    """Yield what was not the same about the two, in words."""
    if before.scenario != after.scenario:
        yield f"the scenario: {before.scenario}, then {after.scenario}"
    elif before.scenario_sha256 != after.scenario_sha256:
        yield "the scenario's text: something in it was changed"
    for name in ("version", "engine"):
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            yield f"the {name}: {old}, then {new}"
    if before.time_scale != after.time_scale:
        yield f"the time scale: {before.time_scale:g}, then {after.time_scale:g}"
    if before.seeds != after.seeds:
        yield f"the seeds: {len(before.seeds)}, then {len(after.seeds)}"


def changes(before: Summary, after: Summary) -> Iterator[StrategyChange]:
    """Yield the change of each strategy, those of ``after`` first."""
    for name in dict.fromkeys([*after.strategies, *before.strategies]):
        old, new = before.strategies.get(name), after.strategies.get(name)
        yield StrategyChange(
            strategy=name,
            before=old,
            after=new,
            rate_401=None if old is None or new is None else _difference(old, new),
        )


def _difference(old: StrategyFigures, new: StrategyFigures) -> Difference | None:
    before, after = _rates(old), _rates(new)
    differences = [after[seed] - before[seed] for seed in after if seed in before]
    return Difference(*mean_and_reach(differences)) if len(differences) > 1 else None


def _rates(figures: StrategyFigures) -> Mapping[int, float]:
    return {each.seed: _rate(each) for each in figures.per_seed}


def _rate(of_seed: SeedFigures) -> float:
    return of_seed.rate_401 or 0.0
