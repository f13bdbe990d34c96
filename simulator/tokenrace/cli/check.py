"""``tokenrace check``."""

import os
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import BinaryIO

import typer

from tokenrace.analysis.verdicts import Word
from tokenrace.cli.check_table import print_checked
from tokenrace.cli.engines import engine_named
from tokenrace.cli.exits import INTERRUPTED, signals_ignored
from tokenrace.cli.many_runs_progress import ManyRunsProgress
from tokenrace.cli.on_trial import OnTrial, notes_on
from tokenrace.cli.plain_console import console_of_output, console_of_progress
from tokenrace.clock import Ticks, seconds
from tokenrace.errors import ResultsError, ScenarioError, SimulatorError
from tokenrace.fields.units import read_positive_span
from tokenrace.fields.values import EngineName
from tokenrace.files.whole_file import write_whole
from tokenrace.gate.annotations import annotations, annotations_of_wrong_input
from tokenrace.gate.baseline_file import read_baseline
from tokenrace.gate.cases import BadInput, Found, read_cases
from tokenrace.gate.checking import Check, Terms
from tokenrace.gate.comparing import EVERY_COUNT, NO_WORSE, Against
from tokenrace.gate.findings import Checked, count
from tokenrace.gate.json_file import json_text
from tokenrace.gate.junit import junit_xml
from tokenrace.gate.markdown import markdown
from tokenrace.machine_clock import MachineClock, unix_time
from tokenrace.simulation.runners import Processes, Runners, processors
from tokenrace.suites.subject import Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options of ``tokenrace check``; None where the user left it open."""

    baseline: Path | None = None
    exact: bool = False
    require_expect: bool = False
    junit: Path | None = None
    summary: Path | None = None
    json: Path | None = None
    jobs: int | None = None
    budget: str = "1h"
    engine: EngineName = "virtual"
    on_trial: OnTrial | None = None

    def files(self) -> dict[str, Path]:
        """Return the files to write, by their options."""
        named = {"--junit": self.junit, "--summary": self.summary, "--json": self.json}
        return {option: path for option, path in named.items() if path is not None}


def check_paths(paths: Sequence[Path], options: Options) -> Word:
    """Check every scenario in ``paths``, tell what was found, and return the verdict.

    Raises:
        SimulatorError: something asked for is wrong: all of it, before the first run.
    """
    clock = MachineClock.starting_in(0)
    try:
        found, terms, subject = _read(paths, options)
    except BadInput as wrong:
        _annotate(annotations_of_wrong_input(wrong, _checkout()))
        raise
    begun = _Begun(paths, options, found, terms, clock)
    try:
        begun.make(subject)
    except BaseException as error:  # whatever it is: what was found until then is not lost
        begun.stopped(_why_stopped(error))
        if isinstance(error, KeyboardInterrupt) and begun.check is not None:
            typer.echo(f"{_why_stopped(error)}: all processes were ended", err=True)
            raise typer.Exit(INTERRUPTED) from None
        raise
    return begun.tell()


@dataclass(slots=True)
class _Begun:
    """A check that has begun: what was asked for, and what to tell of it, however it ends."""

    paths: Sequence[Path]
    options: Options
    found: Found
    terms: Terms
    clock: MachineClock
    began_at: int = field(default_factory=unix_time)
    suite_notes: list[str] = field(default_factory=list)
    check: Check | None = None

    def make(self, subject: Subject | None) -> None:
        """Make every run, those of the suite for ``subject`` among them."""
        options = self.options
        with ManyRunsProgress(console_of_progress()) as progress:
            with Processes(options.jobs or processors()) as runners:
                self.found, self.suite_notes = _with_suite(
                    self.found, options.on_trial, subject, runners
                )
                self.check = Check(self.found.cases, self.terms, progress)
                self.check.on_virtual_time(runners)
            if any(case.engine == "wire" for case in self.found.cases):
                self.check.on_wire(engine_named("wire"))

    def stopped(self, why: str) -> None:
        """Tell what was found until something stopped it; nothing where no run had begun."""
        if self.check is None:
            return
        with signals_ignored():
            self.check.stopped(why)
            self.tell(why)

    def tell(self, stopped: str = "") -> Word:
        """Print and write what was found; return the verdict."""
        assert self.check is not None
        baseline = self.options.baseline
        checked = Checked(
            version=version("tokenrace"),
            command=_command(self.paths, self.options),
            baseline=None if baseline is None else str(baseline),
            began_at=self.began_at,
            took_s=seconds(self.clock.now()),
            cases=self.check.checked(),
            notes=(*_notes(self.found, self.terms), *self.suite_notes),
            stopped=stopped,
        )
        print_checked(console_of_output(), checked)
        _write(checked, self.options)
        return checked.verdict


def _why_stopped(error: BaseException) -> str:
    match error:
        case KeyboardInterrupt():
            return "the check was interrupted"
        case SystemExit():
            return "the check was ended by a signal"
        case SimulatorError():
            return "the check could not go on"
        case _:
            return "tokenrace crashed"


def _with_suite(
    found: Found, asked: OnTrial | None, subject: Subject | None, runners: Runners
) -> tuple[Found, list[str]]:
    """Add the scenarios of the suite that was asked for; return what a reader should know of it."""
    if asked is None or subject is None:
        return found, []
    folder = Path(asked.suite)
    fitted = asked.fitted(subject, runners)
    taken = {case.file for case in found.cases}
    cases = tuple(case for case in fitted.cases(folder) if case.file not in taken)
    return replace(found, cases=found.cases + cases), notes_on(asked, fitted, str(folder))


def _read(paths: Sequence[Path], options: Options) -> tuple[Found, Terms, Subject | None]:
    """Return what to check and how; every problem of both is told at once."""
    problems: list[str | ScenarioError] = [*_unwritable(options)]
    found = Found(cases=(), passed_over=())
    budget: Ticks | None = None
    against: Against | None = None
    subject: Subject | None = None
    try:
        if paths or options.on_trial is None:
            found = read_cases(paths, options.engine)
    except BadInput as wrong:
        problems += wrong.problems
    try:
        if options.on_trial is not None:
            subject = options.on_trial.subject()
    except SimulatorError as wrong:
        problems.append(str(wrong))
    try:
        if options.baseline is not None:
            bar = EVERY_COUNT if options.exact else NO_WORSE
            against = Against(read_baseline(options.baseline), options.baseline, bar)
        elif options.exact:
            problems.append("--exact is about a baseline: add --baseline FILE")
    except ResultsError as wrong:
        problems.append(str(wrong))
    try:
        budget = read_positive_span(options.budget)
    except ValueError as wrong:
        problems.append(f"--budget: {wrong}")
    if problems:
        raise BadInput(problems)
    terms = Terms(budget=budget, against=against, require_expect=options.require_expect)
    return found, terms, subject


def _unwritable(options: Options) -> list[str]:
    """Return what is wrong with the files to write: known before the runs, not after."""
    problems = []
    for option, path in options.files().items():
        folder = path.parent
        if path.is_dir():
            problems.append(f"{option}: {path} is a folder; name a file")
        elif not folder.is_dir():
            problems.append(f"{option}: there is no folder {folder} to write {path.name} in")
        elif not os.access(folder, os.W_OK):
            problems.append(f"{option}: nothing can be written in {folder}")
    return problems


def _notes(found: Found, terms: Terms) -> list[str]:
    notes = [f"{path} is no scenario: passed over" for path in found.passed_over]
    simulated = [case for case in found.cases if case.engine != case.scenario.run.engine]
    if simulated:
        name = "scenario names" if len(simulated) == 1 else "scenarios name"
        notes.append(
            f"{len(simulated):,} {name} the wire engine and ran on virtual time, where the "
            "same seed gives the same run; --engine wire runs on real HTTP"
        )
    if terms.against is not None:
        unseen = terms.against.unseen(found.cases)
        if unseen:
            notes.append(
                f"the baseline has {count(len(unseen), 'scenario')} that "
                f"{'was' if len(unseen) == 1 else 'were'} not checked: {', '.join(unseen)}"
            )
    return notes


def _command(paths: Sequence[Path], options: Options) -> str:
    words = ["tokenrace", "check", *map(str, paths)]
    if options.on_trial is not None:
        words += [*options.on_trial.words(), "--suite", options.on_trial.suite]
    if options.baseline is not None:
        words += ["--baseline", str(options.baseline)]
    words += ["--exact"] if options.exact else []
    words += ["--require-expect"] if options.require_expect else []
    words += ["--engine", "wire"] if options.engine == "wire" else []
    return shlex.join(words)


def _write(checked: Checked, options: Options) -> None:
    """Write the files that were asked for, and what a GitHub job wants."""
    _write_file(options.junit, junit_xml(checked))
    _write_file(options.json, json_text(checked).encode(errors="replace"))
    text = markdown(checked).encode(errors="replace")
    _write_file(options.summary, text)
    if step_summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        _append(Path(step_summary), text)
    _annotate(annotations(checked, _checkout()))


def _annotate(lines: Iterable[str]) -> None:
    """Print annotations where GitHub reads them, and nowhere else."""
    if os.environ.get("GITHUB_ACTIONS") == "true":
        for line in lines:
            typer.echo(line)


def _checkout() -> Path:
    return Path(os.environ.get("GITHUB_WORKSPACE") or Path.cwd())


def _write_file(path: Path | None, content: bytes) -> None:
    if path is not None:
        try:
            write_whole(path, content)
        except OSError as error:
            raise SimulatorError(f"{path}: cannot be written: {error.strerror}") from None


def _append_whole(stream: BinaryIO, content: bytes) -> None:
    """Append all of ``content`` to a file, or nothing: what is half of a table breaks the page."""
    end = stream.seek(0, os.SEEK_END) if stream.seekable() else None
    try:
        stream.write(content)
        stream.flush()
    except OSError:
        if end is not None:
            os.ftruncate(stream.fileno(), end)
        raise


def _append(path: Path, content: bytes) -> None:
    try:
        with path.open("ab") as stream:
            _append_whole(stream, content)
    except OSError as error:
        why = f"{path}: cannot be written: {error.strerror}"
        raise SimulatorError(f"$GITHUB_STEP_SUMMARY: {why}") from None
