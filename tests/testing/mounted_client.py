"""A client of a mounted mock, whatever library is underneath."""

from base64 import b64encode
from contextlib import contextmanager

import pytest

from tests.testing.mounted import MOUNTS
from tokenrace.testing import MockZoom


class Client:
    """A client that keeps nothing: every token is the test's to show."""

    def __init__(self, zoom, mounted):
        self.zoom = zoom
        self.hung_up = mounted.hung_up
        self._send = mounted.send

    def ask(self, *, secret=None, parameters_in="data", **changes):
        """Ask for a token; return the whole answer."""
        parameters = {"grant_type": "account_credentials", "account_id": self.zoom.account_id}
        return self.ask_at(
            self.zoom.token_url, secret=secret, **{parameters_in: parameters | changes}
        )

    def ask_at(self, url, secret=None, **what):
        """Show the secret at ``url``."""
        pair = f"{self.zoom.client_id}:{secret or self.zoom.client_secret}"
        headers = {"Authorization": "Basic " + b64encode(pair.encode()).decode()}
        return self._send("POST", url, headers=headers, **what)

    def refresh(self, value):
        """Use a refresh token; return the whole answer."""
        parameters = {"grant_type": "refresh_token", "refresh_token": value}
        return self.ask_at(self.zoom.token_url, data=parameters)

    def token(self):
        """Ask for a token; return its value."""
        return self.ask().json()["access_token"]

    def call(self, token, method="GET", path="/v2/users/me", **what):
        """Call the API with ``token``."""
        headers = {"Authorization": f"Bearer {token}"}
        return self._send(method, self.zoom.api_url + path, headers=headers, **what)

    def call_without_header(self, **what):
        """Call the API with no Authorization header."""
        return self._send("GET", f"{self.zoom.api_url}/v2/users/me", **what)


@pytest.fixture(params=MOUNTS.values(), ids=MOUNTS.keys())
def a_client(request):
    """Return what mounts a mock with the numbers given, for one library after the other."""

    @contextmanager
    def mounted(**numbers):
        zoom = MockZoom(**numbers)
        with request.param(zoom) as mount:
            yield Client(zoom, mount)

    return mounted
