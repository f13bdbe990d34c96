"""``tokenrace replay``."""

from collections.abc import Sequence
from pathlib import Path

from tokenrace.analysis.failure_words import failures_in_words, is_told
from tokenrace.analysis.figures import named_failures
from tokenrace.analysis.timeline import clock_time, timeline
from tokenrace.cli.asked import Options, read_request
from tokenrace.cli.plain_console import console_of_lines
from tokenrace.cli.progress import Silent
from tokenrace.files.temporary_folder import temporary_folder
from tokenrace.simulation.experiment import run_all


def replay_run(file: Path, strategy: str, seed: int, settings: Sequence[str] = ()) -> None:
    """Repeat one run on virtual time and print its events as they happened.

    Raises:
        SimulatorError: the file is wrong, has no such strategy, or the run cannot go on.
    """
    options = Options(strategies=[strategy], seed=seed, engine="virtual", settings=settings)
    asked = read_request(file, options)
    console = console_of_lines()
    with temporary_folder() as folder:
        (run,) = run_all(asked.experiment, asked.engine, folder, Silent())
        for line in timeline(run.events(), clock_time):
            console.print(line)
    responses, refused = sum(run.provider.responses), sum(run.provider.causes().values())
    failures = named_failures([run])
    failed = f"; failed: {failures_in_words(failures)}" if is_told(failures) else ""
    console.print(f"{responses:,} API responses, {refused:,} of them 401{failed}", style="bold")
