"""A check from the scenarios to what was found of each."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from tokenrace.clock import Ticks, seconds
from tokenrace.fields.units import write_span
from tokenrace.fields.values import EngineName
from tokenrace.files.temporary_folder import temporary_folder
from tokenrace.gate.blaming import blamed_on_virtual, blamed_on_wire, unblamed
from tokenrace.gate.cases import Case
from tokenrace.gate.comparing import Against
from tokenrace.gate.findings import CaseChecked, Finding, with_story
from tokenrace.gate.judging import Judged, judge_runs
from tokenrace.gate.more_seeds import more_cells, note_on_seeds
from tokenrace.gate.promises import judge_promises, note_on
from tokenrace.gate.running import CaseRuns, Cell, make_on_wire, make_virtual
from tokenrace.gate.scale import case_at_true_scale, not_by_scale, scale_notes
from tokenrace.machine_clock import MachineClock
from tokenrace.simulation.experiment import Engine
from tokenrace.simulation.many_runs import ManyRunsWatcher
from tokenrace.simulation.runners import Runners

OVER = "the budget of {budget} was over"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How a check is made.

    ``budget`` is the real time it may take, None: any. ``against`` is the baseline, if any.
    ``require_expect``: a strategy of which nothing is expected is a failure.
    """

    budget: Ticks | None = None
    against: Against | None = None
    require_expect: bool = False


class Check:
    """Checks ``cases`` on ``terms``; the budget runs from now on."""

    def __init__(self, cases: Sequence[Case], terms: Terms, watcher: ManyRunsWatcher) -> None:
        self._cases = cases
        self._terms = terms
        self._watcher = watcher
        self._clock = MachineClock.starting_in(0)
        self._made = {case.file: CaseRuns(case) for case in cases}
        self._judged: dict[Path, list[Judged]] = {}
        self._scale_notes: dict[Path, list[str]] = {}
        self._findings: dict[Path, list[Finding]] = {case.file: [] for case in cases}
        budget = terms.budget
        self._why_missing = "" if budget is None else OVER.format(budget=write_span(budget))
        watcher.planned(sum(case.size for case in cases))

    def on_virtual_time(self, runners: Runners) -> None:
        """Check the cases for that engine, at once on ``runners``.

        Raises:
            RunError: the runners die, whatever they are given.
        """
        cases = list(self._on("virtual"))
        self._make(cases, lambda cells: make_virtual(cells, runners, self._left(), self._watcher))
        judged = [(case, each) for case in cases for each in self._judged[case.file]]
        found = blamed_on_virtual(judged, runners, self._left())
        for (case, _), finding in zip(judged, found, strict=True):
            self._findings[case.file].append(finding)

    def on_wire(self, engine: Engine) -> None:
        """Check the cases for that engine, a run at a time, as they share the machine's clock."""
        for case in self._on("wire"):
            with temporary_folder() as folder:
                self._make([case], partial(self._on_wire, engine, folder))
                made = self._made[case.file]
                self._tell_scale(case, made)
                self._findings[case.file] += blamed_on_wire(self._judged[case.file], made)

    def _tell_scale(self, case: Case, made: CaseRuns) -> None:
        """Put what is true at true scale beside what the scaled runs of ``case`` gave."""
        if case.impossible:
            return
        true = case_at_true_scale(case, self._left())
        self._scale_notes[case.file] = list(scale_notes(made, true))
        self._judged[case.file] = list(not_by_scale(self._judged[case.file], case, true))

    def stopped(self, why: str) -> None:
        """Judge what was made before something stopped the check; ``why`` says what did."""
        self._why_missing = why
        for case in self._cases:
            if case.file not in self._judged:
                self._take_in(self._made[case.file])
            told = len(self._findings[case.file])
            rest = self._judged[case.file][told:]
            self._findings[case.file] += [unblamed(each.finding) for each in rest]

    def checked(self) -> tuple[CaseChecked, ...]:
        """Return what was found of each case, in order."""
        return tuple(self._of(case) for case in self._cases)

    def _on(self, engine: EngineName) -> Iterator[Case]:
        return (case for case in self._cases if case.engine == engine)

    def _make(
        self, cases: Sequence[Case], make: Callable[[Sequence[Cell]], Iterable[CaseRuns]]
    ) -> None:
        """Make every run of ``cases`` and judge them; then more, where that settles something."""
        for case in cases:
            if case.impossible:
                self._take_in(self._made[case.file])
        cells = [cell for case in cases for cell in self._made[case.file].cells()]
        while cells:
            for made in make(cells):
                self._take_in(made)
            cells = [cell for case in cases for cell in self._more(case)]
            self._watcher.planned(len(cells))

    def _more(self, case: Case) -> Iterator[Cell]:
        if self._left() == 0:
            return iter(())
        return more_cells(self._made[case.file], self._judged[case.file])

    def _on_wire(self, engine: Engine, traces: Path, cells: Sequence[Cell]) -> Iterator[CaseRuns]:
        in_turns = sorted(cells, key=lambda cell: cell.seed)
        make_on_wire(in_turns, engine, traces, self._left, self._watcher)
        yield cells[0].into

    def _left(self) -> Ticks | None:
        budget = self._terms.budget
        return None if budget is None else max(0, budget - self._clock.now())

    def _take_in(self, made: CaseRuns) -> None:
        """Judge the runs of a case, whether all were made or not."""
        case = made.case
        judged = [*judge_runs(made, self._why_missing)]
        judged += judge_promises(case) if self._terms.require_expect else []
        judged += () if (against := self._against(case)) is None else against.judge(made)
        self._judged[case.file] = [*_with_times(judged, made)]

    def _of(self, case: Case) -> CaseChecked:
        made = self._made[case.file]
        return CaseChecked(
            title=case.title,
            file=str(case.file),
            engine=case.engine,
            engine_in_file=case.scenario.run.engine,
            runs=made.made,
            runs_planned=max(made.made, case.size),
            took_s=seconds(sum(made.took.values())),
            findings=with_story(self._findings[case.file], case.story),
            notes=tuple(self._notes(made)),
            story=case.story,
        )

    def _notes(self, made: CaseRuns) -> Iterator[str]:
        yield from self._scale_notes.get(made.case.file, ())
        if not self._terms.require_expect:
            yield from note_on(made.case)
        yield from note_on_seeds(made, self._judged[made.case.file])
        if (against := self._against(made.case)) is not None:
            yield from against.gone(made.case)

    def _against(self, case: Case) -> Against | None:
        """Return the baseline of ``case``; a suite has none, as it needs none."""
        return self._terms.against if case.story is None else None


def _with_times(judged: Sequence[Judged], made: CaseRuns) -> Iterator[Judged]:
    """Yield ``judged``, each with its share of the time that the runs of its strategy took."""
    names = [each.finding.strategy for each in judged]
    for each in judged:
        name = each.finding.strategy
        share = seconds(made.took.get(name, 0)) / names.count(name)
        yield replace(each, finding=replace(each.finding, took_s=share))
