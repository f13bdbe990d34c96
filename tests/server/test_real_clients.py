"""Real client libraries, unchanged, on real loopback, where one token may live at a time.

What each does when its token dies early, and about a herd, is its users' incident: here it is seen.
None of them learns anything from a 401.
"""

import asyncio
import warnings
from dataclasses import replace
from threading import Barrier, Thread

import pytest
from authlib.integrations.base_client import InvalidTokenError, OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from oauthlib.oauth2 import BackendApplicationClient, TokenExpiredError
from requests_oauthlib import OAuth2Session

from tokenrace.testing import (
    HOUR,
    SECOND,
    ChangePolicy,
    MockZoom,
    RevokeTokens,
    RotateSecret,
    zoom_server_in_thread,
)

with warnings.catch_warnings():  # it has invalid escapes in docstrings, seen when it is compiled
    warnings.filterwarnings("ignore", message=".*invalid escape sequence")
    from zoomus import ZoomClient

CROWD = 8
GRANT = "account_credentials"
OK = (200, None)
EVICTED = (401, "evicted")


@pytest.fixture
def zoom():
    """Return a mock of one live token, on loopback."""
    zoom = MockZoom(live_tokens=1)
    with zoom_server_in_thread(zoom):
        yield zoom


def me(zoom):
    return f"{zoom.api_url}/v2/users/me"


def tokens_issued(zoom):
    return zoom.provider.ledger.tokens_issued


class TestAuthlib:
    """``AsyncOAuth2Client``: a lock around its look at the expiry; a 401 is the caller's."""

    @staticmethod
    def run(zoom, story, **told):
        """Run ``story`` with a client that has no token yet."""

        async def main():
            async with AsyncOAuth2Client(
                zoom.client_id, zoom.client_secret, token_endpoint=zoom.token_url, **told
            ) as client:
                return await story(client)

        return asyncio.run(main())

    @staticmethod
    async def fetch(zoom, client):
        return await client.fetch_token(grant_type=GRANT, account_id=zoom.account_id)

    def test_it_fetches_a_token_and_calls(self, zoom):
        """Nothing of the mock is in its way."""

        async def story(client):
            await self.fetch(zoom, client)
            return (await client.get(me(zoom))).status_code

        assert self.run(zoom, story) == 200
        assert zoom.journal == [OK, OK]

    def test_with_a_token_revoked_early_every_call_is_401_and_none_is_issued(self, zoom):
        """By its expiry the token is good for an hour yet, so it is shown again and again."""

        async def story(client):
            await self.fetch(zoom, client)
            zoom.undergo(RevokeTokens())
            return await asyncio.gather(*(client.get(me(zoom)) for _ in range(CROWD)))

        answers = self.run(zoom, story)
        assert [answer.status_code for answer in answers] == [401] * CROWD
        assert zoom.journal[1:] == [(401, "revoked")] * CROWD
        assert tokens_issued(zoom) == 1

    def test_of_two_processes_the_first_gets_401_from_the_seconds_fetch_on(self, zoom):
        """The incident: the lock is one process's, the cap is everybody's."""

        async def story(first):
            await self.fetch(zoom, first)
            await first.get(me(zoom))
            async with AsyncOAuth2Client(
                zoom.client_id, zoom.client_secret, token_endpoint=zoom.token_url
            ) as second:
                await self.fetch(zoom, second)
                for client in (first, second, first):
                    await client.get(me(zoom))

        self.run(zoom, story)
        assert zoom.journal == [OK, OK, OK, EVICTED, OK, EVICTED]

    def test_cold_coroutines_each_fetch_and_all_tokens_but_one_are_dead(self, zoom):
        """The first fetch is the caller's and unguarded: all look before any has a token."""

        async def story(client):
            async def cold():
                assert not client.token
                return (await self.fetch(zoom, client))["access_token"]

            for token in await asyncio.gather(*(cold() for _ in range(CROWD))):
                shown = {"Authorization": f"Bearer {token}"}
                await client.request("GET", me(zoom), headers=shown, withhold_token=True)

        self.run(zoom, story)
        assert tokens_issued(zoom) == CROWD
        assert sorted(zoom.journal[CROWD:]) == [OK] + [EVICTED] * (CROWD - 1)

    def test_at_expiry_it_gives_up_unless_told_a_grant_it_knows(self, zoom):
        """30 s are less than its leeway of 60: expired at once, by its own clock.

        It has no refresh token, and of the other grants it repeats ``client_credentials`` alone.
        """
        last_half_a_minute(zoom)

        async def story(client):
            await self.fetch(zoom, client)
            with pytest.raises(InvalidTokenError):
                await client.get(me(zoom))

        self.run(zoom, story)
        assert zoom.journal == [OK]

    def test_told_to_repeat_client_credentials_it_is_refused_by_zoom(self, zoom):
        """Its documents' way to refresh; a server-to-server app has another grant."""
        last_half_a_minute(zoom)

        async def story(client):
            await self.fetch(zoom, client)
            with pytest.raises(OAuthError, match="unsupported_grant_type"):
                await client.get(me(zoom))

        self.run(zoom, story, grant_type="client_credentials")
        assert zoom.journal == [OK, (400, None)]


def last_half_a_minute(zoom):
    """Let the tokens to come live for 30 s."""
    zoom.undergo(ChangePolicy(policy=replace(zoom.provider.policy, lifetime=30 * SECOND)))


class TestRequestsOauthlib:
    """``OAuth2Session``: looks at the expiry, with no leeway and no lock; ignores a 401."""

    @pytest.fixture(autouse=True)
    def _plain_http(self, monkeypatch):
        """Loopback has no TLS, and oauthlib wants to be told so."""
        monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")

    @staticmethod
    def session(zoom):
        client = BackendApplicationClient(zoom.client_id)
        client.grant_type = GRANT
        return OAuth2Session(client=client)

    @staticmethod
    def fetch(zoom, session):
        login = (zoom.client_id, zoom.client_secret)
        return session.fetch_token(zoom.token_url, auth=login, account_id=zoom.account_id)

    def test_it_fetches_a_token_and_calls(self, zoom):
        """Its back-end client takes Zoom's grant type by an attribute."""
        with self.session(zoom) as session:
            self.fetch(zoom, session)
            assert session.get(me(zoom)).status_code == 200
        assert zoom.journal == [OK, OK]

    def test_of_two_processes_the_first_gets_401_from_the_seconds_fetch_on(self, zoom):
        """Nothing but the expiry makes it ask for a token."""
        with self.session(zoom) as first, self.session(zoom) as second:
            self.fetch(zoom, first)
            self.fetch(zoom, second)
            for session in (first, second, first):
                session.get(me(zoom))
        assert zoom.journal[2:] == [EVICTED, OK, EVICTED]
        assert tokens_issued(zoom) == 2

    def test_a_token_whose_time_is_up_is_not_sent(self, zoom):
        """As read from a store, an hour late: an error before the wire, and no fetch."""
        with self.session(zoom) as session:
            session.token = {**self.fetch(zoom, session), "expires_at": 1}
            with pytest.raises(TokenExpiredError):
                session.get(me(zoom))
        assert zoom.journal == [OK]

    def test_threads_that_share_a_session_each_fetch(self, zoom):
        """No lock: eight at once are eight tokens, of which one lives."""
        together = Barrier(CROWD)
        with self.session(zoom) as session:

            def cold():
                together.wait()
                self.fetch(zoom, session)

            threads = [Thread(target=cold) for _ in range(CROWD)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert tokens_issued(zoom) == CROWD
        assert zoom.provider.ledger.live_count(zoom.now) == 1

    def test_a_call_during_a_fetch_goes_out_without_a_token(self, zoom):
        """``token`` is empty meanwhile (its pull request 219); the hook is in the middle of it."""
        with self.session(zoom) as session:
            self.fetch(zoom, session)
            met = []

            def call_meanwhile(answer):
                met.append(session.get(me(zoom)).request.headers.get("Authorization"))
                return answer

            session.register_compliance_hook("access_token_response", call_meanwhile)
            self.fetch(zoom, session)
        assert met == [None]
        assert zoom.journal[-1] == (401, "unknown_token")


class TestZoomus:
    """``ZoomClient``: fetches when it is made, keeps no expiry, looks at no status."""

    @staticmethod
    def client(zoom, secret=None):
        return ZoomClient(
            zoom.client_id,
            secret or zoom.client_secret,
            zoom.account_id,
            base_uri=f"{zoom.api_url}/v2",
            oauth_uri=zoom.token_url,
        )

    def test_it_fetches_a_token_when_it_is_made_and_calls(self, zoom):
        """One token per client object, however many its components."""
        client = self.client(zoom)
        made = client.meeting.create(user_id="me", topic="stand-up").json()
        assert made["topic"] == "stand-up"
        assert client.meeting.delete(id=made["id"]).status_code == 204
        assert zoom.journal == [OK, (201, None), (204, None)]

    def test_of_two_clients_the_first_is_dead_for_good(self, zoom):
        """Two objects in one process suffice; nothing ever asks again by itself."""
        first, second = self.client(zoom), self.client(zoom)
        for client in (first, second, first):
            client.user.me()
        assert zoom.journal[2:] == [EVICTED, OK, EVICTED]

    def test_a_refresh_saves_one_client_and_kills_the_other(self, zoom):
        """``refresh_token`` issues without a look: users who call it on a 401 start a war."""
        clients = [self.client(zoom), self.client(zoom)]
        for turn in range(4):
            client = clients[turn % 2]
            if client.user.me().status_code == 401:
                client.refresh_token()
        assert zoom.journal[2:] == [EVICTED, OK] * 4
        assert tokens_issued(zoom) == 6

    def test_it_shows_an_expired_token_for_ever(self, zoom):
        """``expires_in`` is thrown away with the rest of the answer."""
        client = self.client(zoom)
        zoom.forward(HOUR)
        assert [client.user.me().status_code for _ in range(2)] == [401, 401]
        assert zoom.journal[1:] == [(401, "expired")] * 2

    def test_a_refused_fetch_goes_unnoticed_and_calls_show_none(self, zoom):
        """The token is Python's None, in words; the 400 is nowhere but in the journal."""
        answer = self.client(zoom, secret="wrong").user.me()
        assert answer.request.headers["Authorization"] == "Bearer None"
        assert zoom.journal == [(400, None), (401, "unknown_token")]

    def test_to_set_the_rotated_secret_is_to_fetch(self, zoom):
        """An assignment that issues a token, and so evicts every other client's."""
        client = self.client(zoom)
        zoom.undergo(RotateSecret(new_secret="newer"))
        client.client_secret = "newer"
        assert tokens_issued(zoom) == 2
        assert client.user.me().status_code == 200
