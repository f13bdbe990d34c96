"""From a scenario file to a ``Scenario``, or to every problem it has, at once."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from tokenrace.errors import Problem, ScenarioError, SimulatorError
from tokenrace.fields.flaws import dotted, refusal
from tokenrace.fields.parameters import Catalogue
from tokenrace.scenario.changes import Unchangeable, changed, on_virtual_time
from tokenrace.scenario.further_problems import further_flaws, misspelt, spelt_right
from tokenrace.scenario.model import Scenario
from tokenrace.scenario.paths import located, paths_of
from tokenrace.scenario.source import Document, Unreadable, read_bytes, read_document
from tokenrace.scenario.sweep_values import read_value
from tokenrace.scenario.wording import problem


def load(path: Path, catalogue: Catalogue) -> Scenario:
    """Return the scenario in the file at ``path``.

    Raises:
        ScenarioError: with every problem of the file, in file order.
    """
    return parse(read_bytes(path), catalogue, path)


def load_changed(path: Path, catalogue: Catalogue, settings: Sequence[str]) -> Scenario:
    """Return the scenario in the file at ``path`` with some fields changed, on virtual time.

    Each of ``settings`` is a path and a value: ``fleet.processes=4``.

    Raises:
        SimulatorError: the file is wrong, a setting is, or they do not fit.
    """
    scenario = load(path, catalogue)
    data = on_virtual_time(read_data(path))
    paths = paths_of(data, scenario, catalogue)
    changes = []
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not equals:
            raise SimulatorError(f"must be PATH=VALUE, such as fleet.processes=4; got {setting!r}")
        try:
            changes.append((located(name.strip(), paths), read_value(text.strip())))
        except ValueError as wrong:
            raise SimulatorError(f"{path}: {wrong}") from None
    try:
        return changed(data, changes, catalogue)
    except Unchangeable as wrong:
        raise SimulatorError("\n".join(f"{path}: {each}" for each in wrong.problems)) from None


def read_data(path: Path) -> dict[str, Any]:
    """Return what the file at ``path`` says, which is known to be a scenario."""
    data = read_document(read_bytes(path)).data
    assert isinstance(data, dict)
    return data


def parse(content: bytes, catalogue: Catalogue, path: Path) -> Scenario:
    """Return the scenario written in ``content``; ``path`` only names it in problems.

    Raises:
        ScenarioError: with every problem of the content, in file order.
    """
    try:
        document = read_document(content)
    except Unreadable as wrong:
        line, column = wrong.place
        only = Problem(line=line, column=column, key="", message=wrong.message)
        raise ScenarioError(path, [only]) from None
    if isinstance(document.data, dict) and "scenario_sha256" in document.data:
        message = (
            "is the summary of a run, not a scenario: its key command names the scenario's file"
        )
        raise ScenarioError(path, [Problem(line=1, column=1, key="", message=message)])
    slips = _slips(document)
    try:
        scenario = Scenario.model_validate(document.data, context=catalogue)
    except ValidationError as invalid:
        found = _problems(invalid, document, catalogue)
        raise ScenarioError(path, _in_file_order([*slips, *found])) from None
    slips += _lost_ways(document, scenario, catalogue)
    if slips:
        raise ScenarioError(path, _in_file_order(slips))
    return scenario


def _problems(invalid: ValidationError, document: Document, catalogue: Catalogue) -> list[Problem]:
    """Return every problem of ``document``, of which ``invalid`` has the first found."""
    errors = invalid.errors(include_url=False)
    names = misspelt(document.data, errors)
    data = document.data
    if names:
        assert isinstance(data, dict)
        data = spelt_right(data, names)
        document.call(names)
        kept = [error for error in errors if error["loc"][0] in names]
        found = [problem(error, document) for error in kept]
        try:
            Scenario.model_validate(data, context=catalogue)
        except ValidationError as rest:
            return [*found, *_of(rest, data, document, catalogue)]
        return found
    return _of(invalid, data, document, catalogue)


def _of(
    invalid: ValidationError, data: object, document: Document, catalogue: Catalogue
) -> list[Problem]:
    further = refusal([*further_flaws(data, invalid, catalogue)])
    errors = [*invalid.errors(include_url=False), *further.errors(include_url=False)]
    return [problem(error, document) for error in errors]


def _lost_ways(document: Document, scenario: Scenario, catalogue: Catalogue) -> list[Problem]:
    """Return a problem for each path to sweep over that leads to no field."""
    if scenario.sweep is None:
        return []
    assert isinstance(document.data, dict)
    paths = paths_of(document.data, scenario, catalogue)
    found = []
    for path in scenario.sweep.over:
        try:
            located(path, paths)
        except ValueError as wrong:
            loc = ("sweep", "over", path)
            line, column = document.place_of_key(loc)
            found.append(Problem(line=line, column=column, key=dotted(loc[:2]), message=str(wrong)))
    return found


def _slips(document: Document) -> list[Problem]:
    return [
        Problem(line=place.line, column=place.column, key=dotted(loc), message=message)
        for place, loc, message in document.slips
    ]


def _in_file_order(problems: list[Problem]) -> list[Problem]:
    """Sort; of several at one place keep the first, which says why the others are there."""
    first: dict[tuple[int, int, str], Problem] = {}
    for found in problems:
        first.setdefault((found.line, found.column, found.key), found)
    return sorted(first.values(), key=lambda found: (found.line, found.column))
