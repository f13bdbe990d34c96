"""What of a scenario decides the runs of every strategy alike: the world they meet."""

import hashlib
import json

from simulator.scenario.choices import StrategyChoice, write_strategies
from simulator.scenario.model import Scenario


def world_hash(scenario: Scenario) -> str:
    """Return the SHA-256 of what ``scenario`` has every strategy meet, as hex digits.

    Not the strategies, nor what is expected of them, nor how many seeds: runs of two scenarios with
    one world can be compared seed by seed, on virtual time.
    """
    world = scenario.model_dump(
        mode="json",
        exclude={
            "name": True,
            "description": True,
            "strategies": True,
            "expect": True,
            "sweep": True,
            "run": {"seeds", "engine", "time_scale"},
        },
        exclude_none=True,
    )
    return hashlib.sha256(json.dumps(world, separators=(",", ":")).encode()).hexdigest()


def settings_of(choice: StrategyChoice) -> str:
    """Return what the scenario says a strategy is, its name apart, as JSON."""
    (said,) = write_strategies((choice,))
    return json.dumps({key: value for key, value in said.items() if key != "name" and value})
