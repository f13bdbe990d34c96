"""The control API: somebody else with the app's credentials."""

import asyncio

from tests.server.served_world import a_world, in_a_world
from tokenrace.clock import SECOND
from tokenrace.server.second_minters import MINTERS_MAX


async def counted(world, **least):
    """Wait until the counts have come so far; return the state."""
    status, state = await world.control("POST", "wait", {**least, "within": "30s"})
    assert status == 200
    return state


def test_a_second_minter_evicts_the_fleets_token():
    """Cap 1: its first issue ends ours, and the journal names it; after three it is gone. The
    clock stands still, so that it need not wait."""

    async def act(world):
        _, ours = await world.issue()
        done = await world.raises("second_minter", rate="2/s", count=3)
        assert done["done"]["what"] == "a second minter asks for tokens, 2/s"
        state = await counted(world, tokens_issued=4)
        assert (state["second_minters"], state["counts"]["tokens_evicted"]) == ([], 3)
        assert await world.call(ours) == 401
        _, page = await world.control("GET", "journal")
        assert page["entries"][-1]["displaced_by"]["asked_by"] == "second-minter"
        assert len(world.clock.slept) == 3

    in_a_world(act)


def test_a_rotation_locks_a_second_minter_out_and_a_new_one_has_the_new_secret():
    """The first goes on with the secret it knew."""

    async def act(world):
        world.clock.holds = True
        await world.raises("second_minter", rate="1/s", count=1)
        await world.raises("rotate_secret")
        await world.raises("second_minter", rate="1/s", count=2)
        _, state = await world.control("GET", "state")
        shown = [(one["rate_hz"], one["asked"], one["count"]) for one in state["second_minters"]]
        assert shown == [(1, 0, 1), (1, 0, 2)]
        world.clock.release()
        state = await counted(world, requests=3)
        assert (state["counts"]["issues_refused"], state["counts"]["tokens_issued"]) == (1, 2)

    in_a_world(act)


def test_a_second_minter_ends_by_the_providers_clock_or_with_a_reset():
    """For 10 s: it is over when those have passed, whenever it would have asked next."""

    async def act(world):
        world.clock.holds = True
        await world.raises("second_minter", rate="1/s", **{"for": "10s"})
        _, state = await world.control("GET", "state")
        assert [one["ends_at"] for one in state["second_minters"]] == [10 * SECOND]
        await world.control("POST", "clock", {"forward": "10s"})
        assert (await world.control("GET", "state"))[1]["second_minters"] == []
        await world.raises("second_minter", rate="1/s")
        await world.control("POST", "reset")
        assert (await world.control("GET", "state"))[1]["second_minters"] == []
        world.clock.release()
        await asyncio.sleep(0)
        assert world.served.counts.requests == 0

    in_a_world(act)


def test_what_a_second_minter_cannot_be_is_told():
    """Too fast, too many, or with a grant that credentials are not enough for."""

    async def act(world):
        world.clock.holds = True
        event = {"event": "second_minter", "rate": "1/s"}
        for rate, said in [
            (None, "is required"),
            ("1001/s", "must be at most 1000/s, got '1001/s'"),
            (3, "needs a unit, such as 50/s, 3/min or 2/h; got 3"),
        ]:
            asked = event | {"rate": rate} if rate else {"event": "second_minter"}
            assert await world.problems("POST", "events", asked) == {"rate": said}
        for _ in range(MINTERS_MAX):
            await world.raises("second_minter", rate="1/s")
        full = await world.problems("POST", "events", event)
        assert full == {"event": "10 ask already; a reset ends them"}
        await world.control("PUT", "policy", {"profile": "xero"})
        vain = await world.problems("POST", "events", event)
        assert vain == {"event": "would be refused: this profile's grant needs a refresh token"}
        await world.control("POST", "reset")

    in_a_world(act)


def test_a_second_minter_asks_no_more_when_the_server_stops():
    """Requests under way may take their time to be answered: it adds none meanwhile."""

    async def happen():
        async with a_world() as world:
            world.clock.holds = True
            await world.raises("second_minter", rate="1/s")
            assert len(world.served.minters.standing(0)) == 1
        assert world.served.minters.standing(0) == []

    asyncio.run(happen())
