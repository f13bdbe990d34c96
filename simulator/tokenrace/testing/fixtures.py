"""pytest fixtures of the mock Zoom: ``from tokenrace.testing.fixtures import *`` in a conftest.

The package's only import of pytest, which is not among what it installs.
"""

from collections.abc import Iterator

import pytest

from tokenrace.testing.mock_zoom import MockZoom
from tokenrace.testing.zoom_server import zoom_server_in_thread

__all__ = ["mock_zoom", "mock_zoom_url"]


@pytest.fixture
def mock_zoom() -> MockZoom:
    """One app at Zoom as it was in 2022, where one token lives at a time."""
    return MockZoom()


@pytest.fixture
def mock_zoom_url(mock_zoom: MockZoom) -> Iterator[str]:
    """The URL of a server on loopback that has ``mock_zoom`` until the test ends."""
    with zoom_server_in_thread(mock_zoom) as url:
        yield url
