"""What a scaled experiment comes to at true scale: the one place that makes the runs and the note.

Used wherever a figure of a scaled run is shown.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from tokenrace.analysis.figures import fault_span, figures_of
from tokenrace.analysis.scale_note import ScaleNote, TrueFigures, true_figures
from tokenrace.analysis.verdicts import Verdict, Word, judge
from tokenrace.analysis.wording import percent, plain, span_text
from tokenrace.clock import Ticks
from tokenrace.simulation.experiment import Experiment
from tokenrace.simulation.scaling import Scaling, scaling_of
from tokenrace.simulation.unscaled import Unscaled, time_for, unscaled_runs
from tokenrace.trace.files import RecordedRun

SHARE_MAX = 0.01
"""From this part of a token's life on, a refresh is told to be long."""
CALLERS_MAX = 0.5
"""From so many calls of a process during a refresh on, callers meet it as a rule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrueScale:
    """The note on a scaled experiment, and the runs at true scale that it tells of."""

    note: ScaleNote
    runs: Mapping[str, Sequence[RecordedRun]]


def at_true_scale(experiment: Experiment, within: Ticks | None = None) -> TrueScale | None:
    """Return what ``experiment`` comes to at true scale; None where it is not scaled.

    The runs are those made ``within`` so much real time, and in no case more than ``time_for``.
    """
    if experiment.time_scale == 1:
        return None
    most = time_for(experiment)
    unscaled = unscaled_runs(experiment, most if within is None else min(within, most))
    scaling = scaling_of(experiment)
    note = ScaleNote(
        time_scale=experiment.time_scale,
        effect=_effect(scaling),
        warnings=tuple(_warnings(scaling)),
        strategies=_figures(experiment, unscaled),
    )
    return TrueScale(note=note, runs=unscaled.runs)


def scale_warnings(experiment: Experiment) -> Sequence[str]:
    """Return what can be said before the first run of ``experiment``; nothing where it is not
    scaled."""
    if experiment.time_scale == 1:
        return ()
    return tuple(_warnings(scaling_of(experiment)))


def not_by_scale(
    verdicts: Sequence[Verdict], experiment: Experiment, true: TrueScale | None
) -> tuple[Verdict, ...]:
    """Return ``verdicts``, which are on the scaled runs of ``experiment``, with none that the scale
    decides: where the runs at true scale give the opposite, nobody can tell."""
    if true is None:
        return tuple(verdicts)
    slow = verdicts_of(experiment, true)
    return tuple(_held_against(fast, slow.get((fast.strategy, fast.expected))) for fast in verdicts)


def verdicts_of(experiment: Experiment, true: TrueScale) -> Mapping[tuple[str, str], Verdict]:
    """Return the verdicts at true scale on what is expected of ``experiment``, by strategy and
    text; of its own seeds alone, as more of them may break a promise without any scale."""
    scenario, own = experiment.scenario, set(experiment.seeds)
    runs = {name: [run for run in of if run.header.seed in own] for name, of in true.runs.items()}
    whole = {name: of for name, of in runs.items() if len(of) == len(own)}
    found = judge(scenario.expect, whole, fault_span(scenario.faults))
    return {(verdict.strategy, verdict.expected): verdict for verdict in found}


def the_scale_decides(fast: Word, slow: Verdict) -> str:
    """Return why a verdict ``fast`` on scaled runs tells nothing, where ``slow`` is on the same at
    true scale; empty where they do not contradict each other."""
    if {fast, slow.verdict} != {"pass", "fail"}:
        return ""
    return f"the scale decides: {slow.measured} at true scale, on the virtual engine"


def _held_against(fast: Verdict, slow: Verdict | None) -> Verdict:
    why = "" if slow is None else the_scale_decides(fast.verdict, slow)
    if not why:
        return fast
    return replace(fast, verdict="inconclusive", why=why, more_seeds=None)


def _figures(experiment: Experiment, unscaled: Unscaled) -> dict[str, TrueFigures]:
    names = [choice.name for choice in experiment.choices]
    return {
        name: true_figures(figures_of(unscaled.runs[name]))
        if name in unscaled.runs
        else TrueFigures(left_out=unscaled.left_out[name])
        for name in names
    }


def _effect(scaling: Scaling) -> str:
    fast, slow = scaling.scaled, scaling.written
    return (
        f"a token request (p95 {span_text(fast.token_call)}) takes {percent(fast.share)} of a "
        f"token's life of {span_text(fast.lifetime)}, and {plain(fast.callers)} calls of a process "
        f"are due during one; as written {percent(slow.share)} of {span_text(slow.lifetime)}, and "
        f"{plain(slow.callers)} calls"
    )


def _warnings(scaling: Scaling) -> Iterator[str]:
    fast, slow = scaling.scaled, scaling.written
    scale = f"time_scale {scaling.time_scale:g}"
    if fast.share >= SHARE_MAX:
        yield (
            f"{scale} makes a refresh long: its p95 of {span_text(fast.token_call)} is "
            f"{percent(fast.share)} of a token's life of {span_text(fast.lifetime)}, not "
            f"{percent(slow.share)}"
        )
    if fast.callers >= CALLERS_MAX > slow.callers:
        yield (
            f"{scale} makes refreshes overlap with other calls: {plain(fast.callers)} calls of a "
            f"process are due during one, not {plain(slow.callers)}"
        )
    for name in scaling.storms:
        yield (
            f"{scale} pushes {name} over the storm boundary: its storm lasts to the end of "
            "the run, and would not at true scale"
        )
    for name in scaling.unscaled_code:
        yield (
            f"{scale} does not shrink constants in the code of {name}: its margins are too long by "
            "that factor"
        )
