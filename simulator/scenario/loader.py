"""From a scenario file to a ``Scenario``, or to every problem it has, at once."""

from pathlib import Path

from pydantic import ValidationError

from simulator.errors import Problem, ScenarioError
from simulator.scenario.flaws import dotted
from simulator.scenario.model import Scenario
from simulator.scenario.parameters import Catalogue
from simulator.scenario.source import Document, Unreadable, read_bytes, read_document
from simulator.scenario.wording import problem


def load(path: Path, catalogue: Catalogue) -> Scenario:
    """Return the scenario in the file at ``path``.

    Raises:
        ScenarioError: with every problem of the file, in file order.
    """
    return parse(read_bytes(path), catalogue, path)


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
    slips = _slips(document)
    try:
        scenario = Scenario.model_validate(document.data, context=catalogue)
    except ValidationError as invalid:
        found = [problem(error, document) for error in invalid.errors(include_url=False)]
        raise ScenarioError(path, _in_file_order([*slips, *found])) from None
    if slips:
        raise ScenarioError(path, _in_file_order(slips))
    return scenario


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
