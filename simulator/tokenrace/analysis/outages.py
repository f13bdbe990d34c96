"""Outages of runs, in the scenario's time, and which seeds had them.

Of operations, as ``trace/outages.py`` defines them. A program of the user's own tells of no
operation: its outages are found in the provider's answers, in bins as wide as the plots'.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tokenrace.analysis.wording import instant_text, lasting, percent, several
from tokenrace.clock import seconds, ticks
from tokenrace.figures import longest_of, outages_in
from tokenrace.trace.files import RecordedRun
from tokenrace.trace.outages import Outage

_EVERY, _NEARLY_EVERY, _MOST = 0.9995, 0.9, 2 / 3


@dataclass(frozen=True, slots=True, kw_only=True)
class WorstOutage:
    """The longest outage of a strategy, in the run of ``seed``; in seconds of the scenario.

    ``failed`` is the share of its operations that failed. ``to_the_end``: the run ended first.
    """

    seed: int
    begins_s: float
    lasts_s: float
    failed: float
    to_the_end: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OutageFigures:
    """The outages of a strategy: ``number`` over all runs, and of ``seeds`` runs how many had one.

    ``longest`` is None where none had.
    """

    number: int
    seeds: int
    of_seeds: int
    longest: WorstOutage | None

    def in_short(self) -> str:
        """Return them for a cell of a table."""
        if self.longest is None:
            return "none"
        longest = lasting(ticks(self.longest.lasts_s))
        return f"{self.number}, {longest}, {self.seeds}/{self.of_seeds}"

    def sentence(self) -> str:
        """Return what happened in the longest, and in how many seeds; nothing where none was."""
        if self.longest is None:
            return ""
        longest = self.longest
        until = ", to the end of the run" if longest.to_the_end else ""
        told = (
            f"{_in_words(longest.failed)} failed for {lasting(ticks(longest.lasts_s))}, "
            f"from {instant_text(ticks(longest.begins_s))}{until}"
        )
        if self.of_seeds > 1:
            told = f"{told} (seed {longest.seed})"
        where = f"in {self.seeds} of {several(self.of_seeds, 'seed')}" if self.of_seeds > 1 else ""
        if self.number == 1:
            return f"{where} {told}".strip()
        outages = ", ".join(part for part in (f"{self.number:,} outages", where) if part)
        return f"{outages}; in the longest {told}"


def outage_figures(runs: Sequence[RecordedRun]) -> OutageFigures:
    """Return the outages of a strategy from its ``runs``, one for each seed."""
    found = [(run, outages_in(run)) for run in runs]
    had = [(run, longest) for run, each in found if (longest := longest_of(each)) is not None]
    return OutageFigures(
        number=sum(len(each) for _, each in found),
        seeds=len(had),
        of_seeds=len(runs),
        longest=_worst(*max(had, key=lambda each: (each[1].lasts, each[1].share))) if had else None,
    )


def _worst(run: RecordedRun, longest: Outage) -> WorstOutage:
    return WorstOutage(
        seed=run.header.seed,
        begins_s=seconds(longest.begins),
        lasts_s=seconds(longest.lasts),
        failed=longest.share,
        to_the_end=longest.ends >= round(run.header.duration * run.header.time_scale),
    )


def _in_words(failed: float) -> str:
    if failed >= _EVERY:
        return "every operation"
    if failed >= _NEARLY_EVERY:
        return "nearly every operation"
    return f"{'most' if failed >= _MOST else 'about half of the'} operations ({percent(failed)})"
