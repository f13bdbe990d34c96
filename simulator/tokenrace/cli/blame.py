"""``tokenrace blame``."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from tokenrace.analysis.blame import Blame, Wanted, blame
from tokenrace.analysis.blame_diagram import Diagram, diagram_of
from tokenrace.analysis.blame_svg import standalone
from tokenrace.analysis.blames import blame_of_worst_moment, clock_of
from tokenrace.analysis.failure_blame import failure_blame, failure_diagram, telling_failure
from tokenrace.analysis.failure_words import failures_in_words
from tokenrace.analysis.figures import named_failures
from tokenrace.analysis.report.page import write_page
from tokenrace.cli.asked import Options, read_request
from tokenrace.cli.plain_console import console_of_output
from tokenrace.cli.progress import Silent
from tokenrace.clock import Ticks
from tokenrace.errors import SimulatorError
from tokenrace.fields.units import read_span
from tokenrace.files.temporary_folder import temporary_folder
from tokenrace.simulation.experiment import run_all
from tokenrace.trace.events import CAUSES, Cause
from tokenrace.trace.files import RecordedRun, read_trace


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """Which 401 of which run; None where the user left it open."""

    strategy: str | None
    seed: int | None
    at: str | None
    cause: Cause | None


def tell_blame(file: Path, sought: Sought, out: Path | None) -> None:
    """Print the story of the 401 that is ``sought``, and draw it into the file ``out``, if any.

    Raises:
        SimulatorError: the file is wrong, there is no such 401, or the picture cannot be written.
    """
    console = console_of_output()
    with temporary_folder() as folder:
        if file.suffix == ".jsonl":
            _refuse_a_choice(file, sought)
            run = read_trace(file)
        else:
            run = _repeated(file, sought, folder)
        diagram = _diagram(run, sought)
    if run.header.time_scale != 1:
        console.print(
            f"scaled: this run went {run.header.time_scale:g} times as fast as the scenario says, "
            "all but its latencies; at true scale this may not happen",
            style="yellow",
            highlight=False,
            soft_wrap=True,
        )
    for sentence in diagram.sentences:
        console.print(sentence, markup=False, highlight=False, soft_wrap=True)
    if out is not None:
        write_page(out, standalone(diagram))
        console.print(f"picture  {out}", markup=False, highlight=False, soft_wrap=True)


def _refuse_a_choice(file: Path, sought: Sought) -> None:
    if sought.strategy is not None or sought.seed is not None:
        raise SimulatorError(f"{file}: a trace is of one run: leave out --strategy and --seed")


def _repeated(file: Path, sought: Sought, traces: Path) -> RecordedRun:
    names = [] if sought.strategy is None else [sought.strategy]
    seed = 1 if sought.seed is None else sought.seed
    asked = read_request(file, Options(strategies=names, seed=seed, engine="virtual"))
    if len(asked.experiment.choices) > 1:
        names = [choice.name for choice in asked.experiment.choices]
        raise SimulatorError(f"{file}: name one of its strategies: --strategy {' | '.join(names)}")
    (run,) = run_all(asked.experiment, asked.engine, traces, Silent())
    return run


def _diagram(run: RecordedRun, sought: Sought) -> Diagram:
    """Return the story of what is sought; of operations that failed for another reason than a 401,
    where those are more than the 401s and no cause of a 401 is asked for."""
    failure = telling_failure([run]) if sought.cause is None else None
    if failure is not None:
        events, begins = run.token_events(), _begins(run, sought)
        failed = failure_blame(events, run.clients, failure, begins)
        if failed is not None:
            return failure_diagram(failed, clock_of(run))
    return diagram_of(_found(run, sought), clock_of(run))


def _begins(run: RecordedRun, sought: Sought) -> Ticks:
    """Return from when on to look, in ticks of the trace."""
    try:
        begins = 0 if sought.at is None else read_span(sought.at)
    except ValueError as error:
        raise SimulatorError(f"--at: {error}") from None
    return round(begins / run.header.time_scale)


def _found(run: RecordedRun, sought: Sought) -> Blame:
    causes: Collection[Cause] = CAUSES if sought.cause is None else (sought.cause,)
    if sought.at is None and sought.cause is None:
        worst = blame_of_worst_moment(run)
        if worst is not None:
            return worst
    found = blame(run.events(), Wanted(causes=causes, begins=_begins(run, sought)))
    if found is None:
        since = "" if sought.at is None else f" from {sought.at} on"
        because = "" if sought.cause is None else f" for {sought.cause}"
        who = f"{run.header.strategy}, seed {run.header.seed}"
        failed = failures_in_words(named_failures([run]))
        others = f". In the whole run operations failed for these reasons: {failed}" * bool(failed)
        raise SimulatorError(f"{who}: no call got 401{because}{since}{others}")
    return found
