"""The control API: the verdict on what a client did."""

import asyncio

from tests.server.served_world import a_world, in_a_world
from tokenrace.scenario.expectations import read_expectation


async def evicted_once(world):
    """Two tokens at a cap of one, and a call with each: one of the two calls is refused."""
    _, first = await world.issue()
    _, second = await world.issue()
    assert [await world.call(first), await world.call(second)] == [401, 200]


def test_what_was_seen_is_judged_by_what_is_posted():
    """Half the calls were refused, all for an eviction."""
    body = {
        "expect": {
            "rate_401": "<= 10%",
            "rate_evicted": "== 50%",
            "count_expired": "== 0",
            "tokens_issued": "== 2",
            "live_peak": "<= 1",
        }
    }

    async def act(world):
        await evicted_once(world)
        status, answer = await world.control("POST", "verdict", body)
        assert (status, answer["verdict"]) == (200, "fail")
        assert answer["expectations"] == [
            {"expected": "rate_401 <= 10%", "measured": "50 %", "verdict": "fail"},
            {"expected": "rate_evicted == 50%", "measured": "50 %", "verdict": "pass"},
            {"expected": "count_expired == 0", "measured": "0", "verdict": "pass"},
            {"expected": "tokens_issued == 2", "measured": "2", "verdict": "pass"},
            {"expected": "live_peak <= 1", "measured": "1", "verdict": "pass"},
        ]

    in_a_world(act)


def test_where_nothing_was_counted_nobody_can_tell():
    """No call yet; and after a reset what was before does not count."""

    async def act(world):
        await evicted_once(world)
        await world.control("POST", "reset")
        _, answer = await world.control("POST", "verdict", {"expect": {"rate_401": "== 0"}})
        assert answer == {
            "verdict": "inconclusive",
            "expectations": [
                {"expected": "rate_401 == 0", "measured": "-", "verdict": "inconclusive"}
            ],
            "left_out": [],
        }

    in_a_world(act)


def test_what_the_served_scenario_expects_is_judged_by_its_strategys_name():
    """The scenario says what the client should do, the client says which strategy it is."""
    expect = (
        read_expectation("ours", "rate_401", "<= 60%"),
        read_expectation("ours", "failure_rate", "<= 5%"),
        read_expectation("ours", "rate_401 after 1h", "== 0"),
        read_expectation("theirs", "rate_401", "== 0"),
        read_expectation("slow", "latency_p95", "<= 1s"),
    )

    async def act():
        async with a_world(expect=expect) as world:
            await evicted_once(world)
            _, answer = await world.control("POST", "verdict", {"strategy": "ours"})
            assert answer["verdict"] == "pass"
            assert [one["expected"] for one in answer["expectations"]] == ["rate_401 <= 60%"]
            assert answer["left_out"] == ["failure_rate <= 5%", "rate_401 after 1h == 0"]
            problems = await world.problems("POST", "verdict", {"strategy": "their"})
            assert problems == {"strategy": "nothing is expected of it; did you mean 'theirs'?"}
            problems = await world.problems("POST", "verdict", {"strategy": "slow"})
            assert "a provider cannot tell" in problems["strategy"]

    asyncio.run(act())


def test_what_cannot_be_judged_is_told():
    """A figure there is not, one only a client knows, a part of a run, and nothing at all."""

    async def act(world):
        expect = {"rate": "== 0", "recovery": "<= 1s", "rate_401 after 1h": "== 0"}
        problems = await world.problems("POST", "verdict", {"expect": expect})
        assert "did you mean 'rate_401'?" in problems["expect.rate"]
        assert "a provider cannot tell" in problems["expect.recovery"]
        assert "since the last reset" in problems["expect.'rate_401 after 1h'"]
        nothing = await world.problems("POST", "verdict", {})
        assert "expects nothing" in nothing[""]

    in_a_world(act)


def test_token_requests_and_those_that_were_refused_are_judged():
    """One token, and one request with a wrong secret: the verdict used to know neither figure."""
    body = {
        "expect": {
            "issues_refused": "== 0",
            "token_requests": "== 2",
            "token_requests_peak": "at most 2",
        }
    }

    async def act(world):
        await world.issue()
        await world.issue(secret="wrong")
        status, answer = await world.control("POST", "verdict", body)
        assert (status, answer["verdict"]) == (200, "fail")
        assert [each["verdict"] for each in answer["expectations"]] == ["fail", "pass", "pass"]
        assert [each["measured"] for each in answer["expectations"]] == ["1", "2", "2"]

    in_a_world(act)
