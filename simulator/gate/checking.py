"""A check from the scenarios to what was found of each."""

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from simulator.clock import Ticks, seconds
from simulator.gate.blaming import blamed_on_virtual, blamed_on_wire
from simulator.gate.cases import Case
from simulator.gate.comparing import Against
from simulator.gate.findings import CaseChecked, Finding
from simulator.gate.judging import Judged, judge_runs
from simulator.gate.running import CaseRuns, make_on_wire, make_virtual
from simulator.gate.scale import case_at_true_scale, not_by_scale, scale_notes
from simulator.machine_clock import MachineClock
from simulator.scenario.units import write_span
from simulator.simulation.experiment import Engine
from simulator.simulation.many_runs import ManyRunsWatcher
from simulator.simulation.runners import Runners

OVER = "the budget of {budget} was over"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How a check is made.

    ``budget`` is the real time it may take, None: any. ``against`` is the baseline, if any.
    """

    budget: Ticks | None = None
    against: Against | None = None


class Check:
    """Checks ``cases`` on ``terms``; the budget runs from now on."""

    def __init__(self, cases: Sequence[Case], terms: Terms, watcher: ManyRunsWatcher) -> None:
        self._cases = cases
        self._terms = terms
        self._watcher = watcher
        self._clock = MachineClock.starting_in(0)
        self._checked: dict[Path, CaseChecked] = {}
        watcher.planned(sum(case.size for case in cases))

    def on_virtual_time(self, runners: Runners) -> None:
        """Check the cases for that engine, at once on ``runners``.

        Raises:
            RunError: the runners die, whatever they are given.
        """
        cases = [case for case in self._cases if case.engine == "virtual"]
        judged: list[tuple[Case, Judged]] = []
        for made in make_virtual(cases, runners, self._left(), self._watcher):
            self._take_in(made)
            judged += [(made.case, each) for each in self._judge(made)]
        for (case, _), finding in zip(
            judged, blamed_on_virtual(judged, runners, self._left()), strict=True
        ):
            self._add(case, [finding])

    def on_wire(self, engine: Engine) -> None:
        """Check the cases for that engine, a run at a time, as they share the machine's clock."""
        for case in self._cases:
            if case.engine == "wire":
                with tempfile.TemporaryDirectory(prefix="tokenrace-") as folder:
                    made = make_on_wire(case, engine, Path(folder), self._is_over, self._watcher)
                    true = case_at_true_scale(case, self._left())
                    self._take_in(made, tuple(scale_notes(made, true)))
                    judged = not_by_scale(self._judge(made), case, true)
                    self._add(case, blamed_on_wire(list(judged), made))

    def checked(self) -> tuple[CaseChecked, ...]:
        """Return what was found of each case, in order."""
        return tuple(self._checked[case.file] for case in self._cases)

    def _left(self) -> Ticks | None:
        budget = self._terms.budget
        return None if budget is None else max(0, budget - self._clock.now())

    def _is_over(self) -> bool:
        return self._left() == 0

    def _judge(self, made: CaseRuns) -> Iterator[Judged]:
        budget = self._terms.budget
        why = "" if budget is None else OVER.format(budget=write_span(budget))
        yield from judge_runs(made, why)
        if self._terms.against is not None:
            yield from self._terms.against.judge(made)

    def _take_in(self, made: CaseRuns, notes: Sequence[str] = ()) -> None:
        case, against = made.case, self._terms.against
        self._checked[case.file] = CaseChecked(
            title=case.title,
            file=str(case.file),
            engine=case.engine,
            engine_in_file=case.scenario.run.engine,
            runs=made.made,
            runs_planned=case.size,
            took_s=seconds(made.took),
            findings=(),
            notes=(*notes, *(() if against is None else against.gone(case))),
        )

    def _add(self, case: Case, findings: Iterable[Finding]) -> None:
        checked = self._checked[case.file]
        self._checked[case.file] = replace(checked, findings=(*checked.findings, *findings))
