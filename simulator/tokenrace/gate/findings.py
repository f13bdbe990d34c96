"""What a check found: values that every way of telling it reads, and nothing else."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from tokenrace.analysis.verdicts import BrokenRun, Word, worst
from tokenrace.gate.story import Story
from tokenrace.trace.events import Event

Kind = Literal["runs", "expectation", "baseline", "promise"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WayBack:
    """The run to look at: its seed, the command that repeats it, and why its first 401 was one.

    ``observed`` are sentences on the whole run: who asked for its tokens, where it parts from the
    baseline's. ``blame`` is in sentences, empty where nobody looked; ``chain`` are the events they
    are made of.
    """

    seed: int
    command: str
    observed: tuple[str, ...] = ()
    blame: tuple[str, ...] = ()
    chain: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was checked of one strategy.

    ``what`` is what should be: an expectation as the scenario has it, or a sentence. ``line`` and
    ``column`` are of the scenario file. ``why`` is empty on a pass; ``detail``
    may have many lines: a traceback. ``broken`` are the runs that are not as expected, worst first.
    ``took_s`` is this finding's share of the time that the strategy's runs took.
    """

    kind: Kind
    strategy: str
    what: str
    verdict: Word
    measured: str
    why: str = ""
    detail: str = ""
    line: int
    column: int
    way_back: WayBack | None = None
    broken: tuple[BrokenRun, ...] = ()
    took_s: float = 0.0

    def sentence(self) -> str:
        """Return in a line what was found."""
        measured = self.measured
        if self.kind == "expectation":
            measured = f"expected {self.what}, measured {self.measured}"
        return f"{self.strategy}: {': '.join(each for each in (measured, self.why) if each)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseChecked:
    """What was found of one scenario. ``runs`` were made, of ``runs_planned``; ``took_s`` is the
    processors' time that they cost, the provider's and the clients' together."""

    title: str
    file: str
    engine: str
    engine_in_file: str
    runs: int
    runs_planned: int
    took_s: float
    findings: tuple[Finding, ...]
    notes: tuple[str, ...] = ()
    story: Story | None = None

    @property
    def verdict(self) -> Word:
        """The worst of its findings."""
        return worst(finding.verdict for finding in self.findings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A whole check. ``began_at`` is in seconds since 1970; ``took_s`` is real time; ``notes`` are
    of no scenario alone; ``stopped`` says what stopped the check before its end, if anything."""

    version: str
    command: str
    baseline: str | None
    began_at: int
    took_s: float
    cases: tuple[CaseChecked, ...]
    notes: tuple[str, ...] = ()
    stopped: str = ""

    @property
    def verdict(self) -> Word:
        """The worst of all verdicts; inconclusive at best where something stopped it."""
        verdicts = [case.verdict for case in self.cases]
        return worst([*verdicts, "inconclusive"] if self.stopped else verdicts)

    def in_short(self) -> str:
        """Return in a line what was made and what came of it."""
        words = Counter(case.verdict for case in self.cases)
        told = [f"{words[word]} {word}" for word in _ORDER if words[word]]
        runs = sum(case.runs for case in self.cases)
        planned = sum(case.runs_planned for case in self.cases)
        made = count(runs, "run") if runs == planned else f"{runs:,} of {planned:,} runs"
        return f"{count(len(self.cases), 'scenario')}, {made} in {self.took_s:.1f} s: " + ", ".join(
            [*told, *([self.stopped] if self.stopped else [])]
        )


_ORDER: tuple[Word, ...] = ("pass", "fail", "inconclusive")


def with_story(findings: Sequence[Finding], story: Story | None) -> tuple[Finding, ...]:
    """Return ``findings``, the first trouble among them with what the scenario is about."""
    found = list(findings)
    wrong = troubles(found)
    if story is not None and wrong:
        first = next(at for at, finding in enumerate(found) if finding.verdict == wrong[0].verdict)
        detail = "\n".join([*story.lines(), found[first].detail])
        found[first] = replace(found[first], detail=detail)
    return tuple(found)


def count(number: int, one: str) -> str:
    """Return how many there are in words."""
    return f"{number:,} {one}" if number == 1 else f"{number:,} {one}s"


def troubles(findings: Sequence[Finding]) -> list[Finding]:
    """Return the findings that are no pass, failures first.

    Of those that cannot tell for one and the same reason, the first stands for all.
    """
    failed = [finding for finding in findings if finding.verdict == "fail"]
    unsure: dict[tuple[Kind, str], list[Finding]] = {}
    for finding in findings:
        if finding.verdict == "inconclusive":
            unsure.setdefault((finding.kind, finding.why), []).append(finding)
    return failed + [_for_all(alike) for alike in unsure.values()]


def _for_all(alike: Sequence[Finding]) -> Finding:
    first, *others = alike
    if not others:
        return first
    return replace(first, why=f"{first.why}; and {len(others)} more like it")
