"""The file a user writes: its model, its reading, its problems, its schema."""

from tokenrace.fields.choices import StrategyChoice
from tokenrace.fields.parameters import Catalogue, Parameter, Setting
from tokenrace.scenario.loader import load, load_changed, parse
from tokenrace.scenario.model import Scenario, scenario_hash
from tokenrace.scenario.schema import schema_text

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
