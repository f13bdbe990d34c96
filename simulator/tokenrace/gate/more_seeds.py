"""Runs under more seeds than a scenario asks for, where they settle what is inconclusive.

The seeds are those that follow the scenario's own, so that a check takes the same ones every time.
Their number is reckoned from how the runs spread so far. It is at most doubled at a time, as a
spread of few runs is a guess, and an interval that is looked at often is passed by chance.
"""

from collections.abc import Iterator, Sequence

from tokenrace.gate.judging import Judged
from tokenrace.gate.running import CaseRuns, Cell

SEEDS_MAX = 100
"""No more runs of one strategy are made, its scenario's own included."""


def more_cells(made: CaseRuns, judged: Sequence[Judged]) -> Iterator[Cell]:
    """Yield the runs that are to be made next."""
    for choice in made.case.scenario.strategies:
        count = len(made.of(choice.name))
        number = min(_wanted(judged, choice.name), count, max(0, SEEDS_MAX - count))
        yield from made.more_cells(choice, number)


def note_on_seeds(made: CaseRuns, judged: Sequence[Judged]) -> Iterator[str]:
    """Yield which seeds were run besides, and of what there were not enough all the same."""
    for choice in made.case.scenario.strategies:
        name = choice.name
        seeds = [run.header.seed for run in made.of(name)]
        more = [seed for seed in seeds if seed not in made.case.seeds]
        if more:
            first, last = more[0], more[-1]
            which = f"seed {first} was" if first == last else f"seeds {first} to {last} were"
            yield f"{name}: {which} added, to settle what is expected on average"
        if len(seeds) >= SEEDS_MAX and _wanted(judged, name):
            yield f"{name}: no more than {SEEDS_MAX} seeds are added automatically: set run.seeds"


def _wanted(judged: Sequence[Judged], strategy: str) -> int:
    return max(
        (each.more_seeds or 0 for each in judged if each.finding.strategy == strategy), default=0
    )
