"""``tokenrace compare``."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from tokenrace.analysis.comparison import Difference, Standing, compare
from tokenrace.analysis.figures import figures_of
from tokenrace.analysis.wording import percent, points
from tokenrace.cli.asked import Options, read_request
from tokenrace.cli.fitting_table import FittingTable
from tokenrace.cli.plain_console import console_of_output, console_of_progress
from tokenrace.cli.progress import ShownProgress
from tokenrace.cli.scale_note import made_at_true_scale, print_scale_note, warn_of_scale
from tokenrace.cli.table import print_failures
from tokenrace.errors import RunFailed, SimulatorError, error_of_all
from tokenrace.fields.choices import ORACLE, StrategyChoice
from tokenrace.files.temporary_folder import temporary_folder
from tokenrace.simulation.experiment import Engine, Experiment, outcomes_of
from tokenrace.trace.files import RecordedRun

SEEDS_MIN = 2
"""Fewer show no spread, and without it nobody can say what is chance."""


def compare_strategies(file: Path, options: Options) -> None:
    """Run the scenario's strategies and print them in order, with the oracle where it can be had.

    A strategy of which a run fails is left out.

    Raises:
        SimulatorError: the file is wrong, a run failed, or there is one seed only.
    """
    asked = read_request(file, options)
    experiment = asked.experiment
    if len(experiment.seeds) < SEEDS_MIN:
        raise SimulatorError(f"comparing needs {SEEDS_MIN} seeds or more; add --seeds 5")
    if asked.engine.name == "virtual":
        experiment = experiment.beside(StrategyChoice(preset=ORACLE, name=ORACLE))
    console = console_of_output()
    warn_of_scale(console, experiment)
    runs, failures = _make_runs(experiment, asked.engine)
    oracle = runs.pop(ORACLE, None)
    if runs:
        standings = compare(runs, oracle)
        _table(experiment.scenario.name, len(experiment.seeds), standings).print(console)
        _print_below(console, standings)
        true = made_at_true_scale(console, experiment, of=runs)
        figures = {name: figures_of(of) for name, of in runs.items()}
        print_scale_note(console, None if true is None else true.note, figures)
    if failures:
        raise error_of_all(failures, list(map(str, failures)))


def _make_runs(
    experiment: Experiment, engine: Engine
) -> tuple[dict[str, list[RecordedRun]], list[RunFailed]]:
    """Return the runs of each strategy of which none failed, and what failed."""
    runs: dict[str, list[RecordedRun]] = {choice.name: [] for choice in experiment.choices}
    failures: list[RunFailed] = []
    total = len(experiment.seeds) * len(experiment.choices)
    with temporary_folder() as folder, ShownProgress(console_of_progress(), total) as progress:
        for outcome in outcomes_of(experiment, engine, folder, progress):
            if isinstance(outcome, RunFailed):
                failures.append(outcome)
                del runs[outcome.strategy]
            else:
                runs[outcome.header.strategy].append(outcome)
    return runs, failures


def _print_below(console: Console, standings: Sequence[Standing]) -> None:
    """Print what belongs below the table."""
    for standing in standings:
        for hidden in standing.hidden:
            console.print(Text(hidden), soft_wrap=True)
    print_failures(console, {each.strategy: each.failures for each in standings})
    for standing in standings[1:]:
        console.print(Text(_in_words(standing, standings[0])), soft_wrap=True)


def _table(scenario: str, seeds: int, standings: Sequence[Standing]) -> FittingTable:
    has_oracle = standings[0].avoidable is not None
    headings: tuple[str, ...]
    headings = ("401 rate", "avoidable", "failed", "tokens", "added wait", "store")
    if not has_oracle:
        headings = tuple(h for h in headings if h not in ("avoidable", "added wait"))
    return FittingTable(
        title=f"{scenario}: {seeds} seeds, best first",
        caption=(
            ("", "means over the seeds"),
            ("tokens", "tokens: issued per lifetime"),
            ("store", "store: calls per operation"),
            ("avoidable", "avoidable, added wait: beyond the oracle's"),
        ),
        headings=headings,
        rows={each.strategy: _cells(each, headings) for each in standings},
        leaving=("store", "added wait", "tokens", "avoidable", "failed"),
    )


def _cells(standing: Standing, headings: Sequence[str]) -> list[str]:
    cells = {
        "401 rate": percent(standing.rate_401),
        "avoidable": _rate(standing.avoidable),
        "failed": percent(standing.failure_rate),
        "tokens": f"{standing.tokens_per_lifetime:,.2f}",
        "added wait": _wait(standing.added_ms),
        "store": f"{standing.store_calls:,.2f}",
    }
    return [cells[heading] for heading in headings]


def _rate(difference: Difference | None) -> str:
    return "-" if difference is None else percent(max(0.0, difference.mean))


def _wait(difference: Difference | None) -> str:
    return "-" if difference is None else f"{difference.mean:,.1f} ms"


def _in_words(standing: Standing, first: Standing) -> str:
    """Return how ``standing`` compares with the ``first``, with paired intervals."""
    assert standing.behind is not None
    assert standing.behind_in_failures is not None
    name, other = standing.strategy, first.strategy
    words = {standing.behind.word, standing.behind_in_failures.word}
    figures = f"401 rate {_by(standing.behind)}, failure rate {_by(standing.behind_in_failures)}"
    if words == {"same"}:
        return f"{name}: the same 401s and failures as {other}, seed by seed"
    if words <= {"same", "can't tell"}:
        return f"{name}: can't tell from {other}: {figures}; use more --seeds"
    verdict = "worse" if "worse" in words else "better"
    return f"{name}: {verdict} than {other}: {figures}"


def _by(difference: Difference) -> str:
    """Return the interval of a difference in percentage points."""
    mean, reach = difference.mean, difference.reach
    between = points(mean - reach, mean + reach)
    return "the same" if difference.word == "same" else f"{between} points"
