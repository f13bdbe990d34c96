"""The handle of a mock Zoom, and what a user meets who holds it wrong."""

import sys
from collections import UserDict
from threading import Thread

import httpx
import pytest

from tokenrace.errors import NotInstalledError
from tokenrace.provider.reading import HttpRequest
from tokenrace.testing import (
    HOUR,
    MINUTE,
    MockZoom,
    httpx2_transport,
    transport,
    zoom_router,
    zoom_server_in_thread,
)
from tokenrace.testing.fixtures import mock_zoom, mock_zoom_url

__all__ = ["mock_zoom", "mock_zoom_url"]
GRANT = {"grant_type": "account_credentials", "account_id": "mock-account"}


def a_request(path, query, method="GET"):
    return HttpRequest(method=method, path=path, query=query, headers={})


def test_a_profile_that_is_not_there_is_named_with_those_that_are():
    """The text must lead on."""
    with pytest.raises(ValueError, match=r"no profile 'zoom'; there are zoom-2022, zoom-index5"):
        MockZoom(profile="zoom")


def test_what_is_given_overrides_the_profile_and_the_rest_stays():
    """No cap is a number too: None is not "as the profile"."""
    assert MockZoom(profile="wechat", live_tokens=None).provider.policy.live_tokens is None
    kept = MockZoom(profile="wechat", lifetime=MINUTE).provider.policy
    assert (kept.live_tokens, kept.lifetime, kept.grace) == (1, MINUTE, 5 * MINUTE)


def test_the_clock_runs_forward_only():
    """Tokens that come to life again would be nobody's provider."""
    with pytest.raises(ValueError, match="time runs forward only, got -1"):
        MockZoom().forward(-1)


def test_without_httpx2_its_transport_says_what_to_do(monkeypatch):
    """Only those who use it must have it."""
    monkeypatch.setitem(sys.modules, "httpx2", None)
    with pytest.raises(NotInstalledError, match="pip install httpx2"):
        httpx2_transport(MockZoom())


def test_the_router_lets_no_request_to_other_hosts_out():
    """A test that reaches for the network must fail, with the request named."""
    with (
        zoom_router(MockZoom()),
        pytest.raises(AssertionError, match=r"https://notzoom\.us/"),
    ):
        httpx.get("https://notzoom.us/")


def test_the_router_takes_routes_of_the_tests_own():
    """A service calls others than Zoom."""
    with zoom_router(MockZoom()) as router:
        router.get("https://shop.test/").respond(202)
        assert httpx.get("https://shop.test/").status_code == 202
        assert httpx.get("https://eu01api-www4local.zoom.us/v2/users/me").status_code == 401


def test_a_server_has_the_mocks_urls_only_while_it_serves():
    """Afterwards they are Zoom's again, so that a forgotten server is not called."""
    zoom = MockZoom()
    with zoom_server_in_thread(zoom) as url:
        assert (zoom.token_url, zoom.api_url) == (f"{url}/oauth/token", url)
    assert (zoom.token_url, zoom.api_url) == (
        "https://zoom.us/oauth/token",
        "https://api.zoom.us",
    )


def test_the_fixtures_serve_one_mock(mock_zoom, mock_zoom_url):
    """What the URL's server does is in the handle's journal."""
    login = (mock_zoom.client_id, mock_zoom.client_secret)
    assert httpx.post(mock_zoom.token_url, data=GRANT, auth=login).status_code == 200
    assert mock_zoom.token_url.startswith(mock_zoom_url)
    assert mock_zoom.journal == [(200, None)]


def test_requests_of_two_threads_take_effect_one_at_a_time():
    """The second arrives in the middle of the first, and is let in only when the first is done.

    The middle is the first one's read of its query; a lock that were not held would let the second
    thread finish there, and it would be first in the journal.
    """
    zoom = MockZoom()
    second = Thread(target=lambda: zoom.answer(a_request("/v2/nothing", {})))

    class Interrupted(UserDict):
        def keys(self):
            second.start()
            second.join(timeout=0.05)
            return super().keys()

    zoom.answer(a_request("/oauth/token", Interrupted(), method="POST"))
    second.join()
    assert zoom.journal == [(400, None), (404, None)]


def test_one_transport_serves_clients_that_come_and_go():
    """A client that closes its transport does not end the mock."""
    zoom = MockZoom()
    mounted = transport(zoom)
    for _ in range(2):
        with httpx.Client(transport=mounted) as client:
            login = (zoom.client_id, zoom.client_secret)
            assert client.post(zoom.token_url, data=GRANT, auth=login).status_code == 200
    zoom.forward(HOUR)
    assert zoom.provider.ledger.live_count(zoom.now) == 0
