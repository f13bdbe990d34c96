"""Authlib and requests-oauthlib where tokens come by a refresh token, as at xero.

Both refresh by themselves there, when the token's time is up by their own clock.
"""

import asyncio

import pytest
from authlib.integrations.httpx_client import AsyncOAuth2Client
from requests_oauthlib import OAuth2Session

from tokenrace.testing import SECOND, MockZoom, zoom_server_in_thread

CROWD = 20
OVER = {"access_token": "of yesterday", "token_type": "bearer", "expires_at": 1}


@pytest.fixture
def zoom(monkeypatch):
    """Return a mock by xero's rules, on loopback."""
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    zoom = MockZoom(profile="xero")
    with zoom_server_in_thread(zoom):
        yield zoom


def run_authlib(zoom, story):
    """Run ``story`` with a client whose token is over and whose refresh token is good."""

    async def main():
        async with AsyncOAuth2Client(
            zoom.client_id,
            zoom.client_secret,
            token_endpoint=zoom.token_url,
            token=OVER | {"refresh_token": zoom.authorize()},
        ) as client:
            return await story(client)

    return asyncio.run(main())


def me(zoom):
    return f"{zoom.api_url}/v2/users/me"


def tokens_issued(zoom):
    return zoom.provider.ledger.tokens_issued


def test_at_expiry_authlibs_coroutines_refresh_once(zoom):
    """Strategies, 1.10 [run]: "warm->expired, 20 coroutines: 1 refresh". Its lock is around the
    look at the expiry."""

    async def story(client):
        answers = await asyncio.gather(*(client.get(me(zoom)) for _ in range(CROWD)))
        return [answer.status_code for answer in answers]

    assert run_authlib(zoom, story) == [200] * CROWD
    assert tokens_issued(zoom) == 1


def test_a_lifetime_within_authlibs_leeway_is_a_refresh_for_every_call(zoom):
    """Strategies, 1.10 [run]: "ttl 30 <= leeway 60: one mint per request"."""
    short = MockZoom(profile="xero", lifetime=30 * SECOND)

    async def story(client):
        for _ in range(CROWD):
            assert (await client.get(me(short))).status_code == 200

    with zoom_server_in_thread(short):
        run_authlib(short, story)
    assert tokens_issued(short) == CROWD


def a_session(zoom):
    """Return a session that refreshes by itself, and whose token is over."""
    return OAuth2Session(
        zoom.client_id,
        token=OVER | {"refresh_token": zoom.authorize()},
        auto_refresh_url=zoom.token_url,
        token_updater=lambda _: None,
    )


def call_in(session, zoom):
    """Call the API; a session is told at each call what to show when it must refresh."""
    login = {"client_id": zoom.client_id, "client_secret": zoom.client_secret}
    return session.get(me(zoom), **login).status_code


def test_requests_oauthlib_takes_up_the_refresh_token_it_is_told(zoom):
    """Xero's rotates with each use: the second refresh shows the one that the first was told."""
    session = a_session(zoom)
    assert call_in(session, zoom) == 200
    told = session.token["refresh_token"]
    session.token = session.token | {"expires_at": 1}
    assert call_in(session, zoom) == 200
    assert session.token["refresh_token"] != told
    assert tokens_issued(zoom) == 2
