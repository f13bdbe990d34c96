"""``tokenrace validate``."""

from collections.abc import Sequence
from pathlib import Path

import typer

from tokenrace.errors import ScenarioError
from tokenrace.scenario import Scenario, load
from tokenrace.strategies.catalogue import CATALOGUE


def validate_files(files: Sequence[Path]) -> bool:
    """Print what is wrong with each of ``files``; return whether all are right."""
    wrong = 0
    for file in files:
        try:
            scenario = load(file, CATALOGUE)
        except ScenarioError as error:
            wrong += 1
            typer.echo(str(error), err=True)
        else:
            typer.echo(f"{file}: ok, {_size(len(scenario.strategies), scenario.run.seeds)}")
            for warning in _scale_warnings(scenario):
                typer.echo(f"{file}: warning: {warning}", err=True)
    return wrong == 0


def _scale_warnings(scenario: Scenario) -> Sequence[str]:
    if scenario.run.engine != "wire" or scenario.run.time_scale == 1:
        return ()
    from tokenrace.simulation.experiment import Experiment
    from tokenrace.true_scale import scale_warnings

    return scale_warnings(
        Experiment(
            scenario=scenario,
            choices=scenario.strategies,
            seeds=(1,),
            time_scale=scenario.run.time_scale,
        )
    )


def _size(strategies: int, seeds: int) -> str:
    return f"{_count(strategies, 'strategy', 'strategies')} x {_count(seeds, 'seed', 'seeds')}"


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
