"""Rules of the mock that a test chooses when it makes it, behind every mount."""

from tests.testing.mounted import httpx_blocking
from tests.testing.mounted_client import Client, a_client
from tokenrace.testing import DAY, HOUR, MINUTE, SECOND, MockZoom

__all__ = ["a_client"]


def test_a_refresh_token_is_used_once(a_client):
    """Atlassian rotates: each use tells the next; a spent one, ten minutes late, ends them all."""
    with a_client(profile="atlassian") as client:
        first = client.zoom.authorize()
        granted = client.refresh(first).json()
        newest = client.refresh(granted["refresh_token"]).json()
        assert client.call(newest["access_token"]).status == 200
        client.zoom.forward(10 * MINUTE)
        assert client.refresh(first).json()["error"] == "invalid_grant"
        assert client.refresh(newest["refresh_token"]).status == 400
        assert client.call(newest["access_token"]).status == 401
        assert client.zoom.journal[-1] == (401, "revoked")


def test_a_plan_limits_the_calls(a_client):
    """Free: four light calls a second."""
    with a_client(plan="free") as client:
        token = client.token()
        assert [client.call(token).status for _ in range(5)] == [200] * 4 + [429]
        client.zoom.forward(SECOND)
        assert client.call(token).headers["x-ratelimit-category"] == "Light"


def test_a_host_may_create_again_at_midnight():
    """The mock begins at 22:13:20 UTC: 100 meetings, and none until 1 h 46 min 40 s later."""
    zoom = MockZoom(plan="business", lifetime=DAY)
    with httpx_blocking(zoom) as mount:
        client = Client(zoom, mount)
        token = client.token()

        def create():
            return client.call(token, "POST", "/v2/users/me/meetings", json={}).status

        assert [create() for _ in range(60)] == [201] * 60
        zoom.forward(SECOND)  # 80 calls in a second
        assert [create() for _ in range(41)] == [201] * 40 + [429]
        zoom.forward(HOUR + 46 * MINUTE + 39 * SECOND - 1)
        assert create() == 429
        zoom.forward(1)
        assert create() == 201
