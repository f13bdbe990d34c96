"""From the runs of a scenario and a baseline to findings: no strategy may have got worse.

Only runs of one world are compared: a scenario that changed, another engine, or another version of
tokenrace under which counts differ, is named, and it is not known then whether anything got worse.
What a strategy *is* may change: that is what is on trial.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from tokenrace.analysis.blame import Wanted
from tokenrace.gate.against import Comparison, compare_counts
from tokenrace.gate.baseline import Baseline, KnownScenario, file_from, known_scenario
from tokenrace.gate.cases import Case
from tokenrace.gate.counts import counts_of
from tokenrace.gate.findings import Finding, count
from tokenrace.gate.judging import NOT_ALL, Judged, way_back
from tokenrace.gate.running import CaseRuns
from tokenrace.scenario import StrategyChoice
from tokenrace.scenario.world import choice_of, settings_of

Bar = Literal["no worse than the baseline", "every count as in the baseline"]
NO_WORSE: Bar = "no worse than the baseline"
EVERY_COUNT: Bar = "every count as in the baseline"
_THAN = {"better": " than", "worse": " than", "same": " as", "can't tell": " from"}
_OWN_CODE = (
    "which event differs first from the baseline's run cannot be told: the code it ran was not "
    "kept, only its counts"
)
_OTHER_PROGRAM = (
    "which event differs first from the baseline's run cannot be told: the scenario says the same "
    "of this strategy as then, so what differs is the program that made it, which is not kept"
)
ANEW = "tokenrace baseline takes it as it is now"


@dataclass(frozen=True, slots=True)
class Against:
    """Holds the runs of scenarios against ``baseline``, which is in the file ``path``.

    ``bar`` is what a strategy must come up to.
    """

    baseline: Baseline
    path: Path
    bar: Bar = NO_WORSE

    def judge(self, made: CaseRuns) -> Iterator[Judged]:
        """Yield a finding for each strategy of ``made``; none where it cannot be run."""
        if made.case.impossible:
            return
        known = self.baseline.scenario(file_from(self.path, made.case.file))
        not_compared = self._why_not(made, known)
        for choice in made.case.scenario.strategies:
            finding = _blank(made, choice.name, self.bar)
            if not_compared:
                judged = replace(finding, verdict="inconclusive", why=not_compared)
            else:
                assert known is not None
                judged = self._compare(finding, made, known, choice)
            yield self._with_before(judged, made, choice)

    def _with_before(self, finding: Finding, made: CaseRuns, choice: StrategyChoice) -> Judged:
        """Return ``finding`` with what its strategy was before, if that can be run again."""
        judged = Judged(finding, Wanted(), is_of_tokens=finding.why.startswith("tokens issued"))
        if finding.verdict != "fail" or made.case.engine != "virtual":
            return judged
        file = file_from(self.path, made.case.file)
        before = choice_of(choice.name, self.baseline.settings(file).get(choice.name, ""))
        if before is None:
            return replace(judged, not_remade=_OWN_CODE)
        if before == choice:
            return replace(judged, not_remade=_OTHER_PROGRAM)
        return replace(judged, before=before)

    def gone(self, case: Case) -> Iterator[str]:
        """Yield a note for each strategy of ``case`` that only the baseline has."""
        names = {choice.name for choice in case.scenario.strategies}
        for strategy in self.baseline.settings(file_from(self.path, case.file)):
            if strategy not in names:
                yield f"{strategy} is in the baseline, and no longer in the scenario"

    def unseen(self, cases: Sequence[Case]) -> list[str]:
        """Return the files of the baseline's scenarios that are not among ``cases``."""
        seen = {file_from(self.path, case.file) for case in cases}
        return [each.file for each in self.baseline.scenarios if each.file not in seen]

    def _why_not(self, made: CaseRuns, known: KnownScenario | None) -> str:
        """Return why no strategy can be compared; nothing if they can."""
        if known is None:
            return f"the scenario is not in {self.path}; {ANEW}"
        if known.engine != made.case.engine:
            return f"the baseline is of the {known.engine} engine, these runs of the other"
        now = known_scenario(known.file, made.case.scenario, made.case.engine)
        if known.sha256 != now.sha256:
            hashes = f"then {known.sha256[:8]}, now {now.sha256[:8]}"
            since = f"; {_made_by(known, now)}" if known.made_by() != now.made_by() else ""
            return f"the scenario changed since the baseline ({hashes}){since}; {ANEW}"
        return ""

    def _compare(
        self, finding: Finding, made: CaseRuns, known: KnownScenario, choice: StrategyChoice
    ) -> Finding:
        settings = self.baseline.settings(known.file).get(choice.name)
        if settings is None:
            return replace(
                finding,
                verdict="inconclusive",
                why=f"the strategy is not in {self.path}; {ANEW}",
            )
        runs = made.of_own_seeds(choice.name)
        if len(runs) < len(made.case.seeds):
            return replace(finding, verdict="inconclusive", why=NOT_ALL)
        differs = next((run.differs for run in runs if run.differs), "")
        if differs:
            return replace(finding, verdict="inconclusive", why=differs)
        before = self.baseline.counts(known.file)[choice.name]
        after = {run.header.seed: counts_of(run) for run in runs}
        comparison = compare_counts(before, after)
        if comparison is None:
            seeds = "they have no seed in common"
            return replace(finding, verdict="inconclusive", why=f"{seeds}; {ANEW}")
        changed = "" if settings == settings_of(choice) else f"its settings were {settings}"
        return _judged(finding, made, known, comparison, changed)


def _made_by(known: KnownScenario, now: KnownScenario) -> str:
    return f"{known.made_by()} made the baseline, and this is {now.made_by()}"


def _blank(made: CaseRuns, strategy: str, bar: Bar) -> Finding:
    line, column = made.case.places.strategies[strategy]
    return Finding(
        kind="baseline",
        strategy=strategy,
        what=bar,
        verdict="pass",
        measured="not compared",
        line=line,
        column=column,
    )


def _judged(
    finding: Finding, made: CaseRuns, known: KnownScenario, comparison: Comparison, changed: str
) -> Finding:
    pairs = count(comparison.pairs, "seed")
    also = f", {changed}" if changed else ""
    finding = replace(
        finding,
        measured=f"{comparison.in_short()}{_THAN[comparison.word]} the baseline, {pairs}{also}",
        detail="\n".join(change.in_words() for change in comparison.changes),
    )
    if comparison.is_exact:
        return finding
    now = known_scenario(known.file, made.case.scenario, made.case.engine)
    if known.made_by() != now.made_by():
        return replace(finding, verdict="inconclusive", why=f"{_made_by(known, now)}; {ANEW}")
    match comparison.word:
        case "worse":
            back = way_back(made.case, finding.strategy, comparison.worst_seed)
            return replace(finding, verdict="fail", why=comparison.reason(), way_back=back)
        case _ if finding.what == EVERY_COUNT:
            back = way_back(made.case, finding.strategy, comparison.worst_seed)
            return replace(
                finding, verdict="fail", why=f"it counts otherwise; {ANEW}", way_back=back
            )
        case "can't tell":
            why = f"{comparison.reason()}; use more seeds, or {ANEW}"
            return replace(finding, verdict="inconclusive", why=why)
        case _:
            return finding
