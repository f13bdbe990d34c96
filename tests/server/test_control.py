"""The control API: what it tells, the policy, the clock, the journal, the reset."""

import json

from tests.provider.zoom_requests import CREDENTIALS
from tests.server.served_world import in_a_world
from tokenrace.clock import MINUTE, SECOND
from tokenrace.server.journal import ENTRIES_KEPT, Journal


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


def test_an_accounts_plan_limits_the_calls():
    """A free account has 4 light calls a second; the clock stands, so the fifth is refused."""

    async def act(world):
        _, token = await world.issue()
        assert [await world.call(token) for _ in range(5)] == [200, 200, 200, 200, 429]
        await world.control("POST", "clock", {"forward": "1s"})
        assert await world.call(token) == 200

    in_a_world(act, plan="free")


def test_without_the_last_slash_the_page_is_found_too():
    """As people type it."""

    async def act(world):
        async with world.client.get("/_control") as answer:
            assert (answer.status, answer.url.path) == (200, "/_control/")

    in_a_world(act)


def test_the_last_minute_is_sixty_whole_seconds():
    """Two issues in second 0, one each in 59 and 60: the two count in second 59, not in 60."""

    async def act(world):
        seen = []
        for forward in (59, 1, 59):
            await world.issue()
            if not seen:
                await world.issue()
            await world.control("POST", "clock", {"forward": f"{forward}s"})
            seen.append((await world.control("GET", "state"))[1]["issued_last_minute"])
        assert seen == [2, 1, 1]

    in_a_world(act)


def test_a_token_returned_once_more_is_no_issue_of_the_last_minute():
    """WeCom's rule: the same one until it expires."""

    async def act(world):
        assert [(await world.issue())[0] for _ in range(3)] == [200] * 3
        _, state = await world.control("GET", "state")
        assert (state["issued_last_minute"], state["counts"]["tokens_returned"]) == (1, 2)

    in_a_world(act, profile="wecom")


def test_a_host_may_create_again_at_midnight():
    """The server begins at 22:13:20 UTC: its day ends 1 h 46 min 40 s later."""

    async def act(world):
        _, token = await world.issue()
        headers = {"authorization": f"Bearer {token}"}

        async def create():
            async with world.client.post("/v2/users/me/meetings", json={}, headers=headers) as got:
                return got.status

        assert [await create() for _ in range(60)] == [201] * 60
        await world.control("POST", "clock", {"forward": "1s"})
        assert [await create() for _ in range(41)] == [201] * 40 + [429]
        await world.control("POST", "clock", {"forward": "1h 46m 38s 999999us"})
        assert await create() == 429
        await world.control("POST", "clock", {"forward": "1us"})
        assert await create() == 201

    in_a_world(act, plan="business", lifetime="1d")


def test_a_plan_put_in_place_counts_from_then_on():
    """Free, with the headers measured in 2026: the fifth call in a second is refused, and the
    category is all it is told. Other rules with the same plan leave the count as it is."""

    async def act(world):
        _, token = await world.issue()
        assert [await world.call(token) for _ in range(5)] == [200] * 5
        rules = {"live_tokens": 2, "plan": "free", "limit_headers": "category"}
        await world.control("PUT", "policy", rules)
        assert [await world.call(token) for _ in range(4)] == [200] * 4
        await world.control("PUT", "policy", rules | {"live_tokens": 3})
        headers = {"authorization": f"Bearer {token}"}
        async with world.client.get("/v2/users/me", headers=headers) as answer:
            told = [name for name in answer.headers if name.startswith(("X-Rate", "Retry"))]
            assert (answer.status, told) == (429, ["X-RateLimit-Category"])
        await world.control("PUT", "policy", {"live_tokens": 3})
        assert await world.call(token) == 200

    in_a_world(act)
