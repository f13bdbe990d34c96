"""Which scenario a test is marked with."""

from pathlib import Path

import pytest

from tokenrace.errors import SimulatorError
from tokenrace.scenario import Scenario, load
from tokenrace.strategies.catalogue import CATALOGUE

_USAGE = 'write @pytest.mark.scenario("fleet.yaml")'


def marked_scenario(item: pytest.Item) -> Scenario | None:
    """Return the scenario that ``item`` is marked with, the nearest marker's; None without one."""
    file = marked_file(item)
    return None if file is None else read_scenario(file)


def marked_file(item: pytest.Item) -> Path | None:
    """Return the file that ``item`` is marked with, the nearest marker's; None without one."""
    marker = item.get_closest_marker("scenario")
    if marker is None:
        return None
    if len(marker.args) != 1 or marker.kwargs or not isinstance(marker.args[0], str | Path):
        pytest.fail(f"the marker scenario takes one file: {_USAGE}", pytrace=False)
    return found_file(item, marker.args[0])


def found_file(item: pytest.Item, file: str | Path) -> Path:
    """Return where ``file`` is: beside the test, or else in the root folder."""
    folders = [item.path.parent, item.config.rootpath]
    found = next((folder / file for folder in folders if (folder / file).is_file()), None)
    if found is None:
        looked = " and ".join(dict.fromkeys(map(str, folders)))
        pytest.fail(f"there is no scenario {file}; looked in {looked}", pytrace=False)
    return found


def read_scenario(file: Path) -> Scenario:
    """Return the scenario in ``file``; what is wrong with it fails the test."""
    try:
        return load(file, CATALOGUE)
    except SimulatorError as error:
        wrong = str(error)
    pytest.fail(wrong, pytrace=False)  # outside, or pytest would show the error twice
