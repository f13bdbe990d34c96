"""The control API: it makes the provider misbehave, and says what happened and why."""

import asyncio
import json

import aiohttp
import pytest
from pydantic import TypeAdapter

from simulator.clock import MINUTE, SECOND
from simulator.provider.lifecycle import Change
from simulator.server.control import ALL_ROUTES
from simulator.server.counts import Counts
from simulator.server.event_bodies import EVENTS
from simulator.server.journal import ENTRIES_KEPT, Journal
from simulator.server.openapi import answers_of
from simulator.server.watch import WAITING_MAX, Watch
from tests.served_world import in_a_world
from tests.zoom_requests import CREDENTIALS


def test_state_tells_rules_tokens_and_401s_by_cause():
    """Cap 1: the second token ends the first, and a call with the first is an eviction's 401."""

    async def act(world):
        _, first = await world.issue(caller="p1")
        await world.issue(caller="p2")
        await world.call(first)
        await world.call("garbage")
        _, state = await world.control("GET", "state")

        assert state["live_tokens"] == 1
        assert [(token["token"], token["asked_by"]) for token in state["tokens"]] == [(2, "p2")]
        counts = state["counts"]
        wanted = {"tokens_issued": 2, "tokens_evicted": 1, "answers_401": 2}
        assert {name: counts[name] for name in wanted} == wanted
        causes = {cause: number for cause, number in counts["causes"].items() if number}
        assert causes == {"evicted": 1, "unknown_token": 1}
        assert state["time"] == {"at": 0, "utc": "2023-11-14T22:13:20+00:00", "ahead": "0s"}
        assert state["rules"]["lifetime"] == 3_600 * SECOND

    in_a_world(act)


def test_the_journal_says_who_displaced_whom_and_never_a_token_or_a_secret():
    """p2's token 2 took the place of token 1, so p1's call fails; neither value is anywhere, even
    where the client put them into a path."""

    async def act(world):
        _, first = await world.issue(caller="p1")
        await world.issue(caller="p2")
        await world.call(first)
        async with world.client.get(f"/v2/users/{first}") as answer:
            await answer.read()
        async with world.client.get(f"/v2/{CREDENTIALS.client_secret}") as answer:
            await answer.read()
        _, page = await world.control("GET", "journal")
        entries = page["entries"]

        assert [entry["number"] for entry in entries] == [1, 2, 3, 4, 5]
        assert (entries[1]["token"], entries[1]["ended"], entries[1]["asked_by"]) == (2, [1], "p2")
        assert entries[2]["cause"] == "evicted"
        assert entries[2]["displaced_by"] == {"token": 2, "asked_by": "p2", "at": 0}
        assert entries[4]["path"] == "/v2/[secret]"
        assert first not in json.dumps(page)

    in_a_world(act)


def test_the_journal_is_read_on_from_a_number():
    """after and limit cut a page out; last says how far there is to read."""

    async def act(world):
        for _ in range(4):
            await world.issue()
        _, page = await world.control("GET", "journal?after=1&limit=2")

        assert [entry["number"] for entry in page["entries"]] == [2, 3]
        assert (page["last"], page["dropped"]) == (4, 0)
        _, page = await world.control("GET", "journal?after=99")
        assert page["entries"] == []

    in_a_world(act)


def test_the_journal_keeps_the_last_entries_and_counts_what_it_dropped():
    """One entry more than it keeps: number 1 is gone, and after=0 begins with number 2."""
    journal = Journal(lambda _: None)
    for _ in range(ENTRIES_KEPT + 1):
        journal.take_change("tick", (), 0)

    assert journal.dropped == 1
    assert [entry.number for entry in journal.after(0, 2)] == [2, 3]
    assert [entry.number for entry in journal.after(ENTRIES_KEPT, 2)] == [ENTRIES_KEPT + 1]
    journal.clear()
    assert (journal.dropped, journal.after(0, 10)) == (0, [])


def test_a_moved_clock_ends_a_lifetime():
    """30 minutes twice: a token of an hour is expired, and the answer to it says so."""

    async def act(world):
        _, token = await world.issue()
        await world.control("POST", "clock", {"forward": "30m"})
        assert await world.call(token) == 200
        status, time = await world.control("POST", "clock", {"forward": "30m"})
        assert (status, time["at"], time["ahead"]) == (200, 60 * MINUTE, "1h")
        assert await world.call(token) == 401
        assert world.served.counts.causes["expired"] == 1

    in_a_world(act)


def test_the_clock_is_not_moved_out_of_the_calendar():
    """Ten years ahead is as far as it goes."""

    async def act(world):
        await world.control("POST", "clock", {"forward": "3650d"})
        assert await world.problems("POST", "clock", {"forward": "1us"}) == {
            "forward": "must leave the clock at most 3650d ahead of real time"
        }
        assert await world.problems("POST", "clock", {"forward": "-1s"}) == {
            "forward": "must not be negative, got '-1s'"
        }

    in_a_world(act)


def test_a_put_policy_is_kept_by_from_then_on():
    """Cap 1 becomes cap 2: of three tokens the last two are live; what state shows can be put."""

    async def act(world):
        _, first = await world.issue()
        status, _ = await world.control("PUT", "policy", {"live_tokens": 2})
        _, second = await world.issue()
        assert (status, await world.call(first), await world.call(second)) == (200, 200, 200)
        await world.issue()
        assert (await world.call(first), await world.call(second)) == (401, 200)
        _, state = await world.control("GET", "state")
        assert state["policy"]["live_tokens"] == 2
        assert (await world.control("PUT", "policy", state["policy"]))[0] == 200

    in_a_world(act)


def test_a_wrong_policy_is_told_with_every_problem_and_changes_nothing():
    """The scenario's own checks and words; the last two are rules that do not go together."""

    async def act(world):
        wrong = {"live_tokens": 0, "lifetime": "1", "grase": "1s"}
        assert await world.problems("PUT", "policy", wrong) == {
            "live_tokens": "must be at least 1, got 0 (write none for no cap)",
            "lifetime": "needs a unit, such as 30s, 5m or 1h; got '1'",
            "grase": "unknown key; did you mean 'grace'?",
        }
        assert await world.problems("PUT", "policy", {"lifetime": "999ms"}) == {
            "lifetime": "must be at least 1s, as clients are told whole seconds"
        }
        slots = {"at_cap": "replace_slot", "live_tokens": "none"}
        assert "" in await world.problems("PUT", "policy", slots)
        _, state = await world.control("GET", "state")
        assert state["policy"]["profile"] == "zoom-2022"
        assert state["rules"]["lifetime"] == 3_600 * SECOND

    in_a_world(act)


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
            "must be an HTTP status from 400 up, got 200",
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

    assert changes - named == {"RevokeToken"}
    assert "revoke" in EVENTS


def test_reset_begins_anew_and_knows_no_token_from_before():
    """The secret, the rules, the clock and the counts of the start. A token from before has the
    number of a new one, and is not taken for it."""

    async def act(world):
        _, before = await world.issue()
        await world.raises("rotate_secret")
        await world.raises("error", endpoint="token", status=500)
        await world.control("PUT", "policy", {"live_tokens": 3})
        await world.control("POST", "clock", {"forward": "1h"})
        status, done = await world.control("POST", "reset")
        assert (status, done["done"]["what"], done["done"]["at"]) == (200, "reset", 0)
        status, after = await world.issue()
        assert (status, await world.call(before), await world.call(after)) == (200, 401, 200)
        _, state = await world.control("GET", "state")
        assert (state["counts"]["tokens_issued"], state["rules"]["live_tokens"]) == (1, 1)
        _, page = await world.control("GET", "journal")
        assert page["entries"][0]["what"] == "reset"
        assert (page["entries"][0]["number"], page["dropped"]) == (6, 0)

    in_a_world(act)


def test_a_wait_ends_when_the_counts_have_come_so_far():
    """It begins at one issue, sleeps through a call, and is woken by the second issue."""

    async def act():
        watch = Watch()
        waiting = asyncio.create_task(watch.until({"tokens_issued": 2}, Counts(), MINUTE))
        await asyncio.sleep(0)
        watch.changed(Counts(tokens_issued=1, calls=1))
        await asyncio.sleep(0)
        assert not waiting.done()
        watch.changed(Counts(tokens_issued=2))
        assert await waiting is True

    asyncio.run(act())


def test_a_wait_for_what_is_so_already_ends_at_once():
    """The answer is the state."""

    async def act(world):
        await world.issue()
        status, state = await world.control("POST", "wait", {"tokens_issued": 1})
        assert (status, state["counts"]["tokens_issued"]) == (200, 1)

    in_a_world(act)


def test_a_wait_that_is_not_met_answers_408_with_the_state():
    """A millisecond, and nobody asks for a token."""

    async def act(world):
        body = {"tokens_issued": 1, "within": "1ms"}
        status, state = await world.control("POST", "wait", body)
        assert (status, state["counts"]["tokens_issued"]) == (408, 0)
        assert world.served.watch._waiting == {}

    in_a_world(act)


@pytest.mark.parametrize(
    ("body", "where", "what"),
    [
        ({"within": "1s"}, "", "names nothing to wait for, such as tokens_issued"),
        ({"calls": -1}, "calls", "must be at least 0, got -1"),
        ({"calls": 1, "within": "11m"}, "within", "must be at most 10m, got 11m"),
        ({"call": 1}, "call", "unknown key; did you mean 'calls'?"),
    ],
)
def test_a_wrong_wait_is_told(body, where, what):
    """Nobody waits for something that cannot be."""

    async def act(world):
        assert (await world.problems("POST", "wait", body))[where] == what

    in_a_world(act)


def test_a_stopping_server_wakes_who_waits():
    """Or a wait of ten minutes would hold up its end; nobody new waits either."""

    async def act():
        watch = Watch()
        waiting = asyncio.create_task(watch.until({"calls": 1}, Counts(), MINUTE))
        await asyncio.sleep(0)
        watch.end()
        assert await waiting is False
        assert await watch.until({"calls": 1}, Counts(), MINUTE) is False

    asyncio.run(act())


def test_only_so_many_may_wait():
    """One more than WAITING_MAX is sent away with 429: memory is bounded."""

    async def act(world):
        futures = [asyncio.get_running_loop().create_future() for _ in range(WAITING_MAX)]
        world.served.watch._waiting = {future: {"calls": 10} for future in futures}
        status, answer = await world.control("POST", "wait", {"calls": 1})
        assert (status, answer["problems"][0]["what"]) == (429, "too many wait already")

    in_a_world(act)
    assert WAITING_MAX == 1_000
    assert Watch().is_full is False


def test_the_document_describes_every_route_and_every_status():
    """Made from the table, so both have the same; and each $ref in it leads somewhere."""

    async def act(world):
        status, described = await world.control("GET", "openapi.json")
        assert (status, described["openapi"]) == (200, "3.1.0")
        assert described["servers"] == [{"url": f"{world.served.terms.api_url}/_control"}]
        for route in ALL_ROUTES:
            operation = described["paths"][f"/{route.path}"][route.method.lower()]
            assert set(operation["responses"]) == {str(status) for status in answers_of(route)}
        schemas = described["components"]["schemas"]
        for line in json.dumps(described, indent=0).splitlines():
            if '"$ref"' in line:
                assert line.partition("schemas/")[2].strip('", ') in schemas

    in_a_world(act)


def test_every_answer_is_of_the_type_that_is_documented():
    """Each route is asked once; what it answers is read back as the documented type."""
    bodies = {
        "reset": None,
        "policy": {"live_tokens": 2},
        "events": {"event": "error", "endpoint": "api", "status": 500},
        "clock": {"forward": "1s"},
        "wait": {"requests": 0},
    }

    async def act(world):
        for route in ALL_ROUTES:
            await world.issue()
            status, answer = await world.control(route.method, route.path, bodies.get(route.path))
            kind = answers_of(route)[status].content
            TypeAdapter(kind).validate_python(answer)

    in_a_world(act)


def test_what_is_not_there_and_the_wrong_method_are_told():
    """404 names what is near; 405 has Allow, as RFC 9110 wants it."""

    async def act(world):
        status, answer = await world.control("GET", "stat")
        assert status == 404
        assert answer["problems"][0]["what"] == "nothing is here; did you mean 'state'?"
        async with world.client.get("/_control/reset") as refused:
            assert (refused.status, refused.headers["allow"]) == (405, "POST")
        async with world.client.get("/_control/") as listed:
            assert "openapi.json" in await listed.text()

    in_a_world(act)


def test_a_web_page_cannot_use_the_control_api():
    """Neither from another origin nor under a name led to 127.0.0.1; a page of our own may."""

    async def act(world):
        ours = world.served.terms.api_url
        for headers, status in (
            ({"Origin": "http://evil.example"}, 403),
            ({"Origin": "null"}, 403),
            ({"Host": "evil.example:8787"}, 403),
            ({"Host": "[half"}, 403),
            ({"Origin": ours}, 200),
            ({"Host": "localhost:1"}, 200),
        ):
            assert (await world.control("GET", "state", None, **headers))[0] == status, headers

    in_a_world(act)


def test_away_from_loopback_everything_needs_the_token():
    """With a token set nothing of the control API is to be had without it, the page included."""

    async def act(world):
        for headers, status in (
            ({}, 401),
            ({"Authorization": "Bearer sesam"}, 401),
            ({"Authorization": "Basic sesame"}, 401),
            ({"Authorization": "Bearer sésame"}, 401),
            ({"Authorization": "bearer sesame"}, 200),
            ({"Authorization": "Bearer sesame", "Host": "shop.example"}, 200),
        ):
            got, _ = await world.control("GET", "state", None, **headers)
            assert got == status, headers
        async with world.client.get("/_control/") as refused:
            assert (refused.status, refused.headers["www-authenticate"]) == (401, "Bearer")
        assert (await world.control("GET", "nothing"))[0] == 401
        assert (await world.issue())[0] == 200

    in_a_world(act, control_token="sesame")
