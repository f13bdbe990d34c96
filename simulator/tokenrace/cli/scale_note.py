"""What is said on a terminal of scaled runs: before them a warning, below them the truth."""

from collections.abc import Mapping
from dataclasses import replace

from rich.console import Console
from rich.text import Text

from tokenrace.analysis.figures import StrategyFigures
from tokenrace.analysis.scale_note import ScaleNote, misleading
from tokenrace.clock import seconds
from tokenrace.simulation.experiment import Experiment
from tokenrace.simulation.unscaled import time_for
from tokenrace.true_scale import TrueScale, at_true_scale, scale_warnings


def warn_of_scale(console: Console, experiment: Experiment) -> None:
    """Print what the time scale of ``experiment`` will do to its figures, before the first run."""
    for warning in scale_warnings(experiment):
        _say(console, f"WARNING  {warning}", "yellow")


def made_at_true_scale(
    console: Console, experiment: Experiment, *, of: Mapping[str, object] | None = None
) -> TrueScale | None:
    """Make the runs of ``experiment`` at true scale, where it is scaled, and say so meanwhile.

    ``of`` has the strategies that were run, if not all were: the others are left out.
    """
    if experiment.time_scale == 1:
        return None
    if of is not None:
        choices = tuple(choice for choice in experiment.choices if choice.name in of)
        experiment = replace(experiment, choices=choices)
    most = f"at most {seconds(time_for(experiment)):.0f} s"
    _say(console, f"the same at true scale, on the virtual engine ({most})", "")
    return at_true_scale(experiment)


def print_scale_note(
    console: Console, note: ScaleNote | None, scaled: Mapping[str, StrategyFigures]
) -> None:
    """Print ``note``, which belongs under the figures ``scaled``."""
    if note is None:
        return
    _say(console, f"{note.headline()}: {note.effect}", "")
    _say(console, note.truth(), "bold")
    for sentence in misleading(note, scaled):
        _say(console, f"WARNING  {sentence}", "yellow")


def _say(console: Console, text: str, style: str) -> None:
    console.print(Text(text, style=style), soft_wrap=True)
