"""One mock Zoom behind every mount: whatever the client library, it behaves the same."""

import json

import pytest

from tests.testing.mounted import httpx_blocking
from tests.testing.mounted_client import Client, a_client
from tokenrace.clock import seconds
from tokenrace.testing import (
    HOUR,
    MINUTE,
    SECOND,
    Burst,
    Deactivate,
    Dropped,
    ErrorAnswer,
    Malformed,
    MockZoom,
    Reactivate,
    RevokeTokens,
    RotateSecret,
    Slow,
)

__all__ = ["a_client"]


def burst(ailment, endpoint="api", **changes):
    what = {"fault": 0, "begins": 0, "ends": HOUR, "count": 1} | changes
    return Burst(endpoint=endpoint, ailment=ailment, **what)


class TestTokensAndCalls:
    def test_a_token_opens_the_api(self, a_client):
        """The main road: ask, then call."""
        with a_client() as client:
            granted = client.ask()
            assert granted.status == 200
            assert granted.json()["expires_in"] == 3600
            shown = client.call(granted.json()["access_token"])
            assert (shown.status, shown.json()["account_id"]) == (200, client.zoom.account_id)
            assert client.zoom.journal == [(200, None), (200, None)]

    def test_clients_are_told_the_url_they_are_to_call(self, a_client):
        """A client that follows ``api_url`` must stay at the mock, wherever it is mounted."""
        with a_client() as client:
            assert client.ask().json()["api_url"] == client.zoom.api_url

    def test_a_meeting_lives_from_create_to_delete(self, a_client):
        """A JSON body in, an empty 204 out: bodies go through both ways."""
        with a_client() as client:
            token = client.token()
            body = {"topic": "stand-up", "type": 2}
            made = client.call(token, "POST", "/v2/users/me/meetings", json=body)
            assert (made.status, made.json()["topic"]) == (201, "stand-up")
            meeting = f"/v2/meetings/{made.json()['id']}"
            deleted = client.call(token, "DELETE", meeting)
            assert (deleted.status, deleted.body) == (204, b"")
            assert client.call(token, "GET", meeting).status == 404

    def test_a_second_token_evicts_the_first(self, a_client):
        """The heart of it: a 401 as Zoom words it, and in the journal what Zoom won't say."""
        with a_client() as client:
            first, second = client.token(), client.token()
            refused = client.call(first)
            assert (refused.status, refused.json()["code"]) == (401, 124)
            assert client.call(second).status == 200
            assert client.zoom.journal[2:] == [(401, "evicted"), (200, None)]

    def test_with_two_live_tokens_the_first_goes_with_the_third(self, a_client):
        """``live_tokens`` overrides the profile's."""
        with a_client(live_tokens=2) as client:
            first, second, third = client.token(), client.token(), client.token()
            statuses = [client.call(token).status for token in (first, second, third)]
            assert statuses == [401, 200, 200]

    def test_another_mocks_token_is_unknown(self, a_client):
        """Two mocks in one test are two providers."""
        other = MockZoom()
        with a_client() as client, httpx_blocking(other) as mount:
            assert client.call(Client(other, mount).token()).status == 401
            assert client.zoom.journal == [(401, "unknown_token")]

    def test_a_wrong_secret_is_an_invalid_client(self, a_client):
        """400 and not 401, as at Zoom; no cause, for it is no call of the API."""
        with a_client() as client:
            refused = client.ask(secret="wrong")
            assert (refused.status, refused.json()["error"]) == (400, "invalid_client")
            assert client.zoom.journal == [(400, None)]

    def test_an_unknown_path_is_journalled_too(self, a_client):
        """A test that mistypes a path must see it."""
        with a_client() as client:
            assert client.call("any", path="/v2/nothing").status == 404
            assert client.zoom.journal == [(404, None)]


class TestWhereParametersAre:
    def test_the_token_endpoint_takes_them_from_the_query(self, a_client):
        """Zoom documents both places."""
        with a_client() as client:
            assert client.ask(parameters_in="params").status == 200

    def test_of_a_repeated_one_the_first_counts(self, a_client):
        """As ``HttpRequest`` has it; a dict made of a query would keep the last."""
        with a_client() as client:
            query = "?grant_type=account_credentials&account_id={}&account_id={}"
            right_first = client.zoom.token_url + query.format(client.zoom.account_id, "other")
            wrong_first = client.zoom.token_url + query.format("other", client.zoom.account_id)
            assert client.ask_at(right_first).status == 200
            assert client.ask_at(wrong_first).status == 400

    def test_the_bodys_count_before_the_querys(self, a_client):
        """A wrong account in the query does no harm beside the right one in the body."""
        with a_client() as client:
            url = client.zoom.token_url + "?account_id=other"
            body = {"grant_type": "account_credentials", "account_id": client.zoom.account_id}
            assert client.ask_at(url, data=body).status == 200
            assert client.ask_at(url, data=body | {"account_id": "another"}).status == 400

    def test_a_token_in_the_query_is_refused(self, a_client):
        """The API reads its header only, with 401 for a good token elsewhere."""
        with a_client() as client:
            token = client.token()
            assert client.call_without_header(params={"access_token": token}).status == 401
            assert client.zoom.journal[-1] == (401, "unknown_token")


class TestTheClock:
    def test_a_token_expires_when_the_clock_has_moved_that_far(self, a_client):
        """One tick either side of 20 minutes; no test waits."""
        with a_client(lifetime=20 * MINUTE) as client:
            token = client.token()
            client.zoom.forward(20 * MINUTE - 1)
            assert client.call(token).status == 200
            client.zoom.forward(1)
            assert client.call(token).status == 401
            assert client.zoom.journal[-1] == (401, "expired")

    def test_a_late_answer_moves_the_clock_and_comes_at_once(self, a_client):
        """59 minutes late: nobody could wait for it, and the token has a minute left."""
        with a_client() as client:
            token = client.token()
            client.zoom.strike(burst(Slow(59 * MINUTE)))
            assert client.call(token).status == 200
            assert seconds(client.zoom.now) == 59 * 60
            client.zoom.forward(MINUTE)
            assert client.call(token).status == 401


class TestLifecycle:
    def test_a_revoked_token_is_refused(self, a_client):
        """All of them, where none is named."""
        with a_client() as client:
            token = client.token()
            client.zoom.undergo(RevokeTokens())
            assert client.call(token).status == 401
            assert client.zoom.journal[-1] == (401, "revoked")

    def test_after_a_rotation_the_old_secret_works_as_long_as_it_overlaps(self, a_client):
        """One hour of overlap, one tick either side; the handle has the new secret at once."""
        with a_client() as client:
            client.zoom.undergo(RotateSecret(new_secret="newer", overlap=HOUR))
            assert client.zoom.client_secret == "newer"
            client.zoom.forward(HOUR - 1)
            assert client.ask(secret="mock-secret").status == 200
            client.zoom.forward(1)
            assert client.ask(secret="mock-secret").status == 400
            assert client.ask().status == 200

    def test_an_app_that_is_off_accepts_its_tokens_again_when_it_is_on(self, a_client):
        """The cause is the app, not the token."""
        with a_client() as client:
            token = client.token()
            client.zoom.undergo(Deactivate())
            assert client.call(token).status == 401
            assert client.zoom.journal[-1] == (401, "app_deactivated")
            client.zoom.undergo(Reactivate())
            assert client.call(token).status == 200


class TestBursts:
    def test_an_error_with_its_retry_after(self, a_client):
        """429 from the token endpoint, once, with no token issued."""
        with a_client() as client:
            client.zoom.strike(burst(ErrorAnswer(429, retry_after=7 * SECOND), "token"))
            refused = client.ask()
            assert refused.status == 429
            assert refused.headers["retry-after"] == "7"
            assert client.zoom.provider.ledger.tokens_issued == 0
            assert client.ask().status == 200

    def test_a_dropped_answer_is_the_clients_own_error(self, a_client):
        """The error its user would meet with a real server that hangs up, and one request only."""
        with a_client() as client:
            client.zoom.strike(burst(Dropped(), "token"))
            with pytest.raises(client.hung_up):
                client.ask()
            assert client.zoom.journal == [(None, None)]
            assert client.ask().status == 200

    def test_aiohttp_alone_repeats_a_get_by_itself(self, a_client, request):
        """So a drop there must strike twice to be met; docs/testing.md warns of it."""
        with a_client() as client:
            token = client.token()
            client.zoom.strike(burst(Dropped()))
            if "[aiohttp]" in request.node.name:
                assert client.call(token).status == 200
                assert client.zoom.journal[1:] == [(None, None), (200, None)]
            else:
                with pytest.raises(client.hung_up):
                    client.call(token)
                assert client.zoom.journal[1:] == [(None, None)]

    def test_a_malformed_answer_comes_after_the_effect(self, a_client):
        """A token was issued, evicting the one before, that its client will never know."""
        with a_client() as client:
            first = client.token()
            client.zoom.strike(burst(Malformed(), "token"))
            broken = client.ask()
            with pytest.raises(json.JSONDecodeError):
                broken.json()
            assert broken.status == 200
            assert client.call(first).status == 401
            assert client.zoom.journal[-1] == (401, "evicted")

    def test_a_burst_to_come_strikes_when_the_clock_is_there(self, a_client):
        """From minute 10 to 11, exclusive."""
        with a_client() as client:
            token = client.token()
            strikes = burst(ErrorAnswer(503), begins=10 * MINUTE, ends=11 * MINUTE, count=None)
            client.zoom.strike(strikes)
            met = []
            for _ in range(3):
                met.append(client.call(token).status)
                client.zoom.forward(10 * MINUTE if len(met) == 1 else MINUTE)
            assert met == [200, 503, 200]
