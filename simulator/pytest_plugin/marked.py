"""Which scenario a test is marked with."""

from pathlib import Path

import pytest

from simulator.errors import SimulatorError
from simulator.scenario import Scenario, load
from simulator.strategies.catalogue import CATALOGUE

_USAGE = 'write @pytest.mark.scenario("fleet.yaml")'


def marked_scenario(item: pytest.Item) -> Scenario | None:
    """Return the scenario that ``item`` is marked with, the nearest marker's; None without one."""
    marker = item.get_closest_marker("scenario")
    if marker is None:
        return None
    if len(marker.args) != 1 or marker.kwargs or not isinstance(marker.args[0], str | Path):
        pytest.fail(f"the marker scenario takes one file: {_USAGE}", pytrace=False)
    return read_scenario(item, marker.args[0])


def read_scenario(item: pytest.Item, file: str | Path) -> Scenario:
    """Return the scenario in ``file``, beside the test or else in the root folder."""
    folders = [item.path.parent, item.config.rootpath]
    found = next((folder / file for folder in folders if (folder / file).is_file()), None)
    if found is None:
        looked = " and ".join(dict.fromkeys(map(str, folders)))
        pytest.fail(f"there is no scenario {file}; looked in {looked}", pytrace=False)
    try:
        return load(found, CATALOGUE)
    except SimulatorError as error:
        wrong = str(error)
    pytest.fail(wrong, pytrace=False)  # outside, or pytest would show the error twice
