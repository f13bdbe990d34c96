"""Where a scenario file says what it says: for messages that point at a line of it."""

from collections.abc import Mapping
from dataclasses import dataclass

from tokenrace.scenario.model import Scenario
from tokenrace.scenario.source import Document, Place


@dataclass(frozen=True, slots=True)
class Places:
    """The place of each strategy by its name, and of each expectation by strategy and key."""

    strategies: Mapping[str, Place]
    expectations: Mapping[tuple[str, str], Place]


def places_of(scenario: Scenario, document: Document) -> Places:
    """Return the places of ``scenario``, which ``document`` holds."""
    return Places(
        strategies={
            choice.name: document.place_of_value(("strategies", index))
            for index, choice in enumerate(scenario.strategies)
        },
        expectations={
            (wanted.strategy, wanted.key): document.place_of_key(
                ("expect", wanted.strategy, wanted.key)
            )
            for wanted in scenario.expect
        },
    )
