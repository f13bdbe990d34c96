"""The file a user writes: its model, its reading, its problems, its schema."""

from simulator.scenario.choices import StrategyChoice
from simulator.scenario.loader import load, load_changed, parse
from simulator.scenario.model import Scenario, scenario_hash
from simulator.scenario.parameters import Catalogue, Parameter, Setting
from simulator.scenario.schema import schema_text

__all__ = [
    "Catalogue",
    "Parameter",
    "Scenario",
    "Setting",
    "StrategyChoice",
    "load",
    "load_changed",
    "parse",
    "scenario_hash",
    "schema_text",
]
