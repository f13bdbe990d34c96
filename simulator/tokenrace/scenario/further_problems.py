"""What else is wrong with a scenario whose sections are wrong: a wrong unit hides no wrong name.

The model checks across sections only when each is right in itself. Here the sections that are
right are checked with each other all the same, and a misspelt section is read as what it means.
"""

from collections.abc import Iterable, Iterator, Mapping
from difflib import SequenceMatcher
from typing import Annotated, Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from tokenrace.fields.flaws import UNKNOWN_KEY_FLAW, Flaw
from tokenrace.fields.parameters import Catalogue
from tokenrace.fields.quoting import hint, near_names
from tokenrace.scenario.model import Scenario

ALIKE = 0.9
_MISSPELT = "extra_forbidden"


def misspelt(data: object, errors: Iterable[ErrorDetails]) -> dict[str, str]:
    """Return which keys of ``data`` are meant for sections that are missing: ``fleets: fleet``."""
    if not isinstance(data, Mapping):
        return {}
    unknown = [error["loc"][0] for error in errors if _is_top(error, _MISSPELT)]
    missing = [name for name in Scenario.model_fields if name not in data]
    found: dict[str, str] = {}
    for key in unknown:
        near = near_names(str(key), missing)
        if len(near) == 1 and near[0] not in found.values() and _is_meant(str(key), near[0]):
            found[str(key)] = near[0]
    return found


def _is_meant(key: str, section: str) -> bool:
    """Return whether ``key`` is ``section`` but for a letter or so, or that must be there."""
    field = Scenario.model_fields[section]
    return field.is_required() or SequenceMatcher(None, key, section).ratio() >= ALIKE


def spelt_right(data: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Return ``data`` with the keys of ``names`` called as they are meant, in the same order."""
    return {names.get(key, key): value for key, value in data.items()}


def _is_top(error: ErrorDetails, kind: str) -> bool:
    return error["type"] == kind and len(error["loc"]) == 1


def further_flaws(data: object, invalid: ValidationError, catalogue: Catalogue) -> Iterator[Flaw]:
    """Yield what sections of ``data`` that are right by themselves say that does not go together.

    ``invalid`` is what is wrong with the others.
    """
    if not isinstance(data, Mapping):
        return
    wrong = {str(error["loc"][0]) for error in invalid.errors() if error["loc"]}
    sections = {
        name: _read(name, data, catalogue) for name in Scenario.model_fields if name not in wrong
    }
    yield from Scenario.model_construct(**sections).flaws_across(catalogue, wrong)
    if wrong & {"strategies", "expect"}:
        yield from _unknown_strategies(data)


def _read(name: str, data: Mapping[str, Any], catalogue: Catalogue) -> Any:
    field = Scenario.model_fields[name]
    if name not in data and not field.validate_default:
        return field.default
    kind: Any = field.annotation
    for rule in field.metadata:
        kind = Annotated[kind, rule]
    adapter: TypeAdapter[Any] = TypeAdapter(kind)
    return adapter.validate_python(data.get(name, field.default), context=catalogue)


def _unknown_strategies(data: Mapping[str, Any]) -> Iterator[Flaw]:
    """Yield what is no strategy and has something expected of it, by the names alone."""
    expect, strategies = data.get("expect"), data.get("strategies")
    if not isinstance(expect, Mapping) or not isinstance(strategies, list):
        return
    names = [name for entry in strategies if (name := _name(entry))]
    for strategy in expect:
        if strategy not in names:
            message = f"unknown strategy; {hint(str(strategy), names)}"
            yield Flaw(("expect", strategy), message, UNKNOWN_KEY_FLAW)


def _name(entry: object) -> str:
    if isinstance(entry, Mapping):
        entry = entry.get("name", entry.get("preset"))
    return entry if isinstance(entry, str) else ""
