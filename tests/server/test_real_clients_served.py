"""The real clients against ``tokenrace serve``: two of each, where one token may live at a time.

What each does besides is in ``test_real_clients.py``, and is tried faster inside the test.
"""

import asyncio

import pytest
from authlib.integrations.httpx_client import AsyncOAuth2Client
from oauthlib.oauth2 import BackendApplicationClient
from requests_oauthlib import OAuth2Session

from tests.server.served_command import serving
from tests.server.test_real_clients import GRANT, ZoomClient


@pytest.fixture(scope="module")
def served():
    with serving("--port", "0", "--live-tokens", "1") as running:
        yield running


def authlib(env):
    """Two clients fetch; the first calls."""

    async def story():
        told = (env["ZOOM_CLIENT_ID"], env["ZOOM_CLIENT_SECRET"])
        url = env["ZOOM_TOKEN_URL"]
        async with (
            AsyncOAuth2Client(*told, token_endpoint=url) as first,
            AsyncOAuth2Client(*told, token_endpoint=url) as second,
        ):
            for client in (first, second):
                await client.fetch_token(grant_type=GRANT, account_id=env["ZOOM_ACCOUNT_ID"])
            answers = [await one.get(f"{env['ZOOM_API_URL']}/users/me") for one in (first, second)]
            return [answer.status_code for answer in answers]

    return asyncio.run(story())


def requests_oauthlib(env):
    """Two sessions fetch; the first calls."""
    sessions = []
    for _ in range(2):
        asks = BackendApplicationClient(env["ZOOM_CLIENT_ID"])
        asks.grant_type = GRANT
        session = OAuth2Session(client=asks)
        session.fetch_token(
            env["ZOOM_TOKEN_URL"],
            client_secret=env["ZOOM_CLIENT_SECRET"],
            account_id=env["ZOOM_ACCOUNT_ID"],
            include_client_id=False,
        )
        sessions.append(session)
    return [session.get(f"{env['ZOOM_API_URL']}/users/me").status_code for session in sessions]


def zoomus(env):
    """Two client objects are made, which fetch; the first calls."""
    clients = [
        ZoomClient(
            env["ZOOM_CLIENT_ID"],
            env["ZOOM_CLIENT_SECRET"],
            api_account_id=env["ZOOM_ACCOUNT_ID"],
            base_uri=env["ZOOM_API_URL"],
            oauth_uri=env["ZOOM_TOKEN_URL"],
        )
        for _ in range(2)
    ]
    return [client.user.get(id="me").status_code for client in clients]


@pytest.mark.parametrize("library", [authlib, requests_oauthlib, zoomus])
def test_of_two_clients_the_first_is_evicted(served, library, monkeypatch):
    """Told nothing but the exported lines. The journal knows why, and by which issue."""
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    served.control("reset", {})

    assert library(served.env) == [401, 200]
    entries = served.control("journal")[1]["entries"]
    refused = next(entry for entry in entries if entry["status"] == 401)
    assert (refused["cause"], refused["token"], refused["displaced_by"]["token"]) == (
        "evicted",
        1,
        2,
    )


def test_when_authlibs_leader_is_cancelled_its_refresh_is_an_orphan():
    """Strategies, F5 [run]: "Cancel/timeout of a mint is not no mint": two tokens for one refresh,
    and 19 of 20 succeed. The refresh token, used twice, is accepted by the overlap of xero's."""
    with serving("--port", "0", "--profile", "xero") as served:
        slow = {"event": "slow", "endpoint": "token", "by": "300ms", "count": 1}
        served.control("events", slow)

        async def story():
            async with AsyncOAuth2Client(
                served.env["ZOOM_CLIENT_ID"],
                served.env["ZOOM_CLIENT_SECRET"],
                token_endpoint=served.env["ZOOM_TOKEN_URL"],
                token={
                    "access_token": "of yesterday",
                    "token_type": "bearer",
                    "expires_at": 1,
                    "refresh_token": served.env["ZOOM_REFRESH_TOKEN"],
                },
            ) as client:
                me = f"{served.env['ZOOM_API_URL']}/users/me"
                callers = [asyncio.create_task(client.get(me)) for _ in range(20)]
                issued = {"tokens_issued": 1}
                assert (await asyncio.to_thread(served.control, "wait", issued))[0] == 200
                callers[0].cancel()
                return await asyncio.gather(*callers, return_exceptions=True)

        first, *others = asyncio.run(story())
        assert isinstance(first, asyncio.CancelledError)
        assert [answer.status_code for answer in others] == [200] * 19
        assert served.control("state")[1]["counts"]["tokens_issued"] == 2
