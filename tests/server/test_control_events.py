"""The control API: what it can let happen to the app and its endpoints."""

import json

import aiohttp
import pytest

from tests.server.served_world import in_a_world
from tokenrace.clock import SECOND
from tokenrace.provider.lifecycle import Change
from tokenrace.server.event_bodies import EVENTS
from tokenrace.server.event_effects import BURSTS_MAX


def test_a_rotated_secret_is_made_up_answered_once_and_written_nowhere():
    """The old one stops at once, the new one works, and no journal entry or state holds it."""

    async def act(world):
        done = await world.raises("rotate_secret")
        assert (await world.issue())[0] == 400
        assert (await world.issue(done["client_secret"]))[0] == 200
        _, page = await world.control("GET", "journal")
        _, state = await world.control("GET", "state")
        assert done["client_secret"] not in json.dumps([page, state])

    in_a_world(act)


def test_a_rotated_secret_may_be_given_and_the_old_one_may_go_on():
    """Within the overlap both work; then only the new one. Every token ends if so wished."""

    async def act(world):
        _, token = await world.issue()
        done = await world.raises(
            "rotate_secret", new_secret="fresh-and-new", overlap="5m", revokes_tokens=True
        )
        assert (done["client_secret"], done["done"]["ended"]) == (None, [1])
        assert await world.call(token) == 401
        assert [(await world.issue())[0], (await world.issue("fresh-and-new"))[0]] == [200, 200]
        await world.control("POST", "clock", {"forward": "5m"})
        assert [(await world.issue())[0], (await world.issue("fresh-and-new"))[0]] == [400, 200]

    in_a_world(act, live_tokens=5)


def test_a_secret_that_will_not_do_is_not_repeated():
    """A refusal that quotes the secret would put it into somebody's log."""

    async def act(world):
        body = {"event": "rotate_secret", "new_secret": "hunter2", "overlap": "31d"}
        assert await world.problems("POST", "events", body) == {
            "new_secret": "must be text of 8 to 200 ASCII characters",
            "overlap": "must be at most 30d, got '31d'",
        }

    in_a_world(act)


def test_an_owners_downgrade_costs_scopes_or_tokens_until_the_app_is_transferred():
    """Scopes: 400 with 4711. Tokens: 401 for owner_role. A transfer mends both."""

    async def act(world):
        _, token = await world.issue()
        await world.raises("downgrade_owner")
        assert await world.call(token) == 400
        await world.raises("downgrade_owner", loses="tokens")
        assert await world.call(token) == 401
        assert world.served.counts.causes["owner_role"] == 1
        await world.raises("transfer_ownership")
        assert await world.call(token) == 200

    in_a_world(act)


def test_a_deactivated_app_is_refused_until_it_is_reactivated():
    """Neither an issue nor a call succeeds meanwhile."""

    async def act(world):
        _, token = await world.issue()
        await world.raises("deactivate")
        assert ((await world.issue())[0], await world.call(token)) == (400, 401)
        _, state = await world.control("GET", "state")
        assert state["app"]["is_active"] is False
        await world.raises("reactivate")
        assert await world.call(token) == 200

    in_a_world(act)


def test_one_token_the_newest_or_all_are_revoked():
    """Of tokens 1 to 4: number 2, then the newest, then the rest; then there is nothing to end."""

    async def act(world):
        for _ in range(4):
            await world.issue()
        ended = [
            (await world.raises("revoke", token=token))["done"]["ended"]
            for token in (2, "newest", "all", "newest", 77)
        ]
        assert ended == [[2], [4], [1, 3], [], []]
        assert world.served.counts.tokens_revoked == 4

    in_a_world(act, live_tokens="none")


def test_an_error_burst_strikes_as_often_as_asked():
    """Two 503s with Retry-After at the API, then calls succeed; tokens are issued throughout."""

    async def act(world):
        _, token = await world.issue()
        await world.raises("error", endpoint="api", status=503, retry_after="7s", count=2)
        headers = {"authorization": f"Bearer {token}"}
        async with world.client.get("/v2/users/me", headers=headers) as answer:
            assert (answer.status, answer.headers["retry-after"]) == (503, "7")
        assert [await world.call(token), await world.call(token)] == [503, 200]
        assert (await world.issue())[0] == 200

    in_a_world(act)


def test_a_burst_ends_by_the_providers_clock():
    """For 10 s the token endpoint fails; state shows the burst, and nothing of it afterwards."""

    async def act(world):
        await world.raises("error", endpoint="token", status=500, **{"for": "10s"})
        assert (await world.issue())[0] == 500
        _, state = await world.control("GET", "state")
        assert state["bursts"] == [
            {
                "endpoint": "token",
                "what": "answers 500",
                "ends_at": 10 * SECOND,
                "struck": 1,
                "count": None,
            }
        ]
        await world.control("POST", "clock", {"forward": "10s"})
        assert (await world.issue())[0] == 200
        assert (await world.control("GET", "state"))[1]["bursts"] == []

    in_a_world(act)


def test_a_dropped_connection_is_in_the_journal_without_a_status():
    """The client sees the connection closed; nothing was issued."""

    async def act(world):
        await world.raises("dropped", endpoint="token", count=1)
        with pytest.raises(aiohttp.ClientError):
            await world.issue()
        _, page = await world.control("GET", "journal?after=1")
        (entry,) = page["entries"]
        assert (entry["status"], entry["path"]) == (None, "/oauth/token")
        assert entry["what"] == "the token endpoint closes connections without an answer"
        assert (world.served.counts.unanswered, world.served.counts.tokens_issued) == (1, 0)

    in_a_world(act)


def test_slow_and_malformed_answers_take_effect():
    """A slow grant waits on the clock for its 2 s; a malformed one is issued all the same."""

    async def act(world):
        await world.raises("slow", endpoint="token", by="2s", count=1)
        assert (await world.issue())[0] == 200
        assert world.clock.slept == [2 * SECOND]
        await world.raises("malformed", endpoint="token", count=1)
        with pytest.raises(json.JSONDecodeError):
            await world.issue()
        assert world.served.counts.tokens_issued == 2

    in_a_world(act)


def test_a_hundred_troubles_stand_at_once_and_no_more():
    """Each is told with its extent; one that is over makes room."""

    async def act(world):
        done = await world.raises(
            "error", endpoint="api", status=503, chance="50%", count=3, **{"for": "90s"}
        )
        said = "from now on, the API answers 503: for 1m 30s, 50% of requests, at most 3"
        assert done["done"]["what"] == said
        for _ in range(BURSTS_MAX - 1):
            await world.raises("dropped", endpoint="token")
        event = {"event": "malformed", "endpoint": "api"}
        problems = await world.problems("POST", "events", event)
        assert problems == {"event": "100 such things happen already; a reset ends them"}
        await world.control("POST", "clock", {"forward": "90s"})
        done = await world.raises("malformed", endpoint="api")
        assert done["done"]["what"] == "from now on, the API sends answers that are no JSON"

    in_a_world(act)


def test_a_chance_of_nothing_strikes_nobody():
    """0% of calls fail."""

    async def act(world):
        await world.raises("error", endpoint="token", status=500, chance="0%")
        assert [(await world.issue())[0] for _ in range(5)] == [200] * 5

    in_a_world(act)


@pytest.mark.parametrize(
    ("body", "where", "what"),
    [
        ({}, "event", "is required"),
        ({"event": "revok"}, "event", "unknown event 'revok'; did you mean 'revoke'?"),
        ({"event": ["revoke"]}, "event", "unknown event a list; "),
        ([], "", "must be a JSON object"),
        ({"event": "revoke", "token": 0}, "token", "must be 'all', 'newest' or a token's number"),
        ({"event": "error", "endpoint": "api"}, "status", "is required"),
        ({"event": "dropped", "endpoint": "ap"}, "endpoint", "must be 'token' or 'api', got 'ap'"),
        (
            {"event": "error", "endpoint": "api", "status": 200},
            "status",
            "must be an HTTP status from 400 up and not 401, got 200",
        ),
        ({"event": "slow", "endpoint": "api", "by": 3}, "by", "needs a unit"),
        ({"event": "dropped", "endpoint": "api", "count": 0}, "count", "must be at least 1, got 0"),
        ({"event": "dropped", "endpoint": "api", "duration": "1s"}, "duration", "unknown key; "),
        ({"event": "dropped", "endpoint": "api", "chance": "2"}, "chance", "needs a unit, such as"),
        (
            {"event": "rotate_secret", "revokes_tokens": 1},
            "revokes_tokens",
            "must be true or false, got 1",
        ),
    ],
)
def test_a_wrong_event_is_told_where_and_what(body, where, what):
    """In the words of a scenario's problems; and nothing has happened."""

    async def act(world):
        problems = await world.problems("POST", "events", body)
        assert problems[where].startswith(what)
        assert world.served.journal.last == 0

    in_a_world(act)


def test_every_change_of_the_app_has_an_event():
    """A change added to the provider must be raisable; ChangePolicy is PUT policy."""
    changes = {kind.__name__ for kind in Change.__args__} - {"ChangePolicy"}
    named = {name.title().replace("_", "") for name in EVENTS}

    assert changes - named == {"RevokeToken", "RevokeTokens"}
    assert "revoke" in EVENTS
