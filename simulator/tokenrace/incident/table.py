"""Which observations the runs of an explanation reproduce: the table, cell by cell.

A cell holds when all that it wants of the runs holds, as a scenario's expectations do: the 95 %
interval over the seeds decides, and where it is on both sides nobody can tell.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from tokenrace.analysis.verdicts import Word, judge, worst
from tokenrace.incident.explanations import Explanation, Observation
from tokenrace.incident.phases import Phases
from tokenrace.scenario.expectations import Comparison, Expectation
from tokenrace.scenario.parts import WHOLE, Part
from tokenrace.trace.files import RecordedRun

Outcome = Literal["reproduced", "not reproduced", "can't tell", "nothing to end"]
CALM_MAX = 0.02
"""The 401 rate that a team calls calm: at most one call in fifty."""
GONE_MAX = 0.05
ALL_MIN = 0.95
"""From here on a team says: every call."""
HALF = 0.5
"""Less than that is no trouble to be ended."""
_OUTCOMES: Mapping[Word, Outcome] = {
    "pass": "reproduced",
    "inconclusive": "can't tell",
    "fail": "not reproduced",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What the runs say of one observation. ``figure`` is for people."""

    outcome: Outcome
    figure: str
    expected: bool | None

    @property
    def contradicts(self) -> bool:
        """Whether the runs say the opposite of what was expected."""
        opposite: Outcome = "not reproduced" if self.expected else "reproduced"
        return self.expected is not None and self.outcome == opposite


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One explanation's runs. ``alone`` are those in which the secret is rotated and nothing is
    transferred; those of ``whole`` where the transfer ended nothing, so that the rotation did."""

    explanation: Explanation
    phases: Phases
    whole: Sequence[RecordedRun]
    alone: Sequence[RecordedRun]

    def cells(self) -> Mapping[Observation, Cell]:
        """Return the column, from the first row to the last."""
        phases, whole, alone = self.phases, self.whole, self.alone
        trouble = _above("rate_401", ALL_MIN, phases.trouble)
        lasts = _above("rate_401", ALL_MIN, phases.transferred)
        transferred = _below("rate_401", GONE_MAX, phases.transferred)
        rotated = _below("rate_401", GONE_MAX, phases.rotated)
        calm = _below("rate_401", CALM_MAX, phases.calm)
        fixed = _below("rate_401", CALM_MAX, phases.fixed)
        tried = _above("trial_401", ALL_MIN, WHOLE)
        return {
            "calm": self._judged("calm", (calm, trouble), whole),
            "every_call": self._judged("every_call", (trouble,), whole),
            "fresh_token": self._judged("fresh_token", (tried,), whole),
            "lasts": self._of_trouble(phases.trouble, "lasts", lasts, alone),
            "rotation": self._of_trouble(phases.transferred, "rotation", rotated, alone),
            "transfer": self._of_trouble(phases.trouble, "transfer", transferred, whole),
            "fix": self._judged("fix", (fixed,), whole),
        }

    def _of_trouble(
        self,
        before: Part,
        observation: Observation,
        wanted: Expectation,
        runs: Sequence[RecordedRun],
    ) -> Cell:
        """Judge what needs a trouble that is there ``before``."""
        trouble = _above("rate_401", HALF, before)
        if self._judged("every_call", (trouble,), runs).outcome == "reproduced":
            return self._judged(observation, (wanted,), runs)
        expected = self.explanation.expected.get(observation)
        return Cell(outcome="nothing to end", figure="", expected=expected)

    def _judged(
        self, observation: Observation, wanted: Sequence[Expectation], runs: Sequence[RecordedRun]
    ) -> Cell:
        verdicts = judge(wanted, {"": runs})
        return Cell(
            outcome=_OUTCOMES[worst(verdict.verdict for verdict in verdicts)],
            figure=", then ".join(verdict.measured for verdict in verdicts),
            expected=self.explanation.expected.get(observation),
        )


def _below(figure: str, bound: float, part: Part) -> Expectation:
    return _wanted(figure, "<=", bound, part)


def _above(figure: str, bound: float, part: Part) -> Expectation:
    return _wanted(figure, ">=", bound, part)


def _wanted(figure: str, comparison: Comparison, bound: float, part: Part) -> Expectation:
    return Expectation(
        strategy="",
        key=figure,
        figure=figure,
        part=part,
        quantifier="on average",
        comparison=comparison,
        bound=bound,
        text=f"{figure} {comparison} {bound:g}",
    )
