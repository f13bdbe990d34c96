"""The runs of an experiment at true scale: on virtual time, as fast as the scenario is written.

What a scaled run gives is not what the scenario gives; these runs say what it does. They are made
within a few seconds of real time, so that they can stand beside every scaled figure.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tokenrace.clock import MINUTE, SECOND, Ticks, seconds, shrunk
from tokenrace.errors import RunError, RunFailed
from tokenrace.scenario import StrategyChoice
from tokenrace.simulation.experiment import Experiment
from tokenrace.simulation.many_runs import Lost, as_they_end
from tokenrace.simulation.planning import plan_run
from tokenrace.simulation.recording import FAULTS, InMemory
from tokenrace.simulation.runners import Processes, processors
from tokenrace.trace.files import RecordedRun

SEEDS = 20
"""How many runs of each strategy are made, if there is time: one seed says little."""
WITHIN_MIN: Ticks = 20 * SECOND
WITHIN_MAX: Ticks = MINUTE
_Cell = tuple[StrategyChoice, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unscaled:
    """The runs of each strategy, in order of the seeds, without a gap from the first on.

    ``left_out`` says why, of those that have none.
    """

    runs: Mapping[str, Sequence[RecordedRun]]
    left_out: Mapping[str, str]


def time_for(experiment: Experiment) -> Ticks:
    """Return how much real time the runs of ``experiment`` at true scale may take: as much as it
    takes itself, within ``WITHIN_MIN`` and ``WITHIN_MAX``."""
    runs = len(experiment.seeds) * len(experiment.choices)
    itself = runs * shrunk(experiment.scenario.run.duration, experiment.time_scale)
    return min(max(WITHIN_MIN, itself), WITHIN_MAX)


def unscaled_runs(experiment: Experiment, within: Ticks) -> Unscaled:
    """Make the runs of ``experiment`` on virtual time at true scale: its seeds, and more up to
    ``SEEDS``, as many as can be made ``within`` so much real time.

    Where the processes that make the runs die, whatever they are given, there are none.
    """
    left_out = {
        choice.name: f"as it cannot run there: {flaws[0]}"
        for choice in experiment.choices
        if (flaws := list(_impossible(experiment, choice)))
    }
    choices = [choice for choice in experiment.choices if choice.name not in left_out]
    seeds = _seeds(experiment)
    cells = [(choice, seed) for seed in seeds for choice in choices]
    made: dict[str, dict[int, RecordedRun]] = {choice.name: {} for choice in choices}
    try:
        for (choice, seed), outcome in _outcomes(experiment, cells, within):
            if isinstance(outcome, RecordedRun):
                made[choice.name][seed] = outcome
            else:
                left_out.setdefault(choice.name, _why(outcome.reason))
    except RunError as error:
        left_out |= {choice.name: _why(str(error)) for choice in choices}
    runs = {
        name: tuple(_from_the_first(of, seeds)) for name, of in made.items() if name not in left_out
    }
    too_long = f"as no run of it finished within {seconds(within):.0f} s"
    return Unscaled(
        runs={name: of for name, of in runs.items() if of},
        left_out=left_out | {name: too_long for name, of in runs.items() if not of},
    )


def _outcomes(
    experiment: Experiment, cells: Sequence[_Cell], within: Ticks
) -> Iterator[tuple[_Cell, RecordedRun | RunFailed | Lost]]:
    """Yield what became of each of ``cells`` in time."""
    if not cells:
        return
    plans = (plan_run(experiment.scenario, choice, seed, 1) for choice, seed in cells)
    with Processes(min(processors(), len(cells))) as runners:
        runners.executor.submit(int).result()  # to start is not to run: no time is counted yet
        for number, outcome in as_they_end(plans, InMemory(FAULTS), runners, within):
            yield cells[number], outcome


def _seeds(experiment: Experiment) -> Sequence[int]:
    own = experiment.seeds
    more = range(max(own) + 1, max(own) + 1 + max(0, SEEDS - len(own)))
    return (*own, *more)


def _impossible(experiment: Experiment, choice: StrategyChoice) -> Iterator[str]:
    """Yield why ``choice`` cannot run on virtual time."""
    alone = experiment.scenario.model_copy(update={"strategies": (choice,)})
    yield from (flaw.message for flaw in alone.impossible_on("virtual"))


def _why(reason: str) -> str:
    lines = reason.strip().splitlines()
    return f"as it fails there: {lines[-1] if lines else 'no reason given'}"


def _from_the_first(made: Mapping[int, RecordedRun], seeds: Sequence[int]) -> Iterator[RecordedRun]:
    """Yield the runs up to the first that is missing: short runs end first, and what a run is worth
    must not depend on how long it takes."""
    for seed in seeds:
        if seed not in made:
            return
        yield made[seed]
