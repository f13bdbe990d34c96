"""The pytest plugin: fixtures ``zoom`` and ``tokenrace_run``, marker ``scenario``.

pytest loads this module in every session where tokenrace is installed, so what a fixture needs is
imported when it is used. docs/testing.md shows both.
"""

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tokenrace.pytest_plugin.runs import RunStrategy, Shown
    from tokenrace.pytest_plugin.served_zoom import ServedZoom

_MARKER = (
    "scenario(file): the scenario whose provider the fixture zoom follows, and whose strategies "
    "tokenrace_run runs; relative to the test's own folder, or else to the root folder"
)


_SHOWN: "pytest.StashKey[list[Shown]]" = pytest.StashKey()
"""What ``tokenrace_run`` has shown a test."""


def pytest_configure(config: pytest.Config) -> None:
    """Tell pytest the marker."""
    config.addinivalue_line("markers", _MARKER)


@pytest.fixture
def zoom(request: pytest.FixtureRequest) -> "Iterator[ServedZoom]":
    """A mock Zoom on loopback, from a thread of its own, until the test ends.

    It keeps tokens as the marked scenario's provider does; without a marker, one at a time. A task
    the test has started and not ended, or a connection to it left open, is an error of the test.
    """
    from tokenrace.pytest_plugin.marked import marked_scenario  # noqa: PLC0415
    from tokenrace.pytest_plugin.served_zoom import served_zoom  # noqa: PLC0415

    with served_zoom(marked_scenario(request.node)) as served:
        yield served


@pytest.fixture
def tokenrace_run(request: pytest.FixtureRequest) -> "RunStrategy":
    """Runs a strategy of a scenario on virtual time and returns its figures.

    ``tokenrace_run("single_flight")`` with a marked scenario, else ``tokenrace_run("single_flight",
    scenario="fleet.yaml")``; ``seeds=5`` for another number of runs than the file's.
    """
    from tokenrace.pytest_plugin.runs import runner_for  # noqa: PLC0415

    return runner_for(request.node, request.node.stash.setdefault(_SHOWN, []).append)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: "pytest.CallInfo[None]"
) -> "Generator[None, pytest.TestReport, pytest.TestReport]":
    """Add to the report of a failed test why the runs it was shown got their 401s."""
    report = yield
    shown = item.stash.get(_SHOWN, None)
    if call.when == "call" and report.failed and shown:
        from tokenrace.pytest_plugin.runs import story_of  # noqa: PLC0415

        told = "\n".join(map(story_of, shown))
        report.sections.append(("tokenrace_run", told))
    return report
