"""A scenario with some of its fields changed, checked as if its file said so."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from tokenrace.fields.flaws import Loc
from tokenrace.fields.parameters import Catalogue
from tokenrace.scenario.model import Scenario
from tokenrace.scenario.paths import put
from tokenrace.scenario.sweep_values import Value
from tokenrace.scenario.wording import without_place


class Unchangeable(ValueError):  # noqa: N818
    """A change makes no scenario; ``problems`` say why, each naming its field."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        return "\n".join(self.problems)


def on_virtual_time(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``data`` of a scenario as the virtual engine sees it, which is never hurried."""
    slow = put(data, ("run", "engine"), "virtual")
    return {**put(slow, ("run", "time_scale"), 1), "sweep": None}


def changed(
    data: Mapping[str, Any], changes: Sequence[tuple[Loc, Value]], catalogue: Catalogue
) -> Scenario:
    """Return the scenario that ``data`` describes once the value at each place is another.

    Raises:
        Unchangeable: the values do not fit, alone or together.
    """
    for loc, value in changes:
        data = put(data, loc, value)
    try:
        return Scenario.model_validate(data, context=catalogue)
    except ValidationError as invalid:
        raise Unchangeable(
            [without_place(error) for error in invalid.errors(include_url=False)]
        ) from None
