"""What of a scenario decides the runs of every strategy alike: the world they meet."""

import hashlib
import json

from tokenrace.fields.choices import StrategyChoice, write_strategies
from tokenrace.scenario.model import Scenario


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


def choice_of(name: str, settings: str) -> StrategyChoice | None:
    """Return the strategy called ``name`` that ``settings_of`` said this of.

    None where it is code of the user's, or cannot be read.
    """
    try:
        said = json.loads(settings)
    except ValueError:
        return None
    if not isinstance(said, dict) or not said.keys() <= {"preset", "axes", "settings"}:
        return None
    return StrategyChoice(
        preset=said.get("preset"),
        name=name,
        axes=tuple(said.get("axes", {}).items()),
        settings=tuple(said.get("settings", {}).items()),
    )


def settings_of(choice: StrategyChoice) -> str:
    """Return what the scenario says a strategy is, its name apart, as JSON."""
    (said,) = write_strategies((choice,))
    return json.dumps({key: value for key, value in said.items() if key != "name" and value})
