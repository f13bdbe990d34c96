"""``tokenrace baseline``."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from tokenrace.cli.many_runs_progress import ManyRunsProgress
from tokenrace.cli.plain_console import console_of_output, console_of_progress
from tokenrace.errors import ResultsError, RunError, ScenarioError
from tokenrace.gate.against import compare_counts
from tokenrace.gate.baseline import (
    Baseline,
    KnownRun,
    KnownStrategy,
    file_from,
    known_scenario,
)
from tokenrace.gate.baseline_file import read_baseline, write_baseline
from tokenrace.gate.cases import BadInput, Case, read_cases
from tokenrace.gate.counts import RunCounts, counts_of
from tokenrace.gate.findings import Finding, count
from tokenrace.gate.judging import judge_runs
from tokenrace.gate.running import CaseRuns, make_virtual
from tokenrace.scenario.world import settings_of
from tokenrace.simulation.runners import Processes, processors


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options of ``tokenrace baseline``. ``allow_broken``: what is expected may be broken."""

    out: Path
    jobs: int | None = None
    allow_broken: bool = False


def make_baseline(paths: Sequence[Path], options: Options) -> None:
    """Make every run of the scenarios in ``paths``, and write what they came to.

    Raises:
        SimulatorError: something asked for is wrong, a run was not as asked for, or what a scenario
            expects is broken; nothing is written then.
    """
    out = options.out
    cases, old = _read(paths, out)
    console = console_of_output()
    every = [CaseRuns(case) for case in cases]
    with (
        Processes(options.jobs or processors()) as runners,
        ManyRunsProgress(console_of_progress()) as progress,
    ):
        progress.planned(sum(case.size for case in cases))
        for _ in make_virtual(
            [cell for made in every for cell in made.cells()], runners, None, progress
        ):
            pass  # one is as good as the other until all are made
    _check(every, options)
    for made in every:
        _tell(console, made)
    ordered = [_known(made, file_from(out, made.case.file)) for made in every if made.made]
    new = Baseline(
        scenarios=tuple(line for part in ordered for line in part.scenarios),
        strategies=tuple(line for part in ordered for line in part.strategies),
        runs=tuple(line for part in ordered for line in part.runs),
    )
    for line in _changes(old, new):
        _say(console, line)
    write_baseline(out, old.with_new(new))
    runs, scenarios = count(len(new.runs), "run"), count(len(new.scenarios), "scenario")
    _say(console, f"baseline  {out}: {runs} of {scenarios}")


def _read(paths: Sequence[Path], out: Path) -> tuple[tuple[Case, ...], Baseline]:
    problems: list[str | ScenarioError] = []
    cases: tuple[Case, ...] = ()
    old = Baseline()
    try:
        cases = read_cases(paths, "virtual").cases
    except BadInput as wrong:
        problems += wrong.problems
    try:
        old = read_baseline(out) if out.exists() else old
    except ResultsError as wrong:
        problems.append(str(wrong))
    if problems:
        raise BadInput(problems)
    return cases, old


def _check(every: Sequence[CaseRuns], options: Options) -> None:
    """Refuse runs that are no measure for others, and those that break what is expected of them.

    Raises:
        RunError: with all of them.
    """
    wrong = [line for made in every for line in _troubles(made, _was_not_made)]
    broken = [line for made in every for line in _troubles(made, _is_broken)]
    lines = wrong + ([] if options.allow_broken else broken)
    if not lines:
        return
    advice = "" if wrong else "; --allow-broken takes what is broken as the baseline all the same"
    raise RunError("\n".join([*lines, f"{options.out}: nothing was written{advice}"]))


def _was_not_made(finding: Finding) -> bool:
    return finding.kind == "runs" and finding.verdict != "pass"


def _is_broken(finding: Finding) -> bool:
    return finding.kind == "expectation" and finding.verdict == "fail"


def _troubles(made: CaseRuns, is_one: Callable[[Finding], bool]) -> Iterator[str]:
    """Yield in words each finding on ``made`` that ``is_one``, with the way back."""
    if made.case.impossible:
        return
    for each in judge_runs(made, ""):
        finding = each.finding
        if is_one(finding):
            yield f"{made.case.file}:{finding.line}:{finding.column}: {finding.sentence()}"
            if finding.way_back is not None:
                yield f"again: {finding.way_back.command}"


def _tell(console: Console, made: CaseRuns) -> None:
    """Show what of ``made`` is in no baseline, and what is broken in it or cannot be told."""
    for problem in made.case.impossible:
        _say(console, f"left out   {made.case.file}: {problem.key}: {problem.message}")
    for line in _troubles(made, _is_broken):
        _say(console, f"broken     {line}")
    for line in _troubles(made, _cannot_be_told):
        _say(console, f"unsure     {line}")


def _cannot_be_told(finding: Finding) -> bool:
    return finding.kind == "expectation" and finding.verdict == "inconclusive"


def _known(made: CaseRuns, file: str) -> Baseline:
    scenario = made.case.scenario
    return Baseline(
        scenarios=(known_scenario(file, scenario, made.case.engine),),
        strategies=tuple(
            KnownStrategy(file=file, strategy=choice.name, settings=settings_of(choice))
            for choice in scenario.strategies
        ),
        runs=tuple(
            KnownRun(
                file=file,
                strategy=choice.name,
                seed=run.header.seed,
                counts=counts_of(run),
            )
            for choice in scenario.strategies
            for run in made.of(choice.name)
        ),
    )


def _changes(old: Baseline, new: Baseline) -> Iterator[str]:
    """Yield what is new, what changed, and what is no longer there or stays as it was."""
    for scenario in new.scenarios:
        known = old.scenario(scenario.file)
        if known is None:
            yield f"new        {scenario.file}"
            continue
        before, after = old.counts(scenario.file), new.counts(scenario.file)
        for name in before:
            if name not in after:
                yield f"gone       {scenario.file}: {name}"
        if known.sha256 != scenario.sha256:
            yield f"changed    {scenario.file}: the scenario itself"
        for name, counts in after.items():
            if name in before:
                yield from _changes_of(f"{scenario.file}: {name}", before[name], counts)
            else:
                yield f"new        {scenario.file}: {name}"
    kept = {each.file for each in old.scenarios} - {each.file for each in new.scenarios}
    if kept:
        yield f"kept       {count(len(kept), 'scenario')} not among these"


def _changes_of(
    strategy: str, before: Mapping[int, RunCounts], after: Mapping[int, RunCounts]
) -> Iterator[str]:
    comparison = compare_counts(before, after)
    if comparison is not None and not comparison.is_exact:
        yield f"changed    {strategy}: {comparison.in_short()}"
        yield from (f"             {change.in_words()}" for change in comparison.changes)
    if before.keys() != after.keys():
        yield f"changed    {strategy}: {count(len(after), 'seed')}, {len(before)} before"


def _say(console: Console, line: str) -> None:
    console.print(line, soft_wrap=True, highlight=False, markup=False)
