"""The mock Zoom of one test, at a URL, and strict about what the test leaves behind."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest

from tokenrace.provider.endpoints import Provider
from tokenrace.pytest_plugin.endings import before_loops_end
from tokenrace.pytest_plugin.leftovers import Leftovers
from tokenrace.scenario import Scenario
from tokenrace.testing.mock_zoom import MockZoom
from tokenrace.testing.zoom_server import zoom_server_in_thread


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedZoom:
    """A provider at ``url``. ``control`` moves its clock, lets things happen to the app, strikes
    requests and has the journal of what was answered, with the true cause of each 401."""

    url: str
    control: MockZoom

    @property
    def provider(self) -> Provider:
        """The provider itself: its ledger, its standing."""
        return self.control.provider

    @property
    def token_url(self) -> str:
        """Where to ask for tokens."""
        return self.control.token_url

    @property
    def credentials(self) -> dict[str, str]:
        """The app's: ``account_id``, ``client_id``, ``client_secret``; the newest secret."""
        zoom = self.control
        return {
            "account_id": zoom.account_id,
            "client_id": zoom.client_id,
            "client_secret": zoom.client_secret,
        }


@contextmanager
def served_zoom(scenario: Scenario | None) -> Iterator[ServedZoom]:
    """Serve a mock that follows the provider of ``scenario``; without one, Zoom's of 2022."""
    control = MockZoom() if scenario is None else _following(scenario)
    with zoom_server_in_thread(control) as url:
        leftovers = Leftovers(urlsplit(url).port or 0)
        with before_loops_end(leftovers.note):
            yield ServedZoom(url=url, control=control)
        connections = leftovers.connections()
    told = [*connections, *leftovers.tasks()]
    if told:
        pytest.fail("the test leaves behind:\n" + "\n".join(told), pytrace=False)


def _following(scenario: Scenario) -> MockZoom:
    return MockZoom.following(scenario.provider.policy(), scenario.provider.limits())
