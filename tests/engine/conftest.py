"""Fixtures that the tests of the engine share."""

import pytest

from tokenrace.engine.loop import VirtualLoop


@pytest.fixture
def loop():
    """Return a loop that is discarded after the test, whatever still waits on it."""
    loop = VirtualLoop()
    yield loop
    loop.discard()
