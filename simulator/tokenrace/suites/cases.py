"""The scenarios of a suite for one class: to check at once, or to write to files."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tokenrace.gate.cases import Case, read_case
from tokenrace.gate.story import Story
from tokenrace.suites.adapted import scenario_text
from tokenrace.suites.modes import Mode, Scope, read_suite
from tokenrace.suites.subject import Subject


@dataclass(frozen=True, slots=True)
class Fitted:
    """A suite fitted to ``subject``, whose processes have a token of ``scope``."""

    suite: str
    subject: Subject
    scope: Scope

    def modes(self) -> list[Mode]:
        """Return the modes that can be tried."""
        return [mode for mode in read_suite(self.suite) if not self._why_not(mode)]

    def texts(self) -> Iterator[tuple[Mode, str]]:
        """Yield each mode that can be tried, and its scenario."""
        for mode in self.modes():
            yield mode, scenario_text(mode, self.subject.own, self.scope)

    def cases(self, folder: Path) -> Iterator[Case]:
        """Yield a case for each; its file is where the scenario would lie in ``folder``.

        Raises:
            ScenarioError: the class's options are none that a scenario can have.
        """
        for mode, text in self.texts():
            bar = mode.bars[self.scope]
            story = Story(
                modes=mode.numbers,
                tried=mode.tried,
                promised=bar.promised,
                matters=mode.matters,
                source=self.subject.source,
                line=self.subject.line,
            )
            yield read_case(text.encode(), folder / f"{mode.name}.yaml", story)

    def left_out(self) -> dict[str, list[str]]:
        """Return the modes that cannot be tried, by why."""
        reasons: dict[str, list[str]] = {}
        for mode in read_suite(self.suite):
            if reason := self._why_not(mode):
                reasons.setdefault(reason, []).append(mode.name)
        return reasons

    def _why_not(self, mode: Mode) -> str:
        return self.subject.why_not(mode, self.scope)
